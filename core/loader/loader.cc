#include "core/loader/loader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "base/check/check.h"
#include "base/random/permutation.h"
#include "core/flow/by_class.h"
#include "core/flow/picture_source.h"
#include "core/group/block_member.h"
#include "core/loader/content_sums.h"

namespace pretext {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The samples of one batch as they were read.
struct RawBatch {
  int64_t epoch = 0;
  int64_t whole = 0;  // samples of all of its blocks
  std::vector<Sample> samples;
  absl::Status status;
  std::exception_ptr thrown;  // by a library while they were read
};

}  // namespace

// Reads batches in order on a thread of its own, at most `prefetch` ahead.
class Loader::Reader {
 public:
  Reader(const Dataset& dataset, const LoaderOptions& options)
      : dataset_(dataset), options_(options) {
    samples_ = dataset.size(options.split);
    if (options.limit > 0 && options.limit < samples_) {
      std::vector<int32_t> labels = LabelsOf(dataset, options.split);
      labels.resize(static_cast<size_t>(samples_), -1);  // one class where there are none
      drawn_ = DrawByClass(labels, options.limit, /*leaves_one=*/false,
                           {.purpose = Purpose::kEvaluation});
      samples_ = options.limit;
    }
    batches_ = options.drop_last ? samples_ / options.batch_size
                                 : (samples_ + options.batch_size - 1) / options.batch_size;
  }
  ~Reader() { Stop(); }

  int64_t samples() const { return samples_; }
  int64_t batches() const { return batches_; }

  void Seek(int64_t epoch, int64_t batch) {
    Stop();
    for (RawBatch& raw : ready_) spare_.push_back(std::move(raw));
    ready_.clear();
    epoch_ = epoch + batch / batches_;
    batch_ = batch % batches_;
  }

  RawBatch Take() {
    if (!thread_.joinable()) {
      stopping_ = false;
      thread_ = std::thread([this] { Run(); });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_.empty(); });
    RawBatch raw = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return raw;
  }

  // Takes a used batch back: its vectors keep their memory.
  void GiveBack(RawBatch raw) {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(raw));
  }

 private:
  void Stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Run() {
    for (;;) {
      RawBatch raw;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
          return stopping_ || ready_.size() < static_cast<size_t>(std::max(1, options_.prefetch));
        });
        if (stopping_) return;
        if (!spare_.empty()) {
          raw = std::move(spare_.back());
          spare_.pop_back();
        }
      }
      raw.thrown = nullptr;
      try {
        Read(raw);
      } catch (...) {
        raw.thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(raw));
      changed_.notify_all();
    }
  }

  void Read(RawBatch& raw) {
    const RandomKey key{.seed = options_.seed,
                        .purpose = Purpose::kShuffle,
                        .epoch = static_cast<uint32_t>(epoch_)};
    const Permutation order(key, samples_);
    const int64_t first = batch_ * options_.batch_size;
    const int64_t whole = std::min(options_.batch_size, samples_ - first);
    const int64_t begin = first + FirstSample(whole, options_.block, options_.blocks);
    const int64_t count = first + FirstSample(whole, options_.block + 1, options_.blocks) - begin;
    raw.epoch = epoch_;
    raw.whole = whole;
    raw.status = absl::OkStatus();
    raw.samples.resize(static_cast<size_t>(count));
    for (int64_t i = 0; i < count && raw.status.ok(); ++i) {
      int64_t index = options_.shuffle ? order[begin + i] : begin + i;
      if (!drawn_.empty()) index = drawn_[static_cast<size_t>(index)];
      raw.status = dataset_.Fetch(options_.split, index, raw.samples[static_cast<size_t>(i)]);
    }
    if (++batch_ == batches_) {
      batch_ = 0;
      ++epoch_;
    }
  }

  const Dataset& dataset_;
  const LoaderOptions& options_;
  int64_t samples_ = 0, batches_ = 0;
  std::vector<int64_t> drawn_;     // of a limited split: the samples' indices, rising
  int64_t epoch_ = 0, batch_ = 0;  // of the next batch to read; the thread's while it runs

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RawBatch> ready_;
  std::vector<RawBatch> spare_;
  bool stopping_ = false;
  std::thread thread_;
};

namespace {

// The bytes of a sample's main data.
void CopyRow(const Sample& sample, int64_t row, int64_t size, Tensor& target) {
  if (target.dtype() == DType::kInt32) {
    PRETEXT_CHECK(static_cast<int64_t>(sample.tokens.size()) == size,
                  "a sample of its type's size");
    std::memcpy(target.ints() + row * size, sample.tokens.data(), static_cast<size_t>(size) * 4);
  } else {
    PRETEXT_CHECK(static_cast<int64_t>(sample.values.size()) == size,
                  "a sample of its type's size");
    std::memcpy(target.data() + row * size, sample.values.data(), static_cast<size_t>(size) * 4);
  }
}

Tensor NewRows(const FlowType& type, int64_t rows) {
  return Tensor::Uninitialized(type.Batch(rows),
                               type.is(FlowType::Kind::kTokens) ? DType::kInt32 : DType::kFloat32);
}

// Lengths, segments and masked positions of token batches.
void PackTokens(std::span<const Sample> rows, Batch& batch) {
  const int64_t count = batch.rows(), length = batch.type.tokens;
  batch.lengths = Tensor::Uninitialized({count}, DType::kInt32);
  bool segments = false;
  int64_t masked = 0;
  for (int64_t r = 0; r < count; ++r) {
    const Sample& row = rows[static_cast<size_t>(r)];
    batch.lengths.ints()[r] = row.length;
    segments |= !row.segments.empty();
    masked += static_cast<int64_t>(row.targets.size());
  }
  batch.segments = segments ? Tensor::Zeros({count, length}, DType::kInt32) : Tensor();
  batch.masked_positions = Tensor::Uninitialized({masked}, DType::kInt32);
  batch.masked_ids = Tensor::Uninitialized({masked}, DType::kInt32);
  int64_t m = 0;
  for (int64_t r = 0; r < count; ++r) {
    const Sample& row = rows[static_cast<size_t>(r)];
    if (!row.segments.empty()) {
      std::copy(row.segments.begin(), row.segments.end(), batch.segments.ints() + r * length);
    }
    for (const Sample::Target& target : row.targets) {
      batch.masked_positions.ints()[m] = static_cast<int32_t>(r * length + target.position);
      batch.masked_ids.ints()[m++] = target.id;
    }
  }
}

// Which patches of image batches stand masked.
void PackPatches(std::span<const Sample> rows, Batch& batch) {
  const int64_t count = batch.rows(), patches = batch.type.tokens;
  const int64_t masked = patches - batch.type.kept;  // of each
  batch.masked_positions = Tensor::Uninitialized({count * masked}, DType::kInt32);
  int32_t* next = batch.masked_positions.ints();
  for (int64_t r = 0; r < count; ++r) {
    const Sample& row = rows[static_cast<size_t>(r)];
    PRETEXT_CHECK(static_cast<int64_t>(row.masked_patches.size()) == masked,
                  "as many masked patches as its type says");
    for (const int32_t patch : row.masked_patches)
      *next++ = static_cast<int32_t>(r * patches + patch);
  }
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
    : options_(std::move(options)), reader_(std::make_unique<Reader>(dataset, options_)) {
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
