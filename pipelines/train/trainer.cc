#include "pipelines/train/trainer.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/autograd/gradient_norm.h"
#include "core/plugin/save_tokenizer.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/run/report.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// 0 of nothing.
double Mean(double sum, double weight) { return weight > 0 ? sum / weight : 0; }

LearningRateSchedule MakeSchedule(const Pipeline& config, int64_t batches_per_epoch,
                                  int64_t total_steps) {
  const auto& s = config.schedule();
  LearningRateSchedule schedule{.final_fraction = s.final_fraction(), .total_steps = total_steps};
  switch (s.decay()) {
    case Pipeline::Schedule::CONSTANT:
      schedule.decay = LearningRateSchedule::Decay::kConstant;
      break;
    case Pipeline::Schedule::LINEAR:
      schedule.decay = LearningRateSchedule::Decay::kLinear;
      break;
    case Pipeline::Schedule::COSINE:
      schedule.decay = LearningRateSchedule::Decay::kCosine;
      break;
  }
  if (s.has_warmup_epochs()) {
    schedule.warmup_steps =
        std::llround(s.warmup_epochs() * static_cast<double>(batches_per_epoch) /
                     static_cast<double>(config.train().accumulate()));
  } else {
    schedule.warmup_steps = s.warmup_steps();
  }
  return schedule;
}

}  // namespace

Trainer::Trainer(Assembled parts, RunDirectory run, Progress& progress,
                 const std::atomic<bool>& interrupted)
    : parts_(std::move(parts)),
      run_(std::move(run)),
      progress_(progress),
      interrupted_(interrupted) {}

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(Assembled parts, RunDirectory run,
                                                         Progress& progress,
                                                         const std::atomic<bool>& interrupted) {
  std::unique_ptr<Trainer> trainer(
      new Trainer(std::move(parts), std::move(run), progress, interrupted));
  if (absl::Status status = trainer->Prepare(); !status.ok()) return status;
  return trainer;
}

std::vector<Parameter*> Trainer::AllParameters() {
  std::vector<Parameter*> all;
  for (Parameter& p : parts_.encoder->parameters().parameters()) all.push_back(&p);
  for (Parameter& p : parts_.head->parameters().parameters()) all.push_back(&p);
  return all;
}

absl::Status Trainer::Prepare() {
  const Pipeline& config = *parts_.config;
  const auto& train = config.train();
  if (train.threads() > 0) omp_set_num_threads(train.threads());
  if (absl::Status status = parts_.dataset->Load(); !status.ok()) return status;
  progress_.Say(parts_.dataset->Summary());
  if (const Tokenizer* tokenizer = parts_.dataset->tokenizer()) {
    absl::Status status =
        SaveTokenizer(*tokenizer, absl::StrCat(run_.path(), "/", tokenizer->file_name()));
    if (!status.ok()) return status;
  }

  const int64_t samples = parts_.dataset->size(Split::kTrain);
  batches_per_epoch_ = train.drop_last() ? samples / train.batch_size()
                                         : (samples + train.batch_size() - 1) / train.batch_size();
  if (batches_per_epoch_ == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.batch_size: ", train.batch_size(), " is more than the ", samples,
                     " training samples; make it smaller, or set drop_last: false"));
  }
  total_steps_ =
      train.has_steps()
          ? train.steps()
          : std::max<int64_t>(1, train.epochs() * batches_per_epoch_ / train.accumulate());
  schedule_ = MakeSchedule(config, batches_per_epoch_, total_steps_);
  base_learning_rate_ = parts_.optimizer->learning_rate() * LearningRateScale(config);
  items_per_row_ = parts_.view.is(FlowType::Kind::kTokens) ? parts_.view.tokens : 1;

  loader_ =
      std::make_unique<Loader>(*parts_.dataset, LoaderOptions{.split = Split::kTrain,
                                                              .batch_size = train.batch_size(),
                                                              .shuffle = true,
                                                              .drop_last = train.drop_last(),
                                                              .seed = train.seed(),
                                                              .prefetch = train.prefetch(),
                                                              .views = parts_.chains,
                                                              .clean = parts_.loss->needs_clean()});
  parts_.encoder->parameters().Allocate("encoder", train.seed());
  parts_.head->parameters().Allocate("head", train.seed());
  parts_.optimizer->Attach(AllParameters());
  step_ = std::make_unique<TrainStep>(*parts_.encoder, *parts_.head, *parts_.loss, train.chunk());
  evaluation_ = std::make_unique<Evaluation>(parts_);
  return absl::OkStatus();
}

absl::Status Trainer::Resume() {
  absl::StatusOr<Cursor> cursor = LoadCheckpoint(
      run_.checkpoint_path(), {&parts_.encoder->parameters(), &parts_.head->parameters()},
      *parts_.optimizer);
  if (!cursor.ok()) return cursor.status();
  cursor_ = *cursor;
  loader_->Seek(cursor_.batches / batches_per_epoch_, cursor_.batches % batches_per_epoch_);
  return run_.TruncateMetrics(cursor_.step);
}

absl::Status Trainer::Save() {
  return SaveCheckpoint(run_.checkpoint_path(), cursor_,
                        {&parts_.encoder->parameters(), &parts_.head->parameters()},
                        *parts_.optimizer);
}

absl::Status Trainer::Step() {
  const Clock::time_point start = Clock::now();
  const auto& train = parts_.config->train();
  const int64_t step = cursor_.step + 1;
  const bool monitored = step % train.log_every() == 0 || step == 1;
  parts_.encoder->parameters().ZeroGradients();
  parts_.head->parameters().ZeroGradients();

  // A loss weighs what it is the mean of: gradients of sums, over the total weight, are the
  // gradient of the mean over all items. One batch's needs no weighing.
  const Reduction reduction = train.accumulate() > 1 ? Reduction::kSum : Reduction::kMean;
  double loss = 0, weight = 0;
  for (int64_t i = 0; i < train.accumulate(); ++i) {
    if (absl::Status status = loader_->Next(batch_); !status.ok()) return status;
    const ForwardContext context{
        .training = true,
        .views = batch_.views,
        .batch_norm = train.batch_norm() == Pipeline::Train::PER_VIEW ? BatchNormScope::kPerView
                                                                      : BatchNormScope::kAllViews,
        .seed = train.seed(),
        .epoch = static_cast<uint32_t>(cursor_.batches / batches_per_epoch_),
        .step = static_cast<uint64_t>(cursor_.batches)};
    StepResult result = step_->Run(batch_, context, reduction, monitored && i == 0);
    if (!result.non_finite.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the loss is ", result.loss, " at step ", step, ": ", result.non_finite,
          ". The last good checkpoint is kept; a smaller learning rate, a longer warmup or "
          "train { clip_norm: 1 } often helps"));
    }
    loss += result.weight * result.loss;
    weight += result.weight;
    ++cursor_.batches;
    items_ += batch_.samples * items_per_row_;
    if (monitored && i == 0) {
      last_metrics_.clear();
      for (const auto& [name, value] : result.metrics) last_metrics_.emplace_back(name, value);
      for (auto& metric : monitor_.Measure(result.h, result.z, batch_)) {
        last_metrics_.push_back(std::move(metric));
      }
    }
  }
  // Without any item loss and gradient are 0.
  double gradient_scale = reduction == Reduction::kSum && weight > 0 ? 1 / weight : 1;
  const std::vector<Parameter*> parameters = AllParameters();
  if (train.clip_norm() > 0) {
    last_gradient_norm_ = GlobalGradientNorm(parameters) * gradient_scale;
    if (!std::isfinite(last_gradient_norm_)) {
      return absl::FailedPreconditionError(absl::StrCat("the gradient is not finite at step ", step,
                                                        ": ", FirstNonFiniteGradient(parameters),
                                                        ". The last good checkpoint is kept"));
    }
    if (last_gradient_norm_ > train.clip_norm()) {
      gradient_scale *= train.clip_norm() / last_gradient_norm_;
    }
  }
  last_rate_ = base_learning_rate_ * schedule_.Factor(step);
  parts_.optimizer->Step(step, last_rate_, gradient_scale);
  cursor_.step = step;
  last_loss_ = Mean(loss, weight);
  loss_sum_ += loss;
  loss_weight_ += weight;
  seconds_ += SecondsSince(start);
  return absl::OkStatus();
}

absl::Status Trainer::LogStep() {
  items_per_second_ = seconds_ > 0 ? static_cast<double>(items_) / seconds_ : 0;
  std::vector<std::pair<std::string, double>> scalars = {{"loss", Mean(loss_sum_, loss_weight_)},
                                                         {"learning_rate", last_rate_},
                                                         {"items_per_second", items_per_second_}};
  const int64_t n = parts_.config->train().batch_size();
  if (const auto chance = parts_.loss->Chance(n, parts_.views()))
    scalars.emplace_back("loss_chance", *chance);
  if (const auto floor = parts_.loss->Floor(n, parts_.views()))
    scalars.emplace_back("loss_floor", *floor);
  if (parts_.config->train().clip_norm() > 0)
    scalars.emplace_back("gradient_norm", last_gradient_norm_);
  scalars.insert(scalars.end(), last_metrics_.begin(), last_metrics_.end());
  // The first steps look collapsed whatever follows.
  constexpr int64_t kSettled = 100;
  const std::vector<std::string> warnings =
      cursor_.step >= kSettled ? monitor_.Warnings(last_metrics_) : std::vector<std::string>();
  for (const std::string& warning : warnings) {
    if (std::find(warnings_.begin(), warnings_.end(), warning) != warnings_.end()) continue;
    warnings_.push_back(warning);
    progress_.Say(absl::StrCat("warning: ", warning));
  }
  loss_sum_ = 0;
  loss_weight_ = 0;
  items_ = 0;
  seconds_ = 0;
  return run_.Log(cursor_.step,
                  static_cast<double>(cursor_.batches) / static_cast<double>(batches_per_epoch_),
                  "", scalars);
}

void Trainer::ShowProgress(bool force) {
  const auto total = loader_->seconds_waiting() + loader_->seconds_augmenting();
  ProgressState state{
      .step = cursor_.step,
      .total_steps = total_steps_,
      .epoch =
          std::max<int64_t>(1, (cursor_.batches + batches_per_epoch_ - 1) / batches_per_epoch_),
      .total_epochs =
          (total_steps_ * parts_.config->train().accumulate() + batches_per_epoch_ - 1) /
          batches_per_epoch_,
      .loss = loss_weight_ > 0 ? loss_sum_ / loss_weight_ : last_loss_,
      .items_per_second = seconds_ > 0 ? static_cast<double>(items_) / seconds_ : items_per_second_,
      .item = items_per_row_ > 1 ? "tokens" : "samples"};
  if (training_seconds_ > 0 && total / training_seconds_ >= 0.01) {
    state.extra = absl::StrFormat("(%.0f %% data)", 100 * total / training_seconds_);
  }
  progress_.Show(state, force);
}

absl::Status Trainer::EvaluateNow(bool last) {
  absl::StatusOr<Figures> figures = evaluation_->Run(last);
  if (!figures.ok()) return figures.status();
  figures_ = *std::move(figures);
  progress_.Say(FormatFigures(figures_));
  for (const std::string& warning : figures_.warnings)
    progress_.Say(absl::StrCat("warning: ", warning));
  return run_.Log(cursor_.step,
                  static_cast<double>(cursor_.batches) / static_cast<double>(batches_per_epoch_),
                  "eval", figures_.values);
}

absl::Status Trainer::WriteReport() {
  const absl::StatusOr<std::string> metrics = ReadFile(run_.metrics_path());
  if (!metrics.ok()) return metrics.status();
  const absl::StatusOr<std::string> pipeline = ReadFile(run_.pipeline_path());
  if (!pipeline.ok()) return pipeline.status();
  return WriteFileAtomically(run_.report_path(),
                             ReportHtml(parts_.config->name(), *metrics, *pipeline));
}

absl::StatusOr<TrainOutcome> Trainer::Run() {
  const Pipeline& config = *parts_.config;
  if (config.output().tensorboard()) {
    if (absl::Status status = run_.StartTensorBoard(); !status.ok()) return status;
  }
  // A run that was ended between its last step and its evaluation.
  if (cursor_.step >= total_steps_) {
    if (absl::Status status = EvaluateNow(true); !status.ok()) return status;
  }
  while (cursor_.step < total_steps_) {
    const int64_t epoch_before = cursor_.batches / batches_per_epoch_;
    const Clock::time_point start = Clock::now();
    if (absl::Status status = Step(); !status.ok()) return status;
    training_seconds_ += SecondsSince(start);
    const bool last = cursor_.step == total_steps_;
    const int64_t epoch = cursor_.batches / batches_per_epoch_;
    const bool epoch_ended = epoch > epoch_before;
    ShowProgress(epoch_ended || last);
    if (cursor_.step % config.train().log_every() == 0 || last) {
      if (absl::Status status = LogStep(); !status.ok()) return status;
    }
    const int64_t every = config.train().checkpoint_every_steps();
    const bool interrupted = interrupted_.load(std::memory_order_relaxed);
    if (epoch_ended || last || interrupted || (every > 0 && cursor_.step % every == 0)) {
      if (absl::Status status = Save(); !status.ok()) return status;
    }
    if (interrupted && !last) {
      progress_.Say(absl::StrCat("Stopped at step ", cursor_.step, " of ", total_steps_,
                                 "; the checkpoint is written. Go on with: pretext train --resume ",
                                 run_.path()));
      return TrainOutcome::kInterrupted;
    }
    const int64_t evaluate_every = config.evaluate().every_epochs();
    if (last || (epoch_ended && evaluate_every > 0 && epoch % evaluate_every == 0)) {
      if (absl::Status status = EvaluateNow(last); !status.ok()) return status;
    }
  }
  if (config.output().report()) {
    if (absl::Status status = WriteReport(); !status.ok()) return status;
  }
  return TrainOutcome::kFinished;
}

}  // namespace pretext
