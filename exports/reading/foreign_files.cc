#include "exports/reading/foreign_files.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "base/file/read_file.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

constexpr int64_t kMostJson = 1 << 26;

std::map<std::string, Reading>& Readings() {
  static auto* const readings = new std::map<std::string, Reading>;
  return *readings;
}

}  // namespace

absl::StatusOr<google::protobuf::Struct> ReadJsonFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMostJson);
  if (!text.ok()) return text.status();
  google::protobuf::Struct object;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*text, &object);
  if (parsed.ok()) return object;
  return absl::DataLossError(
      absl::StrCat(path, ": is no JSON object: ",
                   absl::string_view(parsed.message().data(), parsed.message().size())));
}

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
  taken_[name] = true;
  if (at->second.shape() == shape && at->second.dtype() == DType::kFloat32) return at->second;
  Fail(absl::StrCat("model.safetensors: ", name, " is ", at->second.shape().ToString(),
                    ", should be ", shape.ToString()));
  return Tensor::Zeros(shape);
}

void ForeignFiles::TakeCounter(const std::string& name) {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) return Fail(absl::StrCat("model.safetensors has no ", name));
  taken_[name] = true;
  if (at->second.rank() != 0 || at->second.dtype() != DType::kInt32)
    Fail(absl::StrCat("model.safetensors: ", name, " is no int64 of shape []"));
}

const google::protobuf::Value* ForeignFiles::Member(const std::string& name) {
  const auto at = config_.fields().find(name);
  if (at != config_.fields().end()) return &at->second;
  Fail(absl::StrCat("config.json has no ", name));
  return &google::protobuf::Value::default_instance();
}

double ForeignFiles::Number(const std::string& name) {
  const google::protobuf::Value* value = Member(name);
  if (value->kind_case() != google::protobuf::Value::kNumberValue)
    Fail(absl::StrCat("config.json: ", name, " is no number"));
  return value->number_value();
}

int64_t ForeignFiles::Whole(const std::string& name) {
  constexpr double kMost = 1 << 30;
  const double number = Number(name);
  if (!(number >= 0 && number <= kMost &&
        number == static_cast<double>(static_cast<int64_t>(number)))) {
    Fail(absl::StrCat("config.json: ", name, " is no size"));
    return 0;
  }
  return static_cast<int64_t>(number);
}

std::string ForeignFiles::Text(const std::string& name) { return Member(name)->string_value(); }

bool ForeignFiles::Truth(const std::string& name) { return Member(name)->bool_value(); }

std::vector<int64_t> ForeignFiles::Wholes(const std::string& name) {
  std::vector<int64_t> list;
  for (const auto& value : Member(name)->list_value().values())
    list.push_back(static_cast<int64_t>(value.number_value()));
  return list;
}

std::vector<std::string> ForeignFiles::Texts(const std::string& name) {
  std::vector<std::string> list;
  for (const auto& value : Member(name)->list_value().values())
    list.push_back(value.string_value());
  return list;
}

void ForeignFiles::Enter(const std::string& name) {
  google::protobuf::Struct inner = Member(name)->struct_value();
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
