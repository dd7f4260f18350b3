#include "pipelines/embed/input.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"
#include "base/image/image_io.h"
#include "pipelines/embed/array_inputs.h"
#include "pipelines/embed/picture_file_kind.h"
#include "pipelines/embed/picture_inputs.h"

namespace pretext {
namespace {

absl::StatusOr<std::unique_ptr<Input>> OpenPictures(const InputOptions& options,
                                                    const TrainedEncoder& trained) {
  absl::StatusOr<PictureSamples> pictures = PictureSamples::Create(trained);
  if (!pictures.ok()) return pictures.status();
  const std::string& path = options.input;
  const auto unlabelled = [&]() -> absl::Status {
    if (options.labels.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--labels: pictures in ", path,
                     " have the classes of their folders; labels in a file are "
                     "for IDX images and for texts"));
  };
  const auto listed = [&](const std::string& list) -> absl::StatusOr<std::unique_ptr<Input>> {
    if (absl::Status status = unlabelled(); !status.ok()) return status;
    absl::StatusOr<std::vector<std::string>> paths = ReadPaths(list);
    if (!paths.ok()) return paths.status();
    return OpenPictureList(*std::move(paths), options, *std::move(pictures));
  };
  if (path == "-") return listed(path);
  if (path[0] == '@') return listed(path.substr(1));
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  if (*kind == PathKind::kNothing) {
    return absl::NotFoundError(
        absl::StrCat(path, ": cannot be read: No such file or directory", LookedForAt(path)));
  }
  if (*kind == PathKind::kFolder) {
    if (absl::Status status = unlabelled(); !status.ok()) return status;
    return OpenPictureFolder(options, trained, *std::move(pictures));
  }
  const absl::StatusOr<PictureFileKind> file = PictureFileKindOf(path);
  if (!file.ok()) return file.status();
  switch (file->holds) {
    case PictureFileKind::kIdxImages:
      return OpenIdx(options, trained, *std::move(pictures));
    case PictureFileKind::kCifarRecords:
      return OpenCifar(options, trained, *std::move(pictures));
    case PictureFileKind::kPicture:
      if (absl::Status status = unlabelled(); !status.ok()) return status;
      if (file->format.is_read) return OpenPictureList({path}, options, *std::move(pictures));
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is a ", file->format.name, " picture; read are ", kFormatsRead));
    case PictureFileKind::kOther:
      break;
  }
  if (absl::EndsWith(path, ".txt")) return listed(path);
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      ": is nothing that pictures come in: a folder of them, a file of IDX images, CIFAR "
      "records (.bin), a picture (",
      kFormatsRead, "), or a list of paths (.txt, or @FILE)"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Input>> OpenInput(const InputOptions& options,
                                                 const TrainedEncoder& trained) {
  if (options.input.empty() || options.input == "@") {
    return absl::InvalidArgumentError("--input is empty: name what is to be embedded");
  }
  if (trained.tokenizer != nullptr) return OpenTexts(options);
  if (options.unit != TextUnit::kLine) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--unit says what one text is, and this encoder takes ", trained.sample.ToString()));
  }
  const bool arrays = IsArrayPath(options.input) || trained.file.has_arrays();
  return arrays ? OpenArrays(options, trained) : OpenPictures(options, trained);
}

}  // namespace pretext
