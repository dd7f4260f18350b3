#include "pipelines/assembly/description.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/text/counted.h"
#include "base/unicode/unicode.h"
#include "core/plugin/registry.h"
#include "evaluation/figures/figures.h"
#include "google/protobuf/any.pb.h"
#include "kernels/onednn/has_bfloat16.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::Any;
using Row = std::array<std::string, 5>;

std::string NameOf(const Any& any) {
  const Plugin* plugin = FindPlugin(TypeNameOf(any));
  return plugin == nullptr ? any.type_url() : plugin->ShortName();
}

template <class Anys>
std::string NamesOf(const Anys& anys) {
  return absl::StrJoin(anys, ", ",
                       [](std::string* out, const Any& any) { out->append(NameOf(any)); });
}

std::string CountOf(const ParameterSet& parameters) {
  return Counted(static_cast<int64_t>(ParameterCount(parameters)));
}

size_t Width(const std::string& text) { return static_cast<size_t>(CountCodePoints(text)); }

// Columns as wide as their widest cell, the last one (numbers) to the right.
std::string Table(const std::vector<Row>& rows) {
  std::array<size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - Width(row[i]), ' ');
      const bool right = i + 1 == row.size();
      absl::StrAppend(&line, i == 0 ? "" : "  ", right ? padding : "", row[i],
                      right ? "" : padding);
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return text;
}

std::string Length(const Pipeline::Train& train) {
  return train.has_epochs()
             ? absl::StrCat(Counted(train.epochs()), train.epochs() == 1 ? " epoch" : " epochs")
             : absl::StrCat(Counted(train.steps()), train.steps() == 1 ? " step" : " steps");
}

std::string Warmup(const Pipeline::Schedule& schedule) {
  if (schedule.warmup_steps() > 0) {
    return absl::StrCat(", warmup of ", Counted(schedule.warmup_steps()),
                        schedule.warmup_steps() == 1 ? " step" : " steps");
  }
  if (schedule.warmup_epochs() > 0) {
    return absl::StrCat(", warmup of ", schedule.warmup_epochs(),
                        schedule.warmup_epochs() == 1 ? " epoch" : " epochs");
  }
  return "";
}

// "0.001, cosine to 0, warmup of 1 epoch"
std::string LearningRate(const Pipeline& config, double base) {
  const Pipeline::Schedule& schedule = config.schedule();
  const double rate = base * LearningRateScale(config);
  std::string text = absl::StrCat(rate);
  if (rate != base) absl::StrAppend(&text, " (", base, " scaled for the batch)");
  absl::StrAppend(&text, ", ",
                  absl::AsciiStrToLower(Pipeline::Schedule::Decay_Name(schedule.decay())));
  if (schedule.decay() != Pipeline::Schedule::CONSTANT) {
    absl::StrAppend(&text, " to ", rate * schedule.final_fraction());
  }
  return absl::StrCat(text, Warmup(schedule));
}

// A line where batch normalisation does not take its statistics over the whole batch.
std::string Statistics(const Assembled& parts) {
  const Pipeline::Train& train = parts.config->train();
  const int64_t rows = train.batch_size() * parts.views();
  if (!HasBatchStatistics(parts)) return "";
  if (IsChunked(parts, train.batch_size())) {
    return absl::StrCat("statistics     batch normalisation takes those of each chunk of ",
                        Counted(train.chunk()), " rows, not of the batch's ", Counted(rows),
                        ": another model than without chunk\n");
  }
  if (train.batch_norm() == Pipeline::Train::PER_BLOCK) {
    return absl::StrCat("statistics     batch normalisation takes those of each of ",
                        train.blocks(), " blocks, ",
                        Counted(StatisticsRows(parts, train.batch_size())), " rows or more\n");
  }
  if (train.batch_norm() == Pipeline::Train::PER_VIEW && parts.views() > 1) {
    return absl::StrCat("statistics     batch normalisation takes those of each view's ",
                        Counted(train.batch_size()), " rows\n");
  }
  return "";
}

// A line where a batch is computed in blocks.
std::string Blocks(const Assembled& parts) {
  const Pipeline::Train& train = parts.config->train();
  if (train.blocks() == 0) return "";
  return absl::StrCat("blocks         ", train.blocks(), " a batch: the same bits for 1 to ",
                      train.blocks(), " processes\n");
}

// A line where values are computed again rather than kept.
std::string Recomputed(const Assembled& parts) {
  if (!parts.config->train().gradient_checkpointing()) return "";
  return "checkpointing  the encoder's blocks are computed again on the way back\n";
}

// A line where products are not float32's.
std::string Numbers(const Assembled& parts) {
  if (parts.precision() == Precision::kFloat32) return "";
  return absl::StrCat(
      "precision      products of encoder and head in bfloat16, sums and weights in float32\n",
      HasBfloat16() ? ""
                    : "               this processor does not multiply bfloat16 (AVX-512 BF16 or "
                      "AMX): slower than FP32\n");
}

// Of the parameters, what `freeze` keeps from training.
std::string Frozen(const Assembled& parts) {
  const auto& names = parts.config->freeze();
  if (names.empty()) return "";
  return absl::StrCat(", of these frozen ", Counted(FrozenCount(parts)), " (",
                      absl::StrJoin(names, ", "), ")");
}

// A row for each of the views that have augmentations of their own.
template <class Views>
void AddViews(const Views& views, const FlowType& type, absl::string_view indent,
              std::vector<Row>& rows) {
  for (int v = 0; v < views.size(); ++v) {
    const std::string own = NamesOf(views[v].augmentation());
    rows.push_back({absl::StrCat(indent, "view ", v + 1), own.empty() ? "as it is" : own, "",
                    type.ToString(), ""});
  }
}

// "teacher        momentum 0.99 to 1, after each step, sees global"
std::string Taught(const Assembled& parts) {
  if (parts.teacher == nullptr) return "";
  const TeacherOptions& options = parts.teacher->options();
  const auto& views = parts.config->teacher().views();
  return absl::StrCat(
      "teacher        momentum ", options.momentum.from,
      options.momentum.to == options.momentum.from ? "" : absl::StrCat(" to ", options.momentum.to),
      options.before_forward ? ", before each step" : ", after each step",
      options.buffers_follow ? ", buffers follow" : "",
      options.kept ? ", is evaluated and kept" : "",
      views.empty() ? "" : absl::StrCat(", sees ", absl::StrJoin(views, ", ")), "\n");
}

// How the best checkpoint is chosen.
std::string Best(const Assembled& parts) {
  const std::string& best = parts.config->checkpoints().best();
  const absl::StatusOr<std::string> figure = FigureToChooseBy(best, FactsOfEvaluation(parts));
  if (best.empty() || !figure.ok()) return "";
  std::string text = absl::StrCat("best           the checkpoint with the ",
                                  HigherIsBetter(*figure) ? "highest " : "lowest ", *figure);
  if (parts.config->evaluate().every_epochs() == 0)
    absl::StrAppend(&text, ", which is measured at the end alone: see evaluate.every_epochs");
  return text + "\n";
}

// Lines on what the encoder has chosen by its input, on how the best checkpoint is chosen and on
// weights from elsewhere.
std::string Notes(const Assembled& parts) {
  std::string text;
  const std::string chosen = parts.encoder->chosen();
  if (!chosen.empty()) absl::StrAppend(&text, "encoder        ", chosen, "\n");
  absl::StrAppend(&text, Taught(parts), Best(parts));
  if (parts.initialization == nullptr) return text;
  for (const std::string& note : parts.initialization->notes())
    absl::StrAppend(&text, "initialize     ", note, "\n");
  return text;
}

}  // namespace

std::string DescribePipeline(const Assembled& parts) {
  const Pipeline& config = *parts.config;
  std::vector<Row> rows = {{"part", "plugin", "input", "output", "parameters"}};
  rows.push_back({"dataset", NameOf(config.dataset()), "", parts.sample.ToString(), ""});
  const std::string common = NamesOf(config.views().augmentation());
  rows.push_back({absl::StrCat(parts.views(), parts.views() == 1 ? " view" : " views"),
                  common.empty() ? "as they are" : common, parts.sample.ToString(),
                  parts.view.ToString(), ""});
  AddViews(config.views().view(), parts.view, "  ", rows);
  for (int g = 0; g < config.views().group_size(); ++g) {
    const Pipeline::Group& group = config.views().group(g);
    const FlowType& type = parts.groups[static_cast<size_t>(g)].type;
    const std::string own = NamesOf(group.augmentation());
    rows.push_back({absl::StrCat("  ", group.count(), " ", group.name()),
                    own.empty() ? "as they are" : own, "", type.ToString(), ""});
    AddViews(group.view(), type, "    ", rows);
  }
  const std::string h = parts.encoder->output().ToString();
  const std::string z = parts.head->output().ToString();
  rows.push_back({"encoder", NameOf(config.encoder()), parts.view.ToString(), h,
                  CountOf(parts.encoder->parameters())});
  rows.push_back({"head", NameOf(config.head()), h, z, CountOf(parts.head->parameters())});
  std::string value = z;
  if (parts.predictor != nullptr) {
    value = parts.predictor->output().ToString();
    rows.push_back({"predictor", NameOf(config.predictor()), z, value,
                    CountOf(parts.predictor->parameters())});
  }
  rows.push_back({"loss", NameOf(config.loss()), value, "a number",
                  parts.loss->parameters().count() > 0 ? CountOf(parts.loss->parameters()) : ""});
  rows.push_back({"optimizer", NameOf(config.optimizer()), "", "", ""});

  const Pipeline::Train& train = config.train();
  const int64_t batch = train.batch_size() * train.accumulate();
  double count = 0;
  for (const Model::NamedSet& part : parts.trained_sets()) count += ParameterCount(*part.set);
  return absl::StrCat(config.name(), "\n\n", Table(rows), "\n", Notes(parts), "training       ",
                      Length(train), ", ", Counted(batch), " samples an update, seed ",
                      train.seed(), "\n", Numbers(parts), Recomputed(parts), Blocks(parts),
                      Statistics(parts), "learning rate  ",
                      LearningRate(config, parts.optimizer->learning_rate()), "\n",
                      "parameters     ", Counted(static_cast<int64_t>(count)), Frozen(parts), "\n");
}

}  // namespace pretext
