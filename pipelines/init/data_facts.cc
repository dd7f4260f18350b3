#include "pipelines/init/data_facts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"
#include "base/text/counted.h"
#include "datasets/image_folder/picture_files.h"
#include "pipelines/embed/picture_file_kind.h"

namespace pretext {
namespace {

// The file of a folder whose name has all of `parts` in it; "" where there is none.
std::string FileWith(const std::string& folder, const std::vector<std::string>& names,
                     std::initializer_list<const char*> parts) {
  for (const std::string& name : names) {
    const std::string lower = absl::AsciiStrToLower(name);
    const bool all = std::all_of(parts.begin(), parts.end(),
                                 [&](const char* part) { return absl::StrContains(lower, part); });
    if (all) return FolderOf(folder, name);
  }
  return "";
}

absl::StatusOr<DataFacts> LookAtIdx(const std::string& folder,
                                    const std::vector<std::string>& names) {
  std::string images = FileWith(folder, names, {"train", "images"});
  std::string labels = FileWith(folder, names, {"train", "labels"});
  if (images.empty()) {
    images = FileWith(folder, names, {"idx3"});
    labels = FileWith(folder, names, {"idx1"});
  }
  std::string fields = absl::StrCat("    images: ", QuotedPath(images), "\n");
  if (!labels.empty()) absl::StrAppend(&fields, "    labels: ", QuotedPath(labels), "\n");
  std::string test = FileWith(folder, names, {"t10k", "images"});
  std::string test_labels = FileWith(folder, names, {"t10k", "labels"});
  if (test.empty()) {
    test = FileWith(folder, names, {"test", "images"});
    test_labels = FileWith(folder, names, {"test", "labels"});
  }
  if (!test.empty() && labels.empty() == test_labels.empty()) {
    absl::StrAppend(&fields, "    test_images: ", QuotedPath(test), "\n");
    if (!labels.empty())
      absl::StrAppend(&fields, "    test_labels: ", QuotedPath(test_labels), "\n");
  }
  return LookAtDataset(DataFacts::Kind::kIdx, folder, "pretext.IdxImages", fields);
}

bool IsIdx(const std::string& name) {
  return absl::StrContains(name, "idx3") || absl::StrContains(name, "images-idx");
}

absl::StatusOr<DataFacts> LookAtFolder(const std::string& path) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(path);
  if (!names.ok()) return absl::InvalidArgumentError(names.status().message());
  if (std::any_of(names->begin(), names->end(), IsIdx)) return LookAtIdx(path, *names);
  const auto has = [&](const char* name) {
    return std::find(names->begin(), names->end(), name) != names->end();
  };
  const bool cifar100 = has("train.bin") && has("test.bin");
  if (cifar100 || has("data_batch_1.bin")) {
    return LookAtDataset(DataFacts::Kind::kCifar, path, "pretext.Cifar",
                         absl::StrCat("    directory: ", QuotedPath(path), "\n",
                                      cifar100 ? "    variant: CIFAR100\n" : ""));
  }
  // Of pictures and texts, what there is more of among the first files.
  const auto pictures = ListPictures(path, {}, /*every_class=*/false);
  if (pictures.ok() &&
      static_cast<int64_t>(pictures->files.size()) >= pictures->passed_over.others) {
    return LookAtPictures(path);
  }
  absl::StatusOr<DataFacts> text = LookAtText(path);
  if (text.ok() || !pictures.ok()) {
    if (text.ok()) return text;
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": there are no pictures in it (PNG, JPEG, WebP, BMP), no IDX files "
                     "(*-images-idx3-ubyte), none of CIFAR's (data_batch_1.bin), and as text: ",
                     text.status().message()));
  }
  return LookAtPictures(path);
}

}  // namespace

std::string QuotedPath(const std::string& path) {
  return absl::StrCat("\"", absl::CHexEscape(path), "\"");
}

void AddCopies(DataFacts& facts) {
  if (facts.copies > 0)
    facts.found.push_back(CountOf(facts.copies, "is a copy", "are copies") + " of another");
}

std::string CountOf(int64_t n, const std::string& one, const std::string& many) {
  return absl::StrCat(Counted(n), " ", n == 1 ? one : many);
}

absl::StatusOr<DataFacts> LookAtData(const std::string& given) {
  std::string path = given;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return absl::InvalidArgumentError(kind.status().message());
  switch (*kind) {
    case PathKind::kNothing:
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": there is nothing", LookedForAt(path)));
    case PathKind::kOther:
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is neither a file nor a folder; init looks at the data twice"));
    case PathKind::kFolder:
      return LookAtFolder(path);
    case PathKind::kFile:
      break;
  }
  const std::string name = path.substr(path.rfind('/') + 1);
  const absl::StatusOr<PictureFileKind> file = PictureFileKindOf(path);
  if (IsIdx(name) || (file.ok() && file->holds == PictureFileKind::kIdxImages)) {
    return LookAtDataset(DataFacts::Kind::kIdx, path, "pretext.IdxImages",
                         absl::StrCat("    images: ", QuotedPath(path), "\n"));
  }
  if (absl::EndsWith(name, ".npy") || absl::EndsWith(name, ".safetensors"))
    return LookAtArrays(path);
  PassedOver passed_over;
  if (IsPicture(path, passed_over)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is one picture; give the folder that it is in"));
  }
  return LookAtText(path);
}

}  // namespace pretext
