#include <zlib.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/file/aside.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/spool_file.h"
#include "base/json/json.h"
#include "base/npy/npy.h"
#include "base/text/one_line.h"
#include "core/tensor/safetensors.h"
#include "pipelines/embed/vector_formats.h"

namespace pretext {
namespace {

constexpr char kNoSum[] = "00000000";

absl::string_view Bytes(const void* values, size_t count) {
  return {static_cast<const char*>(values), count * 4};
}

// A name on one line, whatever is in it, and its token behind a tab.
std::string OneLine(const VectorFacts& row) {
  std::string line = LineOfName(row.name);
  if (!row.token.empty()) absl::StrAppend(&line, "\t", row.token);
  return line + "\n";
}

// How many rows there are is known at the end, and stands at the beginning: they are spooled.
class ArrayVectors : public VectorFile {
 public:
  ArrayVectors(std::string path, Options options, bool npy)
      : path_(std::move(path)), options_(std::move(options)), npy_(npy) {}

  absl::Status Open(bool beside) {
    absl::StatusOr<std::unique_ptr<SpoolFile>> values =
        SpoolFile::Create(beside ? ParentOf(path_) : "/tmp");
    if (!values.ok()) return values.status();
    values_ = *std::move(values);
    if (!beside) return absl::OkStatus();
    names_path_ = BesideVectors(path_, kNames);
    absl::StatusOr<std::unique_ptr<FileWriter>> names = FileWriter::Create(names_path_);
    if (!names.ok()) return names.status();
    names_ = *std::move(names);
    return absl::OkStatus();
  }

  absl::Status Append(const std::vector<VectorFacts>& facts, const float* values) override {
    const absl::string_view bytes =
        Bytes(values, facts.size() * static_cast<size_t>(options_.width));
    absl::Status status = values_->Append(bytes);
    if (!npy_) sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    for (const VectorFacts& row : facts) {
      if (options_.labelled) labels_.push_back(row.label);
      if (names_ != nullptr && status.ok()) status = names_->Append(OneLine(row));
    }
    count_ += static_cast<int64_t>(facts.size());
    return status;
  }

  absl::StatusOr<std::vector<std::string>> Finish() override {
    // What may not fit is written before anything is in its place.
    const absl::StatusOr<Commit> vectors = npy_ ? WriteNpy() : WriteSafetensors();
    if (!vectors.ok()) return vectors.status();
    const PuttingInPlace putting;
    std::vector<std::string> written = {path_};
    absl::Status status = absl::OkStatus();
    if (names_ != nullptr) {
      status = names_->Commit();
      written.push_back(names_path_);
      if (status.ok() && options_.labelled && npy_) status = WriteLabels(written);
      if (status.ok() && !options_.classes.empty()) status = WriteClasses(written);
      if (status.ok() && !options_.encoder.empty()) {
        written.push_back(BesideVectors(path_, kEncoder));
        status = WriteFileAtomically(written.back(), options_.encoder + "\n");
      }
    }
    if (status.ok()) status = (*vectors)();
    return status.ok() ? absl::StatusOr<std::vector<std::string>>(written) : status;
  }

 private:
  using Commit = std::function<absl::Status()>;  // puts a whole file in its place

  absl::Status WriteLabels(std::vector<std::string>& written) const {
    written.push_back(BesideVectors(path_, kLabels));
    absl::StatusOr<NpyWriter> file =
        NpyWriter::Create(written.back(), NpyWriter::Type::kInt32, {count_});
    if (!file.ok()) return file.status();
    const absl::Status status = file->Append(labels_.data(), count_);
    return status.ok() ? file->Finish() : status;
  }
  absl::Status WriteClasses(std::vector<std::string>& written) const {
    written.push_back(BesideVectors(path_, kClasses));
    std::string lines;
    for (const std::string& name : options_.classes) lines += OneLine({.name = name, .token = ""});
    return WriteFileAtomically(written.back(), lines);
  }
  absl::StatusOr<Commit> WriteNpy() const {
    absl::StatusOr<NpyWriter> file =
        NpyWriter::Create(path_, NpyWriter::Type::kFloat32, {count_, options_.width});
    if (!file.ok()) return file.status();
    const absl::Status status = file->Append(*values_, count_ * options_.width);
    if (!status.ok()) return status;
    return [whole = std::make_shared<NpyWriter>(*std::move(file))] { return whole->Finish(); };
  }
  // The format of core/tensor/safetensors.h, whose reader takes it.
  absl::StatusOr<Commit> WriteSafetensors() const {
    const int64_t bytes = count_ * options_.width * 4, label_bytes = count_ * 4;
    JsonObject metadata, header;
    metadata.Add("format", "pt").Add("crc32", kNoSum);
    metadata.Add("crc32:vectors", absl::StrFormat("%08x", sum_));
    JsonObject tensors;
    tensors.Add("vectors", JsonObject()
                               .Add("dtype", "F32")
                               .Add("shape", std::vector<int64_t>{count_, options_.width})
                               .Add("data_offsets", std::vector<int64_t>{0, bytes}));
    if (options_.labelled) {
      const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(labels_.data()),
                               static_cast<size_t>(label_bytes));
      metadata.Add("crc32:labels", absl::StrFormat("%08x", sum));
      tensors.Add("labels",
                  JsonObject()
                      .Add("dtype", "I32")
                      .Add("shape", std::vector<int64_t>{count_})
                      .Add("data_offsets", std::vector<int64_t>{bytes, bytes + label_bytes}));
    }
    header.Add("__metadata__", metadata);
    std::string text = absl::StrCat(absl::StripSuffix(header.text(), "}"), ",",
                                    absl::StripPrefix(tensors.text(), "{"));
    text.append((8 - text.size() % 8) % 8, ' ');
    // The header's own, of it with zeros in that place.
    text.replace(text.find(kNoSum), sizeof(kNoSum) - 1, Checksum(text));
    std::string length(8, '\0');
    for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> 8 * i & 0xFF);
    absl::StatusOr<std::unique_ptr<FileWriter>> file = FileWriter::Create(path_);
    if (!file.ok()) return file.status();
    absl::Status status = (*file)->Append(length + text);
    if (status.ok()) status = values_->CopyTo(**file);
    if (status.ok() && options_.labelled) {
      status = (*file)->Append(Bytes(labels_.data(), labels_.size()));
    }
    if (!status.ok()) return status;
    return [whole = std::shared_ptr<FileWriter>(*std::move(file))] { return whole->Commit(); };
  }

  const std::string path_;
  const Options options_;
  const bool npy_;
  std::unique_ptr<SpoolFile> values_;
  std::string names_path_;
  std::unique_ptr<FileWriter> names_;
  std::vector<int32_t> labels_;
  int64_t count_ = 0;
  uLong sum_ = 0;  // CRC-32 of the values
};

}  // namespace

absl::StatusOr<std::unique_ptr<VectorFile>> CreateArrayVectors(const std::string& path,
                                                               const VectorFile::Options& options,
                                                               bool npy, bool beside) {
  auto vectors = std::make_unique<ArrayVectors>(path, options, npy);
  if (absl::Status status = vectors->Open(beside); !status.ok()) return status;
  return vectors;
}

}  // namespace pretext
