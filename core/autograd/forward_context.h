// What a forward pass needs to know beside its input.
#pragma once

#include <cstdint>

#include "base/check/check.h"
#include "base/random/random.h"
#include "core/autograd/precision.h"
#include "core/group/block_member.h"

namespace pretext {

// Over which rows batch normalisation takes its statistics.
enum class BatchNormScope : uint8_t {
  kAllViews,  // all V·N rows together (SimCLR: "global BN" over the batch of both views)
  kPerView,  // each view's N rows apart (one forward pass a view, as MoCo- and BYOL-like code does)
  kPerBlock,  // the rows of a block alone (context.block), as processes without synchronisation do
};

// Which part a pass goes through: its dropout masks have streams of their own.
enum class PassPart : uint8_t { kEncoder, kHead, kPredictor };

struct ForwardContext {
  bool training = false;  // with dropout and batch statistics; else with running statistics
  bool dropout = true;    // false: none, in training either
  // Dropout and stochastic depth as in training, all else as in evaluation.
  bool dropout_in_evaluation = false;
  // In training, running statistics are updated although the tape does not record: a teacher's.
  bool update_statistics = false;
  // Blocks of the encoder keep their input alone and are computed again on the way back
  // (core/autograd/gradient_checkpoint.h); the pass that does so leaves running statistics alone.
  bool gradient_checkpointing = false, recomputing = false;
  int64_t views = 1;  // the batch's V; rows are view-major
  BatchNormScope batch_norm = BatchNormScope::kAllViews;
  // Where the rows are a block of a batch that is computed in blocks; null where they are all there
  // is. Statistics of batch normalisation are then of all blocks' rows, unless they are kPerBlock.
  BlockMember* block = nullptr;
  // Of encoder, head and predictor; set on the tape by who passes a batch through them
  // (core/plugin/forward_pass.h).
  Precision precision = Precision::kFloat32;

  // Names the dropout masks of this pass.
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t step = 0;
  // The first row of this chunk within the whole batch: masks do not depend on the chunking.
  int64_t first_row = 0;

  PassPart part = PassPart::kEncoder;  // set likewise
  uint32_t group = 0;                  // of views, below 2^7
  bool teacher = false;                // the part is the teacher's

  bool drops() const { return (training || dropout_in_evaluation) && dropout; }
  // Whether statistics go over blocks, and whether this pass writes what blocks share.
  bool synchronises() const { return block != nullptr && batch_norm != BatchNormScope::kPerBlock; }
  bool writes_shared() const { return !recomputing && (block == nullptr || block->is_first()); }

  // The stream of one dropout layer; layers are numbered, below 2^14, by the part that owns them,
  // and steps are below 2^40.
  RandomKey DropoutKey(uint32_t layer) const {
    PRETEXT_CHECK(layer < 1u << 14, "a layer's number leaves the part's as it is");
    return {.seed = seed,
            .purpose = Purpose::kDropout,
            .epoch = epoch,
            .sample = static_cast<uint64_t>(2 * group + (teacher ? 1 : 0)) << 40 | step,
            .view = static_cast<uint32_t>(part) << 14 | layer};
  }
};

}  // namespace pretext
