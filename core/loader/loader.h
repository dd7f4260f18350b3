// Loader: the batches of a split, in an order that is a function of (seed, epoch),
// with their views.
//
// Samples are fetched (from disk, decompressed) on a thread of the loader's own, some batches
// ahead; pictures are decoded and augmentations run in an OpenMP team on the caller's thread, where
// the cores are free between two steps. What a batch holds depends on nothing but the options, the
// epoch and its number: any batch can be reached in constant time and comes out the same.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "core/flow/batch.h"
#include "core/plugin/augmentation.h"
#include "core/plugin/dataset.h"

namespace pretext {

// The most augmentations of a chain, whose random numbers can be told apart.
inline constexpr int64_t kMaxAugmentations = 256;

// What a fetched sample becomes as view `view` of epoch `epoch`: augmentation i of the chain draws
// from {seed, Purpose::kAugmentation, epoch, index, view << 8 | i}. The first is given the picture
// as it is where it takes that and the sample has it; else the sample has values. After an error,
// that of the picture, the row is of no use.
absl::Status MakeView(const std::vector<const Augmentation*>& chain, uint64_t seed, int64_t epoch,
                      int64_t view, const Sample& sample, Sample& row);

struct LoaderOptions {
  Split split = Split::kTrain;
  int64_t batch_size = 1;  // N
  bool shuffle = false;    // another order each epoch, by Purpose::kShuffle; else by index
  // The share of each batch that is read: block `block` of `blocks` (core/group/block_member.h).
  int block = 0, blocks = 1;
  bool drop_last = false;  // leave out the last batch of an epoch when it is not full
  uint64_t seed = 0;
  // Only so many samples of the split, drawn at random and the same at every time, each class with
  // its share (core/flow/by_class.h): never the first ones of what may be sorted. 0: all.
  int64_t limit = 0;
  int prefetch = 2;  // batches read ahead
  // One chain of augmentations a view, V >= 1; an empty chain gives the sample as it is.
  std::vector<std::vector<const Augmentation*>> views = {{}};
  // How many of them each group has (Batch::groups); one group or none: all views are alike.
  std::vector<int64_t> groups = {};
  // Augmentation::ApplyInEvaluation instead of Apply: no patch of an image stands masked.
  bool evaluation = false;
  bool clean = false;  // fill Batch::clean
};

class BatchReader;

class Loader {
 public:
  // The dataset and the augmentations outlive the loader; the dataset is loaded.
  Loader(const Dataset& dataset, LoaderOptions options);
  ~Loader();

  int64_t samples() const;  // in an epoch, those of dropped batches included
  int64_t batches_per_epoch() const;

  // The next Next() gives this batch.
  void Seek(int64_t epoch, int64_t batch);
  // The next batch; goes on into the next epoch by itself. An error of Dataset::Read
  // is returned as it is, an exception of a library in it (no memory) is thrown here.
  absl::Status Next(Batch& batch);

  // Samples of the latest batch as a whole, of which a block was read.
  int64_t samples_of_batch() const { return samples_of_batch_; }

  // Seconds that Next() has waited for samples, and those it spent augmenting them.
  double seconds_waiting() const { return seconds_waiting_; }
  double seconds_augmenting() const { return seconds_augmenting_; }

 private:
  LoaderOptions options_;
  // Packs rows_ from the first view on into the batch, all of whose views are alike.
  void Pack(int64_t first_view, Batch& batch) const;

  std::vector<FlowType> types_;  // of an augmented sample, by view
  std::unique_ptr<BatchReader> reader_;
  std::vector<Sample> rows_;  // of the batch being made; they keep their memory
  int64_t samples_of_batch_ = 0;
  double seconds_waiting_ = 0;
  double seconds_augmenting_ = 0;
};

}  // namespace pretext
