#include "base/npy/npy.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check/check.h"

namespace pretext {

absl::StatusOr<NpyWriter> NpyWriter::Create(const std::string& path, Type type,
                                            const std::vector<int64_t>& shape) {
  absl::StatusOr<std::unique_ptr<FileWriter>> file = FileWriter::Create(path);
  if (!file.ok()) return file.status();
  NpyWriter writer;
  writer.file_ = *std::move(file);
  writer.type_ = type;
  writer.missing_ = 1;
  std::string header = absl::StrCat("{'descr': '", type == Type::kFloat32 ? "<f4" : "<i4",
                                    "', 'fortran_order': False, 'shape': (");
  for (const int64_t extent : shape) writer.missing_ *= extent;
  absl::StrAppend(&header, absl::StrJoin(shape, ", "), shape.size() == 1 ? ",), }" : "), }");
  // Magic, version and length take 10 bytes; all of it is a multiple of 64 and ends with a newline.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header.push_back('\n');
  const std::string start = absl::StrCat(std::string("\x93NUMPY\x01\0", 8),
                                         std::string(1, static_cast<char>(header.size() & 0xFF)),
                                         std::string(1, static_cast<char>(header.size() >> 8)));
  const absl::Status status = writer.file_->Append(start + header);
  if (!status.ok()) return status;
  return writer;
}

absl::Status NpyWriter::Append(const float* values, int64_t count) {
  return AppendBytes(Type::kFloat32, values, count);
}

absl::Status NpyWriter::Append(const int32_t* values, int64_t count) {
  return AppendBytes(Type::kInt32, values, count);
}

absl::Status NpyWriter::Append(const SpoolFile& values, int64_t count) {
  PRETEXT_CHECK(count <= missing_, "elements are of the array's number");
  missing_ -= count;
  return values.CopyTo(*file_);
}

absl::Status NpyWriter::AppendBytes(Type type, const void* values, int64_t count) {
  PRETEXT_CHECK(type == type_ && count <= missing_, "elements are of the array's type and number");
  missing_ -= count;
  return file_->Append({static_cast<const char*>(values), static_cast<size_t>(count) * 4});
}

absl::Status NpyWriter::Finish() {
  PRETEXT_CHECK(missing_ == 0, "an array has all its elements");
  return file_->Commit();
}

}  // namespace pretext
