// FlowType as a message, and back.
#pragma once

#include "core/flow/flow_type.h"
#include "pipelines/encoder/encoder_file.pb.h"

namespace pretext {

EncoderFile::Flow FlowToMessage(const FlowType& type);
// What is missing is 0.
FlowType FlowFromMessage(const EncoderFile::Flow& flow);

}  // namespace pretext
