#include "core/loader/loader.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <span>
#include <utility>

#include "base/check/check.h"
#include "core/flow/picture_source.h"
#include "core/loader/batch_reader.h"
#include "core/loader/pack.h"

namespace pretext {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

absl::Status MakeView(const std::vector<const Augmentation*>& chain, uint64_t seed, int64_t epoch,
                      int64_t view, const Sample& sample, Sample& row) {
  PRETEXT_CHECK(static_cast<int64_t>(chain.size()) <= kMaxAugmentations && view < 1 << 8,
                "a view and an augmentation have their bits in a stream's name");
  row = sample;  // vectors keep their memory
  if (!TakesSource(chain)) row.source.reset();
  for (size_t i = 0; i < chain.size(); ++i) {
    Random random({.seed = seed,
                   .purpose = Purpose::kAugmentation,
                   .epoch = static_cast<uint32_t>(epoch),
                   .sample = static_cast<uint64_t>(sample.index),
                   .view = static_cast<uint32_t>(view << 8 | static_cast<int64_t>(i))});
    chain[i]->Apply(row, random);
    if (row.source == nullptr) continue;
    // What comes next works on what was taken.
    const std::shared_ptr<PictureSource> source = std::exchange(row.source, nullptr);
    if (!source->status().ok()) return source->status();
  }
  return absl::OkStatus();
}

Loader::Loader(const Dataset& dataset, LoaderOptions options)
    : options_(std::move(options)), reader_(std::make_unique<BatchReader>(dataset, options_)) {
  PRETEXT_CHECK(!options_.views.empty() && options_.batch_size > 0,
                "a loader has views and a batch size");
  PRETEXT_CHECK(reader_->batches() > 0, "a loader has at least one batch an epoch");
  for (const auto& chain : options_.views)
    types_.push_back(chain.empty() ? dataset.type() : chain.back()->output());
  if (options_.evaluation) {
    for (FlowType& type : types_) type = type.Whole();
  }
  if (options_.groups.empty()) options_.groups = {static_cast<int64_t>(options_.views.size())};
}

Loader::~Loader() = default;

int64_t Loader::samples() const { return reader_->samples(); }
int64_t Loader::batches_per_epoch() const { return reader_->batches(); }
void Loader::Seek(int64_t epoch, int64_t batch) { reader_->Seek(epoch, batch); }

void Loader::Pack(int64_t first_view, Batch& batch) const {
  batch.type = types_[static_cast<size_t>(first_view)];
  batch.input = NewRows(batch.type, batch.rows());
  const int64_t size = batch.type.size();
  const auto rows = std::span(rows_).subspan(static_cast<size_t>(first_view * batch.samples),
                                             static_cast<size_t>(batch.rows()));
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < batch.rows(); ++r)
    CopyRow(rows[static_cast<size_t>(r)], r, size, batch.input);
  if (batch.type.is(FlowType::Kind::kTokens)) PackTokens(rows, batch);
  if (batch.type.masked_patches()) PackPatches(rows, batch);
}

absl::Status Loader::Next(Batch& batch) {
  const Clock::time_point start = Clock::now();
  RawBatch raw = reader_->Take();
  seconds_waiting_ += SecondsSince(start);
  // On the thread that asked, where there is somebody to catch it.
  if (raw.thrown != nullptr) std::rethrow_exception(raw.thrown);
  if (!raw.status.ok()) return raw.status;

  const Clock::time_point augmenting = Clock::now();
  const auto samples = static_cast<int64_t>(raw.samples.size());
  const auto views = static_cast<int64_t>(options_.views.size());
  PRETEXT_CHECK(samples > 0, "a block of a batch has a sample");
  const FlowType clean_type = raw.samples[0].type;
  samples_of_batch_ = raw.whole;
  batch.samples = samples;
  batch.views = views;
  batch.labels = Tensor::Uninitialized({samples}, DType::kInt32);
  batch.indices.resize(static_cast<size_t>(samples));
  const bool untouched = views == 1 && options_.views[0].empty();
  batch.clean = Tensor();
  if (options_.clean && !untouched) batch.clean = NewRows(clean_type, samples);
  rows_.resize(std::max(rows_.size(), static_cast<size_t>(samples * views)));

  // Views of pictures as they are need no values of the whole.
  bool whole = options_.clean || options_.evaluation;
  for (const auto& chain : options_.views) whole |= !TakesSource(chain);

  absl::Status status;  // of the first sample that failed
  int64_t failed_at = samples;

#pragma omp parallel for schedule(dynamic, 4)
  for (int64_t n = 0; n < samples; ++n) {
    Sample& sample = raw.samples[static_cast<size_t>(n)];
    absl::Status made;
    if (whole) made = MakeValues(sample);
    batch.labels.ints()[n] = sample.label;
    batch.indices[static_cast<size_t>(n)] = sample.index;
    if (made.ok() && options_.clean && !untouched)
      CopyRow(sample, n, clean_type.size(), batch.clean);
    for (int64_t v = 0; v < views && made.ok(); ++v) {
      Sample& row = rows_[static_cast<size_t>(v * samples + n)];
      const auto& chain = options_.views[static_cast<size_t>(v)];
      if (options_.evaluation) {
        row = sample;
        row.source.reset();
        for (const Augmentation* augmentation : chain) augmentation->ApplyInEvaluation(row);
      } else {
        made = MakeView(chain, options_.seed, raw.epoch, v, sample, row);
      }
    }
    if (!made.ok()) {
#pragma omp critical
      if (n < failed_at) {
        status = made;
        failed_at = n;
      }
    }
    sample.source.reset();
  }
  if (!status.ok()) return status;
  if (options_.groups.size() == 1) {
    Pack(0, batch);
    if (options_.clean && untouched) batch.clean = batch.input;
  } else {
    batch.type = types_.front();
    batch.groups.resize(options_.groups.size());
    int64_t first = 0;
    for (size_t g = 0; g < options_.groups.size(); ++g) {
      Batch& group = batch.groups[g];
      group.samples = samples;
      group.views = options_.groups[g];
      group.labels = batch.labels;
      Pack(first, group);
      first += group.views;
    }
  }
  reader_->GiveBack(std::move(raw));
  seconds_augmenting_ += SecondsSince(augmenting);
  return absl::OkStatus();
}

}  // namespace pretext
