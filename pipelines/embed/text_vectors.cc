#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file/file_writer.h"
#include "base/json/json.h"
#include "pipelines/embed/vector_formats.h"

namespace pretext {
namespace {

// The fewest digits that read back as the same float.
void AppendFloat(float value, std::string& text) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  text.append(digits, end);
}

// RFC 4180.
std::string CsvText(absl::string_view text) {
  if (text.find_first_of(",\"\r\n") == absl::string_view::npos) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

class TextVectors : public VectorFile {
 public:
  TextVectors(std::string path, Options options, bool csv, std::unique_ptr<FileWriter> file)
      : path_(std::move(path)), options_(std::move(options)), csv_(csv), file_(std::move(file)) {}

  absl::Status WriteTitles() {
    if (!csv_) return absl::OkStatus();
    std::string titles = "name";
    if (options_.of_tokens) titles += ",token";
    if (options_.labelled) titles += ",label";
    if (options_.labelled && !options_.classes.empty()) titles += ",class";
    for (int64_t d = 0; d < options_.width; ++d) absl::StrAppend(&titles, ",x", d);
    return file_->Append(titles + "\n");
  }

  absl::Status Append(const std::vector<VectorFacts>& facts, const float* values) override {
    for (const VectorFacts& row : facts) {
      line_.clear();
      csv_ ? AppendCsv(row, values) : AppendJson(row, values);
      if (absl::Status status = file_->Append(line_); !status.ok()) return status;
      values += options_.width;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> Finish() override {
    if (absl::Status status = file_->Commit(); !status.ok()) return status;
    return std::vector<std::string>{path_};
  }

 private:
  absl::string_view ClassOf(int32_t label) const {
    const bool known = label >= 0 && label < static_cast<int32_t>(options_.classes.size());
    return known ? absl::string_view(options_.classes[static_cast<size_t>(label)]) : "";
  }
  void AppendNumbers(const float* values) {
    for (int64_t d = 0; d < options_.width; ++d) {
      if (d > 0) line_ += ',';
      AppendFloat(values[d], line_);
    }
  }
  void AppendCsv(const VectorFacts& row, const float* values) {
    line_ += CsvText(row.name);
    if (options_.of_tokens) absl::StrAppend(&line_, ",", CsvText(row.token));
    if (options_.labelled) absl::StrAppend(&line_, ",", row.label);
    if (options_.labelled && !options_.classes.empty()) {
      absl::StrAppend(&line_, ",", CsvText(ClassOf(row.label)));
    }
    line_ += ',';
    AppendNumbers(values);
    line_ += '\n';
  }
  void AppendJson(const VectorFacts& row, const float* values) {
    absl::StrAppend(&line_, "{\"name\":", JsonString(row.name));
    if (options_.of_tokens) absl::StrAppend(&line_, ",\"token\":", JsonString(row.token));
    if (options_.labelled) absl::StrAppend(&line_, ",\"label\":", row.label);
    if (options_.labelled && !options_.classes.empty()) {
      absl::StrAppend(&line_, ",\"class\":", JsonString(ClassOf(row.label)));
    }
    line_ += ",\"vector\":[";
    AppendNumbers(values);
    line_ += "]}\n";
  }

  const std::string path_;
  const Options options_;
  const bool csv_;
  const std::unique_ptr<FileWriter> file_;
  std::string line_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<VectorFile>> CreateTextVectors(const std::string& path,
                                                              const VectorFile::Options& options,
                                                              bool csv) {
  absl::StatusOr<std::unique_ptr<FileWriter>> file = FileWriter::Create(path);
  if (!file.ok()) return file.status();
  auto vectors = std::make_unique<TextVectors>(path, options, csv, *std::move(file));
  if (absl::Status status = vectors->WriteTitles(); !status.ok()) return status;
  return vectors;
}

}  // namespace pretext
