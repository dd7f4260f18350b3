// Differentiable operations over sequences of tokens: what a transformer is made of, each fused
// from its input to its normalised output. N samples of L tokens, R = N·L rows, D features; M
// listed positions.
//
// Dropout masks are those of the whole batch's rows (core/autograd/forward_context.h): the same
// whatever the chunking, and the same at a position whether all positions are computed or only
// those listed.
#pragma once

#include <cstdint>
#include <string>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/autograd/parameter.h"
#include "kernels/activation/activation.h"

namespace pretext {

// The parameters of a layer normalisation. Without a scale: none.
struct LayerNormLayer {
  Parameter* scale = nullptr;  // γ [D], at first 1
  Parameter* shift = nullptr;  // β [D], at first 0
  float epsilon = 1e-12f;      // BERT's

  // Declares "name.weight" and "name.bias" (PyTorch's names).
  static LayerNormLayer Declare(ParameterSet& set, const std::string& name, int64_t features,
                                float epsilon);
};

// A dropout layer: its probability and its number among those of its part.
struct DropoutLayer {
  float probability = 0;
  uint32_t layer = 0;
};

// y = γ (x - mean) / √(var + ε) + β over each row of x [R, D].
Var LayerNorm(Tape& tape, Var x, const LayerNormLayer& norm);

// Which tokens, and what belongs to them. Tensors may be undefined.
struct TokenBatch {
  int64_t samples = 0, tokens = 0;  // N, L
  Tensor ids;                       // [N, L] int32
  Tensor segments;                  // [N, L] int32; undefined: all 0
  Tensor lengths;                   // [N] int32, tokens before the padding; undefined: no padding
};

// The tables that embeddings are looked up in.
struct EmbeddingTables {
  Parameter* token = nullptr;     // [vocabulary, D]
  Parameter* position = nullptr;  // [at least L, D]
  Parameter* segment = nullptr;   // [segments, D], or null
};

// dropout(LayerNorm(token + position + segment)): [N·L, D].
Var EmbedTokens(Tape& tape, const TokenBatch& batch, const EmbeddingTables& tables,
                const LayerNormLayer& norm, DropoutLayer dropout, const ForwardContext& context);

// Self-attention with several heads up to the projection of its output: [Q K V] = x Wᵀ + b, then
// kernels/attention. x [N·L, D], weight [3·D, D]: queries, keys, values; heads divide D.
// positions: undefined, or [M] int32, ascending: queries at these rows only,
// so that the result is [M, D].
struct SelfAttention {
  Parameter* weight = nullptr;
  Parameter* bias = nullptr;  // [3·D], or null
  int64_t heads = 1;
  DropoutLayer dropout;  // of the probabilities

  Var operator()(Tape& tape, Var x, const TokenBatch& batch, const Tensor& positions,
                 const ForwardContext& context) const;

 private:
  Var InBfloat16(Tape& tape, Var x, const TokenBatch& batch, const Tensor& positions,
                 const ForwardContext& context) const;
};

// A position-wise map with what follows it, a transformer's sublayer (kernels/position_wise):
//
//   y = LayerNorm(residual + dropout(g(x)))
//   g(x) = f(x W1ᵀ + b1) Wᵀ + b                 without W1: x Wᵀ + b
//
// The rows of x [R, D_in] are those of the batch, or those at `positions` (their masks' rows).
struct PositionWiseLayer {
  Parameter* hidden_weight = nullptr;  // W1 [F, D_in], or null
  Parameter* hidden_bias = nullptr;
  Activation activation = Activation::kIdentity;
  Parameter* weight = nullptr;  // [D, F or D_in]
  Parameter* bias = nullptr;
  DropoutLayer dropout;
  LayerNormLayer norm;  // may be none

  // residual may be undefined, or x itself. tokens: L.
  Var operator()(Tape& tape, Var x, Var residual, int64_t tokens, const Tensor& positions,
                 const ForwardContext& context) const;

 private:
  Var InBfloat16(Tape& tape, Var x, Var residual, int64_t tokens, const Tensor& positions,
                 const ForwardContext& context) const;
};

// Rows of x [R, D] by number; rows: [M] int32, all different.
Var Rows(Tape& tape, Var x, const Tensor& rows);

// The numbers of the samples' first tokens among all rows, [N] int32: what CLS pooling reads.
Tensor FirstRows(const TokenBatch& batch);

// The mean of each sample's tokens before the padding: x [N·L, D] to [N, D]. A sample without
// tokens gives 0.
Var MeanOverTokens(Tape& tape, Var x, const TokenBatch& batch);

// x in the numbers that the tape's pass takes its products in: itself, or rounded to bfloat16. For
// an operation beyond the pass that reads such a factor, below. The gradient passes as it is.
Var InPrecision(Tape& tape, Var x);

// The mean over rows of the softmax cross-entropy of scores x Wᵀ + b against targets [M] int32;
// 0 without rows. x [M, D], weight [vocabulary, D], bias [vocabulary] or undefined.
// Scores are never held as a whole (kernels/softmax_cross_entropy); the products are in bfloat16
// where the weight is. *correct: rows whose target has the highest score.
Var SoftmaxCrossEntropyLoss(Tape& tape, Var x, Var weight, Var bias, const Tensor& targets,
                            int64_t* correct);

}  // namespace pretext
