#include "datasets/cifar/cifar_file.h"

#include "absl/strings/str_cat.h"
#include "base/file/looked_for_at.h"
#include "base/file/mapped_file.h"

namespace pretext {
namespace {

// The file's records, or what is wrong with it.
absl::StatusOr<MappedFile> OpenRecords(const std::string& path, const CifarLayout& layout) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (absl::IsNotFound(file.status())) {
    return absl::NotFoundError(absl::StrCat(file.status().message(), LookedForAt(path)));
  }
  if (!file.ok() && !absl::IsInvalidArgument(file.status())) return file.status();
  const int64_t bytes = file.ok() ? static_cast<int64_t>(file->contents().size()) : 0;
  if (bytes > 0 && bytes % layout.record() == 0) return file;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": found ", file.ok() ? absl::StrCat(bytes, " bytes") : "no file",
                   "; expected records of ", layout.record(), " bytes each (CIFAR-",
                   layout.label_bytes == 1 ? "10" : "100",
                   "'s binary version). Check the variant, or fetch the file again"));
}

}  // namespace

CifarLayout LayoutOfSize(int64_t bytes) {
  return bytes % kCifar10.record() == 0 ? kCifar10 : kCifar100;
}

absl::StatusOr<int32_t> LabelOfRecord(const std::string& path, const CifarLayout& layout,
                                      int64_t index, const uint8_t* record) {
  const int32_t label = record[layout.label_at];
  if (label < layout.classes) return label;
  return absl::InvalidArgumentError(absl::StrCat(path, ": found label ", label, " in record ",
                                                 index, "; expected labels below ",
                                                 layout.classes));
}

absl::StatusOr<int64_t> CountCifarRecords(const std::string& path, const CifarLayout& layout) {
  const absl::StatusOr<MappedFile> file = OpenRecords(path, layout);
  if (!file.ok()) return file.status();
  return static_cast<int64_t>(file->contents().size()) / layout.record();
}

absl::Status ReadCifarFile(const std::string& path, const CifarLayout& layout, int64_t expected,
                           std::vector<uint8_t>& pixels, std::vector<int32_t>& labels) {
  const absl::StatusOr<MappedFile> file = OpenRecords(path, layout);
  if (!file.ok()) return file.status();
  absl::string_view rest = file->contents();
  if (static_cast<int64_t>(rest.size()) != expected * layout.record()) {
    return absl::FailedPreconditionError(path + ": the file changed while it was being used");
  }
  pixels.reserve(pixels.size() + static_cast<size_t>(expected * kCifarPixels));
  for (int64_t i = 0; i < expected; ++i) {
    const absl::StatusOr<int32_t> label =
        LabelOfRecord(path, layout, i, reinterpret_cast<const uint8_t*>(rest.data()));
    if (!label.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(label.status().message(), ". Check the variant, or fetch the file again"));
    }
    labels.push_back(*label);
    const absl::string_view picture =
        rest.substr(static_cast<size_t>(layout.label_bytes), static_cast<size_t>(kCifarPixels));
    pixels.insert(pixels.end(), picture.begin(), picture.end());
    rest.remove_prefix(static_cast<size_t>(layout.record()));
  }
  return absl::OkStatus();
}

}  // namespace pretext
