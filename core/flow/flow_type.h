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
#include <limits>
#include <optional>
#include <string>

#include "core/tensor/shape.h"

namespace pretext {

// What numbers can be: those from low to high.
struct ValueRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  // Whether all of the other's numbers are among these.
  bool Holds(const ValueRange& other) const { return low <= other.low && other.high <= high; }
  // "[0, 1]", "[0, inf]"
  std::string ToString() const;

  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};
inline constexpr ValueRange kUnitRange{0, 1};

// The least range that holds both.
ValueRange Union(const ValueRange& a, const ValueRange& b);

struct FlowType {
  enum class Kind : uint8_t { kNothing, kImage, kVector, kTokens, kSequence, kTokenScores };

  Kind kind = Kind::kNothing;
  int64_t channels = 0, height = 0, width = 0;  // image
  // Image whose patches stand masked: the edge of a patch, `tokens` patches by rows, of which
  // `kept` are not masked, as many in each sample.
  int64_t patch = 0, kept = 0;
  int64_t features = 0;    // vector, sequence, token scores
  int64_t tokens = 0;      // tokens, sequence; patches of a masked image
  int64_t vocabulary = 0;  // tokens, token scores
  bool masked = false;     // some stand masked, targets of the loss
  // Image, vector: what its values can be, where that is known. A part that gives other values than
  // it takes says so; one that takes [0, 1] alone looks here.
  std::optional<ValueRange> range;

  static FlowType Image(int64_t channels, int64_t height, int64_t width);
  static FlowType Vector(int64_t features);
  static FlowType Tokens(int64_t tokens, int64_t vocabulary);
  static FlowType Sequence(int64_t tokens, int64_t features);
  static FlowType TokenScores(int64_t features, int64_t vocabulary);

  bool is(Kind k) const { return kind == k; }
  // Whether it is an image some of whose patches stand masked.
  bool masked_patches() const { return is(Kind::kImage) && masked; }
  // The image with patches of that edge, which divides it, and all but so many masked.
  FlowType WithMaskedPatches(int64_t edge, int64_t unmasked) const;
  // An image as it is where nothing is masked: in evaluation and in use. Others are left alone.
  FlowType Whole() const;
  // The same type with values of that range.
  FlowType WithRange(std::optional<ValueRange> values) const;
  // The same type with these values among its own; of no known range if either's is not known.
  FlowType WithValuesOf(const FlowType& other) const;
  // Whether values are known to leave `values`.
  bool Leaves(const ValueRange& values) const { return range && !values.Holds(*range); }
  // Numbers in one sample: C·H·W, D, L, L·D.
  int64_t size() const;
  // A batch of n rows: n×C×H×W, n×D, n×L, n×L×D.
  Shape Batch(int64_t n) const;
  // "image 1×28×28", "image 1×28×28, 37 of 49 patches masked", "vector 32", "tokens 128 of 8192",
  // "masked tokens 128 of 8192", "sequence 128×256", "token scores 8192"
  std::string ToString() const;
  // The same with the range, if it is known: "image 3×32×32 with values in [-2, 2]".
  std::string ToStringWithRange() const;

  // Of kind and extents: what fits where. Ranges are asked for where they matter.
  friend bool operator==(const FlowType& a, const FlowType& b) {
    return a.kind == b.kind && a.channels == b.channels && a.height == b.height &&
           a.width == b.width && a.features == b.features && a.tokens == b.tokens &&
           a.vocabulary == b.vocabulary && a.masked == b.masked && a.patch == b.patch &&
           a.kept == b.kept;
  }
};

}  // namespace pretext
