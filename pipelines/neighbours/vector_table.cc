#include "pipelines/neighbours/vector_table.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/read_file.h"
#include "core/tensor/safetensors.h"
#include "pipelines/embed/vector_formats.h"

namespace pretext {
namespace {

absl::Status NoVectors(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", why,
                   "; what is wanted is a file of vectors, .npy or .safetensors, that pretext "
                   "embed wrote"));
}

}  // namespace

// The header that NpyWriter writes (base/npy/npy.h), and no other array.
absl::Status VectorTable::OpenNpy(const std::string& path) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  const absl::string_view bytes = file_.contents();
  constexpr size_t kBefore = 10;
  if (!absl::StartsWith(bytes, absl::string_view("\x93NUMPY\x01\0", 8)) || bytes.size() < kBefore) {
    return NoVectors(path, "is no .npy file");
  }
  const size_t header = static_cast<uint8_t>(bytes[8]) | static_cast<uint8_t>(bytes[9]) << 8;
  const absl::string_view text = bytes.substr(kBefore, header);
  const size_t shape = text.find("'shape': (");
  const std::vector<absl::string_view> sizes =
      shape == absl::string_view::npos
          ? std::vector<absl::string_view>()
          : absl::StrSplit(text.substr(shape + 10, text.find(')') - shape - 10), ',');
  const bool right = absl::StrContains(text, "'<f4'") &&
                     absl::StrContains(text, "'fortran_order': False") && sizes.size() == 2 &&
                     absl::SimpleAtoi(sizes[0], &count_) && absl::SimpleAtoi(sizes[1], &width_) &&
                     count_ > 0 && width_ > 0;
  if (!right) return NoVectors(path, "holds another array than float32 of [N, D]");
  const auto data = static_cast<double>(bytes.size() - kBefore - header);
  if (static_cast<double>(count_) * static_cast<double>(width_) * 4 != data) {
    return absl::DataLossError(
        absl::StrCat(path, ": is cut short, or longer than its header says"));
  }
  values_ = reinterpret_cast<const float*>(bytes.data() + kBefore + header);
  return absl::OkStatus();
}

absl::Status VectorTable::OpenSafetensors(const std::string& path) {
  const absl::StatusOr<TensorFile> file = ReadTensors(path);
  if (!file.ok()) return file.status();
  for (const NamedTensor& named : file->tensors) {
    const Tensor& tensor = named.tensor;
    if (named.name != "vectors" || tensor.rank() != 2 || tensor.dtype() != DType::kFloat32 ||
        tensor.size() == 0) {
      continue;
    }
    tensor_ = tensor;
    count_ = tensor.dim(0);
    width_ = tensor.dim(1);
    values_ = std::as_const(tensor_).data();
    return absl::OkStatus();
  }
  return NoVectors(path, "has no tensor \"vectors\" of float32 [N, D]");
}

absl::StatusOr<VectorTable> VectorTable::Open(const std::string& path) {
  VectorTable table;
  absl::Status status = NoVectors(path, "its name ends with neither .npy nor .safetensors");
  if (absl::EndsWith(path, ".npy")) status = table.OpenNpy(path);
  if (absl::EndsWith(path, ".safetensors")) status = table.OpenSafetensors(path);
  if (!status.ok()) return status;
  const std::string beside = BesideVectors(path, kNames);
  const absl::StatusOr<std::string> names = ReadFile(beside);
  if (!names.ok()) return names.status();
  table.names_ = absl::StrSplit(*names, '\n');
  if (table.names_.back().empty()) table.names_.pop_back();
  if (static_cast<int64_t>(table.names_.size()) == table.count_) return table;
  return absl::DataLossError(absl::StrCat(beside, ": has ", table.names_.size(), " names, and ",
                                          path, " has ", table.count_, " vectors"));
}

}  // namespace pretext
