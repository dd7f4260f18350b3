#include "core/flow/flow_type.h"

#include <algorithm>
#include <sstream>

#include "base/check/check.h"

namespace pretext {

std::string ValueRange::ToString() const {
  std::ostringstream text;
  text << '[' << low << ", " << high << ']';
  return text.str();
}

ValueRange Union(const ValueRange& a, const ValueRange& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

FlowType FlowType::Image(int64_t channels, int64_t height, int64_t width) {
  return {.kind = Kind::kImage, .channels = channels, .height = height, .width = width};
}
FlowType FlowType::Vector(int64_t features) {
  return {.kind = Kind::kVector, .features = features};
}
FlowType FlowType::Tokens(int64_t tokens, int64_t vocabulary) {
  return {.kind = Kind::kTokens, .tokens = tokens, .vocabulary = vocabulary};
}
FlowType FlowType::Sequence(int64_t tokens, int64_t features) {
  return {.kind = Kind::kSequence, .features = features, .tokens = tokens};
}
FlowType FlowType::TokenScores(int64_t features, int64_t vocabulary) {
  return {.kind = Kind::kTokenScores, .features = features, .vocabulary = vocabulary};
}

FlowType FlowType::WithMaskedPatches(int64_t edge, int64_t unmasked) const {
  FlowType type = *this;
  type.masked = true;
  type.patch = edge;
  type.tokens = height / edge * (width / edge);
  type.kept = unmasked;
  return type;
}

FlowType FlowType::Whole() const {
  if (!is(Kind::kImage)) return *this;
  return Image(channels, height, width).WithRange(range);
}

FlowType FlowType::WithRange(std::optional<ValueRange> values) const {
  FlowType type = *this;
  type.range = values;
  return type;
}

FlowType FlowType::WithValuesOf(const FlowType& other) const {
  if (!range || !other.range) return WithRange(std::nullopt);
  return WithRange(Union(*range, *other.range));
}

int64_t FlowType::size() const {
  switch (kind) {
    case Kind::kNothing:
      return 0;
    case Kind::kImage:
      return channels * height * width;
    case Kind::kVector:
    case Kind::kTokenScores:
      return features;
    case Kind::kTokens:
      return tokens;
    case Kind::kSequence:
      return tokens * features;
  }
  return 0;
}

Shape FlowType::Batch(int64_t n) const {
  switch (kind) {
    case Kind::kNothing:
      break;
    case Kind::kImage:
      return {n, channels, height, width};
    case Kind::kVector:
    case Kind::kTokenScores:
      return {n, features};
    case Kind::kTokens:
      return {n, tokens};
    case Kind::kSequence:
      return {n, tokens, features};
  }
  PRETEXT_CHECK(false, "a batch of nothing");
}

std::string FlowType::ToString() const {
  switch (kind) {
    case Kind::kNothing:
      return "nothing";
    case Kind::kImage:
      return "image " + Shape{channels, height, width}.ToString() +
             (masked ? ", " + std::to_string(tokens - kept) + " of " + std::to_string(tokens) +
                           " patches masked"
                     : "");
    case Kind::kVector:
      return "vector " + std::to_string(features);
    case Kind::kTokens:
      return (masked ? "masked tokens " : "tokens ") + std::to_string(tokens) + " of " +
             std::to_string(vocabulary);
    case Kind::kSequence:
      return "sequence " + Shape{tokens, features}.ToString();
    case Kind::kTokenScores:
      return "token scores " + std::to_string(vocabulary);
  }
  return "";
}

std::string FlowType::ToStringWithRange() const {
  return range ? ToString() + " with values in " + range->ToString() : ToString();
}

}  // namespace pretext
