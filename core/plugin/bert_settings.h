// What the config.json of HuggingFace's BERT calls what our configs say.
#pragma once

#include <string>
#include <vector>

#include "core/layers/activation.pb.h"
#include "core/plugin/export_names.h"
#include "core/plugin/foreign_names.h"

namespace pretext {

// ForeignNames::program.
inline constexpr char kHuggingFaceBert[] = "HuggingFace's BERT";

// "hidden_act", by the field `activation`.
inline ForeignSetting BertActivation(ActivationFunction function) {
  ForeignSetting setting{"hidden_act", {}, "activation"};
  switch (function) {
    case IDENTITY:
      setting.values = {"linear"};
      break;
    case RELU:
      setting.values = {"relu"};
      break;
    case GELU:
      setting.values = {"gelu"};
      break;
    case GELU_TANH:
      setting.values = {"gelu_new", "gelu_pytorch_tanh"};
      break;
    case SIGMOID:
      setting.values = {"sigmoid"};
      break;
    case TANH:
      setting.values = {"tanh"};
      break;
  }
  return setting;
}

// "layer_norm_eps", by the field `epsilon`.
inline ForeignSetting BertEpsilon(float epsilon) {
  return {"layer_norm_eps", {JsonFloat(epsilon)}, "epsilon"};
}

}  // namespace pretext
