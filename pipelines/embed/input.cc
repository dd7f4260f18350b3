#include "pipelines/embed/input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/byte_stream.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"
#include "base/gzip_file/gzip_file.h"
#include "base/image/image_io.h"
#include "pipelines/embed/picture_inputs.h"

namespace pretext {
namespace {

// The first bytes of a file, decompressed where it is gzip: enough to tell its format.
absl::StatusOr<std::string> FirstBytes(const std::string& path) {
  absl::StatusOr<GzipFile> file = GzipFile::Open(path, "pictures");
  if (!file.ok()) return file.status();
  std::string bytes(kFormatBytes, '\0');
  const int64_t got = file->Read(reinterpret_cast<uint8_t*>(bytes.data()), kFormatBytes);
  bytes.resize(static_cast<size_t>(std::max<int64_t>(got, 0)));
  return bytes;
}

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
  const absl::StatusOr<std::string> first = FirstBytes(path);
  if (!first.ok()) return first.status();
  if (absl::StartsWith(*first, absl::string_view("\0\0\x08", 3))) {
    return OpenIdx(options, trained, *std::move(pictures));
  }
  if (const PictureFormat format = FormatOf(*first); !format.name.empty()) {
    if (absl::Status status = unlabelled(); !status.ok()) return status;
    if (format.is_read) return OpenPictureList({path}, options, *std::move(pictures));
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a ", format.name, " picture; read are ", kFormatsRead));
  }
  if (absl::EndsWith(path, ".bin")) return OpenCifar(options, trained, *std::move(pictures));
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
  return trained.tokenizer != nullptr ? OpenTexts(options) : OpenPictures(options, trained);
}

}  // namespace pretext
