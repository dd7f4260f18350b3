// What flows from one part of a pipeline to the next, one sample's worth of it.
//
//   image C×H×W
//   vector D
//   tokens L        ids below a vocabulary
//   sequence L×D
//   token scores    a sequence of D features at the masked positions, together with the decoder
//                   that turns them into scores over a vocabulary
#pragma once

#include <cstdint>
#include <string>

#include "core/tensor/shape.h"

namespace pretext {

struct FlowType {
  enum class Kind : uint8_t { kNothing, kImage, kVector, kTokens, kSequence, kTokenScores };

  Kind kind = Kind::kNothing;
  int64_t channels = 0, height = 0, width = 0;  // image
  int64_t features = 0;                         // vector, sequence, token scores
  int64_t tokens = 0;                           // tokens, sequence
  int64_t vocabulary = 0;                       // tokens, token scores
  bool masked = false;                          // tokens: some stand masked, targets of the loss

  static FlowType Image(int64_t channels, int64_t height, int64_t width);
  static FlowType Vector(int64_t features);
  static FlowType Tokens(int64_t tokens, int64_t vocabulary);
  static FlowType Sequence(int64_t tokens, int64_t features);
  static FlowType TokenScores(int64_t features, int64_t vocabulary);

  bool is(Kind k) const { return kind == k; }
  // Numbers in one sample: C·H·W, D, L, L·D.
  int64_t size() const;
  // A batch of n rows: n×C×H×W, n×D, n×L, n×L×D.
  Shape Batch(int64_t n) const;
  // "image 1×28×28", "vector 32", "tokens 128 of 8192", "masked tokens 128 of 8192", "sequence
  // 128×256", "token scores 8192"
  std::string ToString() const;

  friend bool operator==(const FlowType&, const FlowType&) = default;
};

}  // namespace pretext
