// What the graphs of encoders and heads share: inputs, outputs and the layers of core/layers.
#pragma once

#include <string>

#include "core/layers/mlp.h"
#include "core/plugin/export.h"

namespace pretext {

// Declares what an encoder of this input takes:
//
//   image    "pixel_values" [batch, C, H, W]
//   vector   "values" [batch, D]
//   tokens   "input_ids" and "attention_mask" [batch, sequence] int64, and with `segments`
//            "token_type_ids": HuggingFace's names. The flow's mask is attention_mask as float32.
GraphFlow DeclareInput(const FlowType& input, bool segments, GraphBuilder& graph);

// Makes `value` the output of that name, of a type's shape. A sequence is [batch, sequence, D].
void DeclareOutput(const std::string& name, const FlowType& type, const std::string& value,
                   GraphBuilder& graph);

// x [batch, ...] as [batch, everything else], and the way back to a sample's shape.
std::string DrawFlatten(const std::string& x, GraphBuilder& graph);
std::string DrawAsSample(const std::string& x, const FlowType& type, GraphBuilder& graph);

// MlpLayers (core/layers/mlp.h) of x [batch, widths.front()]: batch normalisations are folded into
// the linear maps. The options are those that the layers were declared with.
std::string DrawMlp(const TrainedPart& part, const MlpOptions& options, const std::string& x,
                    GraphBuilder& graph);

// A linear layer that was declared under `name`, of x [..., in].
std::string DrawLinear(const TrainedPart& part, const std::string& name, const std::string& x,
                       Activation activation, GraphBuilder& graph);

// Self-attention with its projections (core/ops/sequence.h) of x [batch, L, D]: the names of its
// parameters are NAME.IN.weight [3 D, D] and NAME.OUT.weight. bias is added to the scores; empty:
// none.
struct AttentionNames {
  std::string name, in, out;
};
std::string DrawSelfAttention(const TrainedPart& part, const AttentionNames& names, int64_t heads,
                              const std::string& bias, const std::string& x, GraphBuilder& graph);

}  // namespace pretext
