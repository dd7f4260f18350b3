#include "base/npy/npy.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check/check.h"

namespace pretext {

absl::Status NpyWriter::Error(const char* what) const {
  return absl::ErrnoToStatus(errno, absl::StrCat(path_, ": cannot ", what));
}

absl::StatusOr<NpyWriter> NpyWriter::Create(const std::string& path, Type type,
                                            const std::vector<int64_t>& shape) {
  NpyWriter writer;
  writer.path_ = path;
  writer.aside_ = absl::StrCat(path, ".", getpid(), ".part");
  writer.type_ = type;
  writer.file_.reset(std::fopen(writer.aside_.c_str(), "wbe"));
  if (writer.file_ == nullptr) return writer.Error("be made");
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
  if (std::fwrite(start.data(), 1, start.size(), writer.file_.get()) != start.size() ||
      std::fwrite(header.data(), 1, header.size(), writer.file_.get()) != header.size()) {
    return writer.Error("be written");
  }
  return writer;
}

NpyWriter::~NpyWriter() {
  if (file_ != nullptr) unlink(aside_.c_str());
}

absl::Status NpyWriter::Append(const float* values, int64_t count) {
  return AppendBytes(Type::kFloat32, values, count);
}

absl::Status NpyWriter::Append(const int32_t* values, int64_t count) {
  return AppendBytes(Type::kInt32, values, count);
}

absl::Status NpyWriter::AppendBytes(Type type, const void* values, int64_t count) {
  PRETEXT_CHECK(type == type_ && count <= missing_, "elements are of the array's type and number");
  missing_ -= count;
  if (std::fwrite(values, 4, count, file_.get()) == static_cast<size_t>(count)) {
    return absl::OkStatus();
  }
  return Error("be written");
}

absl::Status NpyWriter::Finish() {
  PRETEXT_CHECK(missing_ == 0, "an array has all its elements");
  if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) return Error("be written");
  if (std::rename(aside_.c_str(), path_.c_str()) != 0) return Error("be put in its place");
  file_ = nullptr;
  return absl::OkStatus();
}

}  // namespace pretext
