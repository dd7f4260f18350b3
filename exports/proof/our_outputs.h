// What encoder and head themselves make of a batch, in evaluation mode.
#pragma once

#include <map>
#include <string>

#include "exports/proof/proof.h"

namespace pretext {

struct OurOutput {
  Tensor values;           // row-major
  bool of_tokens = false;  // [N, L, …]: rows of padding mean nothing
};
using OurOutputs = std::map<std::string, OurOutput>;

// "features" of pictures and vectors; of tokens "sentence_embedding", and "last_hidden_state"
// unless the encoder gives its pool alone; what the head gives, if there is one, under
// `head_output`: scores of all tokens of a masked language model's.
OurOutputs RunOurs(const ProofModel& model, Batch batch, const std::string& head_output);

}  // namespace pretext
