#include "exports/reading/foreign_files.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/json/read_json.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

using google::protobuf::Value;

std::map<std::string, Reading>& Readings() {
  static auto* const readings = new std::map<std::string, Reading>;
  return *readings;
}

// A whole number from 0 to 2^30; nothing of another value.
std::optional<int64_t> AsSize(const Value& value) {
  constexpr double kMost = 1 << 30;
  const double number = value.number_value();
  if (value.kind_case() != Value::kNumberValue || !(number >= 0 && number <= kMost) ||
      number != std::floor(number)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

}  // namespace

absl::StatusOr<ForeignFiles> ForeignFiles::Open(const std::string& folder) {
  ForeignFiles files;
  files.folder_ = folder;
  absl::StatusOr<TensorFile> tensors = ReadTensors(folder + "/model.safetensors");
  if (!tensors.ok()) return tensors.status();
  const auto format = tensors->metadata.find("format");
  if (format == tensors->metadata.end() || format->second != "pt") {
    return absl::DataLossError(
        absl::StrCat(folder, "/model.safetensors: its metadata has no \"format\": \"pt\""));
  }
  for (NamedTensor& named : tensors->tensors) files.tensors_[named.name] = std::move(named.tensor);
  absl::StatusOr<google::protobuf::Struct> config = ReadJsonFile(folder + "/config.json");
  if (!config.ok()) return config.status();
  files.config_ = *std::move(config);
  return files;
}

void ForeignFiles::Fail(const std::string& what) {
  if (status_.ok()) status_ = absl::DataLossError(absl::StrCat(folder_, ": ", what));
}

Tensor ForeignFiles::Take(const std::string& name, const Shape& shape) {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) {
    Fail(absl::StrCat("model.safetensors has no ", name));
    return Tensor::Zeros(shape);
  }
  taken_.insert(name);
  if (at->second.shape() == shape && at->second.dtype() == DType::kFloat32) return at->second;
  Fail(absl::StrCat("model.safetensors: ", name, " is ", at->second.shape().ToString(),
                    ", should be ", shape.ToString()));
  return Tensor::Zeros(shape);
}

void ForeignFiles::TakeCounter(const std::string& name) {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) return Fail(absl::StrCat("model.safetensors has no ", name));
  taken_.insert(name);
  if (at->second.rank() != 0 || at->second.dtype() != DType::kInt32)
    Fail(absl::StrCat("model.safetensors: ", name, " is no int64 of shape []"));
}

const Value& ForeignFiles::Member(const std::string& name, Value::KindCase kind,
                                  const char* wrong) {
  const auto at = config_.fields().find(name);
  if (at == config_.fields().end()) {
    Fail(absl::StrCat("config.json has no ", name));
  } else if (at->second.kind_case() != kind) {
    Fail(absl::StrCat("config.json: ", name, " is ", wrong));
  } else {
    return at->second;
  }
  return Value::default_instance();
}

double ForeignFiles::Number(const std::string& name) {
  return Member(name, Value::kNumberValue, "no number").number_value();
}

int64_t ForeignFiles::Whole(const std::string& name) {
  const std::optional<int64_t> size = AsSize(Member(name, Value::kNumberValue, "no number"));
  if (!size) Fail(absl::StrCat("config.json: ", name, " is no size"));
  return size.value_or(0);
}

std::string ForeignFiles::Text(const std::string& name) {
  return Member(name, Value::kStringValue, "no text").string_value();
}

bool ForeignFiles::Truth(const std::string& name) {
  return Member(name, Value::kBoolValue, "neither true nor false").bool_value();
}

std::vector<int64_t> ForeignFiles::Wholes(const std::string& name) {
  std::vector<int64_t> list;
  for (const Value& value : Member(name, Value::kListValue, "no list").list_value().values()) {
    const std::optional<int64_t> size = AsSize(value);
    if (!size) {
      Fail(absl::StrCat("config.json: an element of ", name, " is no size"));
      return {};
    }
    list.push_back(*size);
  }
  return list;
}

std::vector<std::string> ForeignFiles::Texts(const std::string& name) {
  std::vector<std::string> list;
  for (const Value& value : Member(name, Value::kListValue, "no list").list_value().values()) {
    if (value.kind_case() != Value::kStringValue) {
      Fail(absl::StrCat("config.json: an element of ", name, " is no text"));
      return {};
    }
    list.push_back(value.string_value());
  }
  return list;
}

void ForeignFiles::Enter(const std::string& name) {
  google::protobuf::Struct inner = Member(name, Value::kStructValue, "no object").struct_value();
  config_.Swap(&inner);
}

absl::Status ForeignFiles::status() const {
  if (!status_.ok()) return status_;
  for (const auto& [name, tensor] : tensors_) {
    if (!taken_.contains(name)) {
      return absl::DataLossError(absl::StrCat(folder_, ": model.safetensors has ", name,
                                              ", which the model has no place for"));
    }
  }
  return absl::OkStatus();
}

ReadingRegistration::ReadingRegistration(const char* name, Reading reading) {
  Readings()[name] = reading;
}

absl::StatusOr<Graph> ReadForeign(const std::string& reading, const std::string& folder) {
  const auto at = Readings().find(reading);
  if (at == Readings().end()) {
    return absl::NotFoundError(
        absl::StrCat("no reading \"", reading, "\" is registered that could prove the export"));
  }
  absl::StatusOr<ForeignFiles> files = ForeignFiles::Open(folder);
  if (!files.ok()) return files.status();
  absl::StatusOr<Graph> graph = at->second(*files);
  if (!files->status().ok()) return files->status();  // what the graph may have stumbled over
  return graph;
}

}  // namespace pretext
