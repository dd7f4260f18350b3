// The encoder's tensors in the files of HuggingFace's BertModel (transformers, modeling_bert.py),
// where they begin with "bert." if a head is beside them.
#pragma once

#include <vector>

#include "core/plugin/foreign_names.h"

namespace pretext {

class Transformer;  // the config, transformer.proto

// Nothing for PRE normalisation, which BertModel has not.
std::vector<ForeignNames> BertNames(const Transformer& config);

}  // namespace pretext
