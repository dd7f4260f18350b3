#include "pipelines/initialize/fitting.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file/read_file.h"
#include "base/json/read_json.h"

namespace pretext {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Whether a name is allowed by one of a list: itself, its beginning up to a dot, or "*".
template <class Names>
bool IsAllowed(const std::string& name, const Names& allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
    if (entry == "*") return true;
    const absl::string_view beginning = absl::StripSuffix(entry, ".");
    return absl::StartsWith(name, beginning) && !beginning.empty() &&
           (name.size() == beginning.size() || name[beginning.size()] == '.');
  });
}

std::string ShapeText(const Shape& shape) {
  return shape.rank() == 0 ? "a single number" : shape.ToString();
}

// "what:" and a line each, not without end.
std::string List(const std::string& what, const std::vector<std::string>& lines) {
  constexpr size_t kMost = 60;
  std::string text = what;
  for (size_t i = 0; i < std::min(kMost, lines.size()); ++i)
    absl::StrAppend(&text, "\n    ", lines[i]);
  if (lines.size() > kMost) absl::StrAppend(&text, "\n    and ", lines.size() - kMost, " more");
  return text;
}

void FindMissing(const WeightFile& file, const Matching& matching,
                 const Pipeline::Initialize& entry, std::vector<std::string>& faults) {
  std::vector<std::string> missing;
  for (const WantedTensor& tensor : matching.wanted) {
    if (tensor.found() || IsAllowed(tensor.full_name(), entry.allow_missing()) ||
        IsAllowed(tensor.name, entry.allow_missing())) {
      continue;
    }
    std::string line = absl::StrCat(tensor.full_name(), "  ", ShapeText(tensor.shape));
    if (!tensor.theirs.empty() && tensor.theirs[0] != tensor.full_name())
      absl::StrAppend(&line, "  (", absl::StrJoin(tensor.theirs, ", "), ")");
    missing.push_back(line);
  }
  if (missing.empty()) return;
  faults.push_back(List(
      absl::StrCat(file.path(), " (read by the names of ", matching.naming, ") lacks ",
                   missing.size(), missing.size() == 1 ? " tensor" : " tensors",
                   "; allow_missing: \"NAME\", or the beginning of names, leaves them random:"),
      missing));
}

void FindSurplus(const WeightFile& file, const Matching& matching,
                 const Pipeline::Initialize& entry, std::vector<std::string>& faults) {
  std::vector<std::string> surplus;
  for (const StoredTensor* tensor : matching.surplus) {
    if (!IsAllowed(tensor->name, entry.allow_surplus()))
      surplus.push_back(absl::StrCat(tensor->name, "  ", ShapeText(tensor->shape)));
  }
  if (surplus.empty()) return;
  faults.push_back(
      List(absl::StrCat(file.path(), " has ", surplus.size(),
                        surplus.size() == 1 ? " tensor" : " tensors",
                        " with no place here; allow_surplus: \"NAME\", or the beginning of names, "
                        "leaves them out:"),
           surplus));
}

// What to set so that the first extents are alike, where that is all.
std::string Advice(const WantedTensor& tensor, const Shape& theirs) {
  Shape same = theirs;
  if (tensor.rows_field.empty() || theirs.rank() != tensor.shape.rank()) return "";
  same[0] = tensor.shape[0];
  if (tensor.pieces.size() != 1 || !(same == tensor.shape)) return "";
  return absl::StrCat(
      "; the field ", tensor.rows_field, " of the encoder sets it: ", tensor.rows_field, ": ",
      theirs[0], tensor.rows_field == "vocabulary" ? ", with the vocabulary of that file" : "");
}

void FindNothing(const WeightFile& file, const Matching& matching,
                 const Pipeline::Initialize& entry, std::vector<std::string>& faults) {
  const auto found = [](const WantedTensor& tensor) { return tensor.found(); };
  if (matching.wanted.empty() ||
      std::any_of(matching.wanted.begin(), matching.wanted.end(), found)) {
    return;
  }
  constexpr size_t kMostShown = 8;
  std::set<std::string> beginnings;
  for (const StoredTensor& stored : file.header().tensors) {
    if (beginnings.size() < kMostShown)
      beginnings.insert(stored.name.substr(0, stored.name.find('.')));
  }
  faults.push_back(absl::StrCat(
      file.path(), " gives none of the ", matching.wanted.size(), " tensors that are wanted",
      entry.prefix().empty() ? "" : absl::StrCat(", with the prefix \"", entry.prefix(), "\""),
      ": all would stay random. Its names begin with ", absl::StrJoin(beginnings, ", ")));
}

void FindShapes(const WeightFile& file, const Matching& matching,
                std::vector<std::string>& faults) {
  for (const WantedTensor& tensor : matching.wanted) {
    if (!tensor.found()) continue;
    Shape piece = tensor.shape;
    const auto count = static_cast<int64_t>(tensor.pieces.size());
    if (count > 1) piece[0] /= count;
    for (const StoredTensor* stored : tensor.pieces) {
      if (stored->shape == piece) continue;
      faults.push_back(
          absl::StrCat(tensor.full_name(), " is ", ShapeText(tensor.shape),
                       count > 1 ? absl::StrCat(", ", count, " of ", ShapeText(piece)) : "",
                       ", and ", stored->name, " of ", file.path(), " is ",
                       ShapeText(stored->shape), Advice(tensor, stored->shape)));
    }
  }
}

std::vector<float> NumbersOf(const WeightFile& file, const StoredTensor& tensor) {
  std::vector<float> numbers(static_cast<size_t>(tensor.shape.size()));
  file.Read(tensor, numbers.data());
  return numbers;
}

void FindNumbers(const WeightFile& file, const Matching& matching,
                 std::vector<std::string>& faults) {
  for (const WantedTensor& tensor : matching.wanted) {
    if (!tensor.found()) continue;
    const bool variance = absl::EndsWith(tensor.name, ".running_var");
    const auto is_wrong = [&](float number) {
      return !std::isfinite(number) || (variance && number < 0);
    };
    for (const StoredTensor* stored : tensor.pieces) {
      const std::vector<float> numbers = NumbersOf(file, *stored);
      const auto at = std::find_if(numbers.begin(), numbers.end(), is_wrong);
      if (at == numbers.end()) continue;
      faults.push_back(absl::StrCat(
          stored->name, " of ", file.path(), " has ", *at, " at element ", at - numbers.begin(),
          std::isfinite(*at) ? "; a variance is not negative" : "; weights are finite numbers"));
    }
  }
  for (const auto& [copy, original] : matching.copies) {
    if (copy->shape == original->shape && NumbersOf(file, *copy) == NumbersOf(file, *original))
      continue;
    faults.push_back(absl::StrCat(copy->name, " is not the same as ", original->name, " in ",
                                  file.path(), "; here the two are one"));
  }
}

// Whether the value of a config.json is one of those.
bool Agrees(const Value& value, const std::vector<std::string>& values) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& text) {
    double number = 0;
    if (value.kind_case() != Value::kNumberValue) return value.string_value() == text;
    return absl::SimpleAtod(text, &number) &&
           std::abs(number - value.number_value()) <= 1e-6 * std::abs(number);
  });
}

// What a config.json says of a key, itself or in timm's model_args; null: nothing.
const Value* SettingOf(const Struct& json, const std::string& key) {
  const auto at = json.fields().find(key);
  if (at != json.fields().end()) return &at->second;
  const auto arguments = json.fields().find("model_args");
  if (arguments == json.fields().end() || key == "model_args") return nullptr;
  return SettingOf(arguments->second.struct_value(), key);
}

// A value as JSON has it, but for texts, which stand as they are.
std::string JsonText(const Value& value) {
  if (value.kind_case() == Value::kStringValue) return value.string_value();
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(value, &text);
  return status.ok() ? text : "something else";
}

void FindSettings(const WeightFile& file, const Matching& matching,
                  std::vector<std::string>& faults) {
  const std::string path = matching.settings.empty() ? "" : file.Beside("config.json");
  if (path.empty()) return;
  const absl::StatusOr<Struct> json = ReadJsonFile(path, 1 << 24);
  if (!json.ok()) {
    faults.emplace_back(json.status().message());
    return;
  }
  std::vector<std::string> said;  // encoder and head may ask for the same
  for (const ForeignSetting& setting : matching.settings) {
    const Value* const found = SettingOf(*json, setting.key);
    if (found == nullptr || Agrees(*found, setting.values)) continue;
    if (std::find(said.begin(), said.end(), setting.key + setting.values[0]) != said.end())
      continue;
    said.push_back(setting.key + setting.values[0]);
    faults.push_back(
        absl::StrCat(path, " says \"", setting.key, "\": ", JsonText(*found), ", and here it is ",
                     setting.values[0],
                     setting.field.empty() ? "" : absl::StrCat(" (the field ", setting.field, ")"),
                     ": the same weights would mean something else"));
  }
}

}  // namespace

std::vector<std::string> FindMisfits(const WeightFile& file, const Matching& matching,
                                     const Pipeline::Initialize& entry) {
  std::vector<std::string> faults = matching.faults;
  FindMissing(file, matching, entry, faults);
  FindSurplus(file, matching, entry, faults);
  FindShapes(file, matching, faults);
  FindNumbers(file, matching, faults);
  FindSettings(file, matching, faults);
  if (faults.empty()) FindNothing(file, matching, entry, faults);
  return faults;
}

absl::StatusOr<std::string> VocabularyDifference(const std::string& path,
                                                 const Tokenizer& tokenizer) {
  const absl::StatusOr<std::string> text = ReadFile(path, int64_t{1} << 30);
  if (!text.ok()) return text.status();
  const std::vector<absl::string_view> lines = absl::StrSplit(absl::StripSuffix(*text, "\n"), '\n');
  const auto theirs = static_cast<int64_t>(lines.size()), ours = tokenizer.vocabulary_size();
  for (int64_t id = 0; id < std::min(theirs, ours); ++id) {
    const absl::string_view token = absl::StripSuffix(lines[static_cast<size_t>(id)], "\r");
    const std::string_view here = tokenizer.Token(static_cast<int32_t>(id));
    if (token == absl::string_view(here.data(), here.size())) continue;
    return absl::StrCat("id ", id, " is the token \"", token, "\" in ", path, " and \"",
                        std::string(here), "\" here: give the dataset's tokenizer that vocabulary");
  }
  if (theirs == ours) return std::string();
  return absl::StrCat(path, " has ", theirs, " tokens, the vocabulary here ", ours,
                      ": give the dataset's tokenizer that vocabulary");
}

}  // namespace pretext
