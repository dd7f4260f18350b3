// What a proof runs on.
#pragma once

#include <cstdint>
#include <vector>

#include "core/flow/batch.h"
#include "core/plugin/tokenizer.h"
#include "exports/interpreter/interpreter.h"

namespace pretext {

// `samples` samples of a type, drawn from the stream of `number`. cost: multiplications a sample
// (a token, of tokens) takes; long sequences are cut where they would take minutes.
Batch MakeProofBatch(const FlowType& type, const Tokenizer* tokenizer, int64_t samples,
                     int64_t number, int64_t cost);

// The same as inputs of a graph.
template <class T>
Arrays<T> AsGraphInputs(const Graph& graph, const Batch& batch);

extern template Arrays<float> AsGraphInputs(const Graph&, const Batch&);
extern template Arrays<double> AsGraphInputs(const Graph&, const Batch&);

}  // namespace pretext
