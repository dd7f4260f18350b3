#include "core/tensor/safetensors.h"

#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/file/file_writer.h"
#include "base/file/mapped_file.h"

namespace pretext {
namespace {

// The bytes of a row-major tensor.
absl::string_view DataOf(const Tensor& plain) {
  return {static_cast<const char*>(plain.elements()), plain.bytes()};
}

}  // namespace

std::string ToInt64Bytes(const Tensor& ints) {
  std::string bytes;
  for (int64_t i = 0; i < ints.size(); ++i) {
    const int64_t value = ints.ints()[i];
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return bytes;
}

bool FromInt64Bytes(const char* bytes, Tensor& ints) {
  for (int64_t i = 0; i < ints.size(); ++i) {
    int64_t value;
    std::memcpy(&value, bytes + i * 8, sizeof(value));
    ints.ints()[i] = static_cast<int32_t>(value);
    if (ints.ints()[i] != value) return false;
  }
  return true;
}

std::string TensorChecksum(const Tensor& tensor) { return Checksum(DataOf(tensor.Plain())); }

namespace {

std::string SumInFile(const NamedTensor& named) {
  return named.wide ? Checksum(ToInt64Bytes(named.tensor)) : TensorChecksum(named.tensor);
}

NumberType TypeInFile(const NamedTensor& named) {
  if (named.wide) return NumberType::kI64;
  return named.tensor.dtype() == DType::kInt32 ? NumberType::kI32 : NumberType::kF32;
}

// What a tensor of such a type in a file is in memory; nothing for a type that we do not write.
std::optional<DType> TypeInMemory(NumberType type) {
  if (type == NumberType::kF32) return DType::kFloat32;
  if (type == NumberType::kI32 || type == NumberType::kI64) return DType::kInt32;
  return std::nullopt;
}

std::string Header(const TensorFile& file) {
  std::vector<WrittenTensor> tensors;
  for (const NamedTensor& named : file.tensors) {
    tensors.push_back({named.name, TypeInFile(named), named.tensor.shape(), SumInFile(named)});
  }
  return SafetensorsHeaderText(file.metadata, tensors);
}

}  // namespace

std::string SerializeTensors(const TensorFile& file) {
  std::string contents = Header(file);
  for (const NamedTensor& named : file.tensors) {
    const Tensor plain = named.tensor.Plain();
    if (named.wide) {
      contents.append(ToInt64Bytes(plain));
    } else {
      contents.append(DataOf(plain).data(), DataOf(plain).size());
    }
  }
  return contents;
}

absl::Status WriteTensors(const std::string& path, const TensorFile& file) {
  absl::StatusOr<std::unique_ptr<FileWriter>> writer = FileWriter::Create(path);
  if (!writer.ok()) return writer.status();
  absl::Status status = (*writer)->Append(Header(file));
  for (const NamedTensor& named : file.tensors) {
    if (!status.ok()) return status;
    const Tensor plain = named.tensor.Plain();
    status = named.wide ? (*writer)->Append(ToInt64Bytes(plain)) : (*writer)->Append(DataOf(plain));
  }
  return status.ok() ? (*writer)->Commit() : status;
}

absl::StatusOr<OpenedTensors> OpenedTensors::Open(const std::string& path) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader(path, file->contents());
  if (!header.ok()) return header.status();
  OpenedTensors opened;
  opened.file_ = *std::move(file);
  opened.header_ = *std::move(header);
  return opened;
}

bool OpenedTensors::Fits(const StoredTensor& stored, const Tensor& tensor) {
  const DType type = tensor.dtype();
  const bool same_type = (stored.type == NumberType::kF32 && type == DType::kFloat32) ||
                         (stored.type == NumberType::kI32 && type == DType::kInt32);
  return same_type && stored.shape == tensor.shape();
}

std::string OpenedTensors::ChecksumOf(const StoredTensor& stored) const {
  return Checksum(header_.BytesOf(stored, file_.contents()));
}

void OpenedTensors::CopyTo(const StoredTensor& stored, Tensor& tensor) const {
  PRETEXT_CHECK(Fits(stored, tensor), "a tensor is copied into one like it");
  const char* const data = header_.BytesOf(stored, file_.contents()).data();
  const bool plain = tensor.plain();
  Tensor rows = plain ? tensor : Tensor::Uninitialized(stored.shape, tensor.dtype());
  std::memcpy(rows.elements(), data, rows.bytes());
  if (plain) return;
  const Tensor blocked = rows.InLayout(tensor.layout());
  std::memcpy(tensor.data(), blocked.data(), blocked.bytes());
}

absl::StatusOr<TensorFile> ReadTensors(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  return ParseTensors(path, file->contents());
}

absl::StatusOr<TensorFile> ParseTensors(const std::string& name, absl::string_view contents) {
  absl::StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader(name, contents);
  if (!header.ok()) return header.status();
  TensorFile file;
  file.metadata = std::move(header->metadata);
  const auto bad = [&](const StoredTensor& stored, absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat(name, " is not a whole safetensors file: tensor \"", stored.name, "\"", what));
  };
  for (const StoredTensor& stored : header->tensors) {
    if (!TypeInMemory(stored.type)) {
      return bad(stored,
                 absl::StrCat(": type ", NameOf(stored.type), "; F32, I32 and I64 are known"));
    }
  }
  for (const StoredTensor& stored : header->tensors) {
    Tensor tensor = Tensor::Uninitialized(stored.shape, *TypeInMemory(stored.type));
    const char* const data = header->BytesOf(stored, contents).data();
    const bool wide = stored.type == NumberType::kI64;
    if (wide) {
      if (!FromInt64Bytes(data, tensor)) return bad(stored, " has numbers beyond 32 bits");
    } else {
      std::memcpy(tensor.elements(), data, tensor.bytes());
    }
    file.tensors.push_back({stored.name, std::move(tensor), wide});
  }
  return file;
}

}  // namespace pretext
