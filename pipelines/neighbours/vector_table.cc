#include "pipelines/neighbours/vector_table.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/read_file.h"
#include "base/npy/npy_header.h"
#include "base/text/one_line.h"
#include "core/tensor/safetensors.h"
#include "pipelines/embed/vector_formats.h"

namespace pretext {
namespace {

constexpr size_t kLongestMark = 100;  // "layer h of the encoder 01234567"
constexpr char kWanted[] =
    "; what is wanted is a file of vectors, .npy or .safetensors, that pretext embed wrote";

absl::Status NoVectors(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why, kWanted));
}

}  // namespace

absl::Status VectorTable::OpenNpy(const std::string& path) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  const absl::StatusOr<NpyHeader> header = ParseNpyHeader(path, file_.contents());
  if (!header.ok()) {
    return absl::Status(header.status().code(), absl::StrCat(header.status().message(), kWanted));
  }
  const std::vector<int64_t>& shape = header->shape;
  if (header->type != NumberType::kF32 || shape.size() != 2 || shape[0] == 0 || shape[1] == 0)
    return NoVectors(path, "holds another array than float32 of [N, D]");
  count_ = shape[0];
  width_ = shape[1];
  values_ = reinterpret_cast<const float*>(file_.contents().data() + header->data);
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
  for (std::string& name : table.names_) name = NameOfLine(name);
  if (static_cast<int64_t>(table.names_.size()) != table.count_) {
    return absl::DataLossError(absl::StrCat(beside, ": has ", table.names_.size(), " names, and ",
                                            path, " has ", table.count_, " vectors"));
  }
  const absl::StatusOr<std::string> encoder = ReadFile(BesideVectors(path, kEncoder));
  if (absl::IsNotFound(encoder.status())) return table;
  if (!encoder.ok()) return encoder.status();
  table.encoder_ = std::string(absl::StripTrailingAsciiWhitespace(*encoder));
  if (absl::StartsWith(table.encoder_, "layer ") && table.encoder_.size() <= kLongestMark)
    return table;
  return absl::DataLossError(absl::StrCat(BesideVectors(path, kEncoder),
                                          ": does not say what made the vectors of ", path,
                                          ": it is damaged, or another file of that name"));
}

}  // namespace pretext
