#include "pipelines/encoder/flow_text.h"

#include <cmath>

namespace pretext {

EncoderFile::Flow FlowToMessage(const FlowType& type) {
  EncoderFile::Flow flow;
  switch (type.kind) {
    case FlowType::Kind::kImage:
      flow.set_kind(EncoderFile::Flow::IMAGE);
      flow.set_channels(type.channels);
      flow.set_height(type.height);
      flow.set_width(type.width);
      break;
    case FlowType::Kind::kVector:
      flow.set_kind(EncoderFile::Flow::VECTOR);
      flow.set_features(type.features);
      break;
    case FlowType::Kind::kTokens:
      flow.set_kind(EncoderFile::Flow::TOKENS);
      flow.set_tokens(type.tokens);
      flow.set_vocabulary(type.vocabulary);
      flow.set_masked(type.masked);
      break;
    case FlowType::Kind::kSequence:
      flow.set_kind(EncoderFile::Flow::SEQUENCE);
      flow.set_tokens(type.tokens);
      flow.set_features(type.features);
      break;
    case FlowType::Kind::kNothing:
    case FlowType::Kind::kTokenScores:  // no encoder gives them
      flow.set_kind(EncoderFile::Flow::NOTHING);
      break;
  }
  if (type.range && std::isfinite(type.range->low)) flow.set_low(type.range->low);
  if (type.range && std::isfinite(type.range->high)) flow.set_high(type.range->high);
  return flow;
}

FlowType FlowFromMessage(const EncoderFile::Flow& flow) {
  FlowType type;
  switch (flow.kind()) {
    case EncoderFile::Flow::IMAGE:
      type = FlowType::Image(flow.channels(), flow.height(), flow.width());
      break;
    case EncoderFile::Flow::VECTOR:
      type = FlowType::Vector(flow.features());
      break;
    case EncoderFile::Flow::TOKENS:
      type = FlowType::Tokens(flow.tokens(), flow.vocabulary());
      type.masked = flow.masked();
      break;
    case EncoderFile::Flow::SEQUENCE:
      type = FlowType::Sequence(flow.tokens(), flow.features());
      break;
    case EncoderFile::Flow::NOTHING:
      break;
  }
  if (flow.has_low() || flow.has_high()) {
    type.range.emplace();
    if (flow.has_low()) type.range->low = flow.low();
    if (flow.has_high()) type.range->high = flow.high();
  }
  return type;
}

}  // namespace pretext
