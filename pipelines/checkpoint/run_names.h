// What files in a run's folder, and keys in them, are called, where several rooms know them.
#pragma once

#include <string>

namespace pretext {

inline constexpr char kPipelineFile[] = "pipeline.textproto";
// Key of the metadata of weights: TokenizerFingerprint.
inline constexpr char kTokenizerKey[] = "tokenizer";

// The resolved pipeline of a run.
inline std::string PipelineIn(const std::string& run) { return run + "/" + kPipelineFile; }

// The weights in a checkpoint, in a trained encoder's folder, and of what a run began with.
inline std::string WeightsIn(const std::string& folder) { return folder + "/weights.safetensors"; }

}  // namespace pretext
