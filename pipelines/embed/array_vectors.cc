#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/aside.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/spool_file.h"
#include "base/npy/npy.h"
#include "base/number_type/number_type.h"
#include "base/text/one_line.h"
#include "core/tensor/safetensors_header.h"
#include "pipelines/embed/vector_formats.h"

namespace pretext {
namespace {

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
    if (!npy_) sum_.Add(bytes);
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
    std::vector<WrittenTensor> tensors = {
        {"vectors", NumberType::kF32, {count_, options_.width}, sum_.text()}};
    const absl::string_view labels = Bytes(labels_.data(), labels_.size());
    if (options_.labelled)
      tensors.push_back({"labels", NumberType::kI32, {count_}, Checksum(labels)});
    absl::StatusOr<std::unique_ptr<FileWriter>> file = FileWriter::Create(path_);
    if (!file.ok()) return file.status();
    absl::Status status = (*file)->Append(SafetensorsHeaderText({{"format", "pt"}}, tensors));
    if (status.ok()) status = values_->CopyTo(**file);
    if (status.ok() && options_.labelled) status = (*file)->Append(labels);
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
  RunningChecksum sum_;  // of the values
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
