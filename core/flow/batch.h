// One sample, and a batch of samples with their views, as they flow from a dataset to the loss.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/flow/flow_type.h"
#include "core/tensor/tensor.h"

namespace pretext {

class PictureSource;

// One sample on its way through the augmentations. Which fields count follows from its FlowType.
// Reused from sample to sample, so that vectors keep their memory.
struct Sample {
  struct Target {
    int32_t position;  // of the token within the sample
    int32_t id;        // what it was before masking
  };

  int64_t index = 0;   // within the dataset's split
  int32_t label = -1;  // class, -1 if unknown
  FlowType type;       // of the data below; an augmentation that resizes changes it

  std::vector<float> values;  // image (C×H×W, [0, 1] unless type.range says otherwise) or vector
  std::vector<int32_t> tokens;          // L ids, padded
  int32_t length = 0;                   // tokens before the padding
  std::vector<int32_t> segments;        // L segment ids, or empty: all 0
  std::vector<Target> targets;          // the masked tokens, by position
  std::vector<int32_t> masked_patches;  // of an image whose type is masked, ascending

  // Of a picture that was fetched (Dataset::Fetch) and whose values are still to be made: by the
  // first augmentation, or by MakeValues (core/flow/picture_source.h).
  std::shared_ptr<PictureSource> source;
};

// N samples with V views each. Rows are view-major: row v·N + n is view v of sample n.
//
// Where views come in groups, of sizes of their own, `groups` holds a batch for each, all of the
// same samples; `views` counts all of them, and what goes by rows is the groups' alone.
struct Batch {
  int64_t samples = 0;  // N
  int64_t views = 1;    // V
  FlowType type;        // of a row of `input`

  std::vector<Batch> groups;  // empty: one group, this

  Tensor input;  // [V·N, ...]: float32, or int32 ids for tokens

  Tensor clean;   // [N, ...] the samples before augmentation; may share memory with input
  Tensor labels;  // [N] int32, -1 where it is not known

  Tensor lengths;           // [V·N] int32, tokens before the padding (tokens only)
  Tensor segments;          // [V·N, L] int32, or undefined: all 0
  Tensor masked_positions;  // [M] int32, row·L + position, ascending (masked tokens or patches)
  Tensor masked_ids;        // [M] int32, the ids that stood there (tokens only)

  // [M] int32, row·L + position, ascending: the tokens whose h is read by what follows. An encoder
  // of sequences may give [M, D] of these alone and leave out the rest of its last layer.
  // Undefined: all. Set by Forward (core/plugin/forward_pass.h).
  Tensor read_rows;

  std::vector<int64_t> indices;  // [N] of the samples in their split

  int64_t rows() const { return samples * views; }
  // M; 0 where nothing is masked.
  int64_t masked() const { return masked_positions.defined() ? masked_positions.size() : 0; }
};

}  // namespace pretext
