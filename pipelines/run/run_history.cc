#include "pipelines/run/run_history.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace pretext {
namespace {

using google::protobuf::Struct;

const double* Find(const std::vector<std::pair<std::string, double>>& figures,
                   absl::string_view name) {
  for (const auto& [its, value] : figures) {
    if (its == name) return &value;
  }
  return nullptr;
}

}  // namespace

void RunHistory::Add(absl::string_view line) {
  Struct object;
  const bool read = google::protobuf::util::JsonStringToMessage(std::string(line), &object).ok() &&
                    object.fields().count("step") != 0 &&
                    object.fields().at("step").has_number_value();
  if (!read) {
    ++damaged_lines_;
    return;
  }
  HistoryLine found{.step = object.fields().at("step").number_value()};
  for (const auto& [name, value] : object.fields()) {
    if (!value.has_number_value() || name == "step") continue;
    if (name == "epoch") {
      found.epoch = value.number_value();
    } else {
      found.scalars.emplace_back(name, value.number_value());
    }
  }
  const auto evaluation = object.fields().find("eval");
  if (evaluation != object.fields().end()) {
    HistoryLine::Scalars& figures = found.evaluation.emplace();
    for (const auto& [name, value] : evaluation->second.struct_value().fields()) {
      if (value.has_number_value()) figures.emplace_back(name, value.number_value());
    }
    // The parser keeps no order; the line does.
    const auto place = [&](const std::pair<std::string, double>& figure) {
      return line.find(absl::StrCat("\"", figure.first, "\":"));
    };
    std::sort(figures.begin(), figures.end(), [&](const auto& a, const auto& b) {
      return std::pair(place(a), a.first) < std::pair(place(b), b.first);
    });
  }
  Add(std::move(found));
}

void RunHistory::Add(HistoryLine line) {
  const auto is_not_finite = [](const auto& scalar) { return !std::isfinite(scalar.second); };
  std::erase_if(line.scalars, is_not_finite);
  if (line.evaluation) std::erase_if(*line.evaluation, is_not_finite);
  const auto number = [&](absl::string_view name) {
    const double* const found = Find(line.scalars, name);
    return found == nullptr ? 0.0 : *found;
  };
  // Lines of times come after those of metrics.
  if (line.step >= last_step_) {
    last_step_ = line.step;
    last_epoch_ = line.epoch;
  }
  if (const double* const seconds = Find(line.scalars, "eval_seconds"); seconds != nullptr) {
    for (HistoryEvaluation& of_step : evaluations_) {
      if (of_step.step == line.step) of_step.seconds = *seconds;
    }
  } else if (line.evaluation) {
    evaluations_.push_back({.step = line.step,
                            .epoch = line.epoch,
                            .samples = number("samples"),
                            .loss_batch = number("loss_batch"),
                            .seconds = number("seconds"),
                            .figures = *std::move(line.evaluation)});
  } else {
    for (const auto& [name, value] : line.scalars) training_[name].push_back({line.step, value});
  }
}

RunHistory RunHistory::Parse(absl::string_view jsonl) {
  RunHistory history;
  for (const absl::string_view line : absl::StrSplit(jsonl, '\n', absl::SkipEmpty()))
    history.Add(line);
  return history;
}

const HistorySeries& RunHistory::training(absl::string_view name) const {
  static const auto* const none = new HistorySeries;
  const auto found = training_.find(name);
  return found == training_.end() ? *none : found->second;
}

HistorySeries RunHistory::evaluation(absl::string_view name) const {
  HistorySeries series;
  for (const HistoryEvaluation& evaluation : evaluations_) {
    const double* const value = Find(evaluation.figures, name);
    if (value != nullptr) series.push_back({evaluation.step, *value});
  }
  return series;
}

const double* RunHistory::latest(absl::string_view name) const {
  return evaluations_.empty() ? nullptr : Find(evaluations_.back().figures, name);
}

double RunHistory::seconds() const {
  double sum = 0;
  for (const HistoryPoint& point : training("seconds")) sum += point.value;
  return sum;
}

double RunHistory::data_share() const {
  // Lines have both or neither.
  const HistorySeries &seconds = training("seconds"), &shares = training("data_share");
  double sum = 0, data = 0;
  for (size_t i = 0; i < std::min(seconds.size(), shares.size()); ++i) {
    sum += seconds[i].value;
    data += seconds[i].value * shares[i].value;
  }
  return sum > 0 ? data / sum : 0;
}

std::string HeldOutLossName(const std::vector<std::pair<std::string, double>>& figures) {
  for (const char* name :
       {"validation_loss", "validation_masked_loss", "test_loss", "masked_loss"}) {
    if (Find(figures, name) != nullptr) return name;
  }
  return "";
}

}  // namespace pretext
