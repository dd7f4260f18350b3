#include "evaluation/features/encode.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check/check.h"
#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/tensor/memory_pool.h"

namespace pretext {
namespace {

// The rows that `rows_of` makes of every batch, one below the other.
absl::StatusOr<Features> Gather(const Dataset& dataset, const EncodeOptions& options,
                                const std::vector<const Augmentation*>& chain, int64_t width,
                                const std::function<Tensor(const Batch&)>& rows_of) {
  int64_t count = dataset.size(options.split);
  if (options.limit > 0) count = std::min(count, options.limit);
  Features features{.count = count, .width = width};
  if (count == 0) return features;
  features.values.resize(count * width);
  if (dataset.labelled()) features.labels.resize(count);
  Loader loader(dataset, {.split = options.split,
                          .batch_size = options.batch_size,
                          .limit = options.limit,
                          .views = {chain},
                          .evaluation = true});
  int64_t row = 0, last_samples = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status status = options.work.Tell("features", static_cast<double>(row) / count);
    if (status.ok()) status = loader.Next(batch);
    if (!status.ok()) return status;
    // The tensors of a batch of another size are others: these and those are not kept.
    if (batch.samples != std::exchange(last_samples, batch.samples)) MemoryPool::Trim();
    const Tensor rows = rows_of(batch);
    PRETEXT_CHECK(rows.size() == batch.samples * width,
                  "one vector of the encoder's width a sample");
    std::copy_n(rows.data(), rows.size(), features.values.data() + row * width);
    if (dataset.labelled())
      std::copy_n(batch.labels.ints(), batch.samples, features.labels.data() + row);
    features.indices.insert(features.indices.end(), batch.indices.begin(), batch.indices.end());
    row += batch.samples;
  }
  return features;
}

}  // namespace

absl::StatusOr<Features> EncodeSplit(Encoder& encoder, const Dataset& dataset,
                                     const EncodeOptions& options) {
  return Gather(dataset, options, options.chain, encoder.features(),
                [&](const Batch& batch) { return PooledRows(encoder, batch, options.precision); });
}

absl::StatusOr<Features> RawSplit(const Dataset& dataset, const EncodeOptions& options) {
  return Gather(dataset, options, {}, dataset.type().size(),
                [](const Batch& batch) { return batch.input; });
}

}  // namespace pretext
