// BertModel and BertForMaskedLM as transformers computes them, from the files of a folder.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/graph/graph_builder.h"
#include "exports/reading/foreign_files.h"

namespace pretext {

// Inputs "input_ids", "attention_mask", "token_type_ids" [batch, sequence]; output
// "last_hidden_state", and of BertForMaskedLM "logits".
struct BertGraph {
  GraphBuilder graph;
  std::string h, mask;  // values: last_hidden_state; attention_mask as float32
};

absl::StatusOr<BertGraph> DrawBert(ForeignFiles& files);

}  // namespace pretext
