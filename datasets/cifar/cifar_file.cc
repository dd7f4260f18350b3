#include "datasets/cifar/cifar_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/changed_file.h"
#include "base/file/looked_for_at.h"
#include "base/file/mapped_file.h"

namespace pretext {
namespace {

// The file that was opened, or what is wrong with it.
absl::StatusOr<MappedFile> Checked(const std::string& path, absl::StatusOr<MappedFile> file,
                                   const CifarLayout& layout) {
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

absl::Status AppendRecords(const std::string& path, const CifarLayout& layout,
                           absl::string_view records, std::vector<uint8_t>& pixels,
                           std::vector<int32_t>& labels) {
  const auto count = static_cast<int64_t>(records.size()) / layout.record();
  pixels.reserve(pixels.size() + static_cast<size_t>(count * kCifarPixels));
  for (int64_t i = 0; i < count; ++i) {
    const absl::StatusOr<int32_t> label =
        LabelOfRecord(path, layout, i, reinterpret_cast<const uint8_t*>(records.data()));
    if (!label.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(label.status().message(), ". Check the variant, or fetch the file again"));
    }
    labels.push_back(*label);
    const absl::string_view picture =
        records.substr(static_cast<size_t>(layout.label_bytes), static_cast<size_t>(kCifarPixels));
    pixels.insert(pixels.end(), picture.begin(), picture.end());
    records.remove_prefix(static_cast<size_t>(layout.record()));
  }
  return absl::OkStatus();
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
  const absl::StatusOr<MappedFile> file = Checked(path, MappedFile::Open(path), layout);
  if (!file.ok()) return file.status();
  return static_cast<int64_t>(file->contents().size()) / layout.record();
}

absl::Status ReadCifarFile(const std::string& path, const CifarLayout& layout, int64_t expected,
                           std::vector<uint8_t>& pixels, std::vector<int32_t>& labels) {
  const absl::StatusOr<MappedFile> file = Checked(path, MappedFile::Open(path), layout);
  if (!file.ok()) return file.status();
  if (static_cast<int64_t>(file->contents().size()) != expected * layout.record()) {
    return ChangedWhileUsed(path);
  }
  return AppendRecords(path, layout, file->contents(), pixels, labels);
}

absl::Status ReadCifarFile(const std::string& path, std::vector<uint8_t>& pixels,
                           std::vector<int32_t>& labels) {
  absl::StatusOr<MappedFile> opened = MappedFile::Open(path);
  const CifarLayout layout =
      LayoutOfSize(opened.ok() ? static_cast<int64_t>(opened->contents().size()) : 0);
  const absl::StatusOr<MappedFile> file = Checked(path, std::move(opened), layout);
  return file.ok() ? AppendRecords(path, layout, file->contents(), pixels, labels) : file.status();
}

}  // namespace pretext
