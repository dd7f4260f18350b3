#include "datasets/cifar/cifar_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace pretext {

absl::StatusOr<int64_t> CountCifarRecords(const std::string& path, const CifarLayout& layout) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, path);
  const int64_t bytes = info.st_size;
  if (!S_ISREG(info.st_mode) || bytes == 0 || bytes % layout.record() != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": found ", S_ISREG(info.st_mode) ? absl::StrCat(bytes, " bytes") : "no file",
        "; expected records of ", layout.record(), " bytes each (CIFAR-",
        layout.label_bytes == 1 ? "10" : "100",
        "'s binary version). Check the variant, or fetch the file again"));
  }
  return bytes / layout.record();
}

absl::Status ReadCifarFile(const std::string& path, const CifarLayout& layout, int64_t expected,
                           std::vector<uint8_t>& pixels, std::vector<int32_t>& labels) {
  const absl::StatusOr<int64_t> records = CountCifarRecords(path, layout);
  if (!records.ok()) return records.status();
  if (*records != expected) {
    return absl::FailedPreconditionError(path + ": the file changed while it was being used");
  }
  std::ifstream file(path, std::ios::binary);
  char label_bytes[2];
  size_t end = pixels.size();
  pixels.resize(end + static_cast<size_t>(expected * kCifarPixels));
  for (int64_t i = 0; i < expected; ++i, end += kCifarPixels) {
    if (!file.read(label_bytes, layout.label_bytes) ||
        !file.read(reinterpret_cast<char*>(&pixels[end]), kCifarPixels)) {
      return absl::InvalidArgumentError(path + ": cannot be read; check its permissions");
    }
    const int label = static_cast<uint8_t>(label_bytes[layout.label_at]);
    if (label >= layout.classes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": found label ", label, " in record ", i, "; expected labels below ",
                       layout.classes, ". Check the variant, or fetch the file again"));
    }
    labels.push_back(label);
  }
  return absl::OkStatus();
}

}  // namespace pretext
