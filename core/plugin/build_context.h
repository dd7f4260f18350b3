// What a plugin's Create(config, context) may ask about the pipeline it is being built into.
//
// Create checks its config and its input's type, gathers every fault
// (core/plugin/field_checker.h), declares its parameters and allocates nothing:
// the whole pipeline is checked before any of it takes memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/flow/flow_type.h"

namespace pretext {

class Dataset;
class Tokenizer;
struct Parameter;

struct BuildContext {
  FlowType input;     // what flows into this part; nothing for a dataset, an optimizer, a tokenizer
  FlowType sample;    // a clean sample of the dataset: what a decoder has to rebuild
  FlowType view;      // what the encoder is given: the sample after its augmentations
  int64_t views = 1;  // V; for losses those that go through the trained encoder
  // For losses: the type of Prediction::target (nothing without teacher and predictor), and which
  // views `value` and `target` are of, as Prediction::views; empty: all, 0 to views - 1, which are
  // of one group (Batch::groups).
  FlowType target;
  std::vector<int64_t> value_views, target_views;
  bool named_groups = false;             // the views are counted in groups: views { group }
  bool labelled = false;                 // the dataset has labels
  const Tokenizer* tokenizer = nullptr;  // of a text dataset
  // For heads: the encoder's table [vocabulary, D], which a tied decoder shares; null without.
  Parameter* token_embedding = nullptr;
  std::string base_directory;  // the user's; relative paths in a config start here
  // Of a run that is continued or used, or empty: what the run keeps (a vocabulary) is taken from
  // it.
  std::string run_directory;

  // An absolute path: `path` itself, or below base_directory.
  std::string Resolve(const std::string& path) const {
    return path.empty() || path[0] == '/' || base_directory.empty() ? path
                                                                    : base_directory + "/" + path;
  }
};

}  // namespace pretext
