// Passes of a batch through encoder and head, z = g(f(x)): the one place where what a batch, an
// encoder and a head must know of each other is set.
#pragma once

#include <utility>

#include "core/plugin/encoder.h"
#include "core/plugin/head.h"

namespace pretext {

struct ForwardPass {
  Var h;         // Encoder::Forward's
  Prediction z;  // Head::Forward's
};

// The context's views are the batch's; Batch::read_rows are those that the head reads.
inline ForwardPass Forward(Tape& tape, Encoder& encoder, Head& head, const Batch& batch,
                           const ForwardContext& context) {
  Batch read = batch;  // tensors are shared
  read.read_rows = head.RowsRead(batch);
  ForwardContext with = context;
  with.views = batch.views;
  with.part = PassPart::kEncoder;
  const PrecisionScope precision(tape, context.precision);
  const Var h = encoder.Forward(tape, tape.Constant(batch.input), read, with);
  with.part = PassPart::kHead;
  Prediction z = head.Forward(tape, h, read, with);
  z.precision = context.precision;
  return {.h = h, .z = std::move(z)};
}

// One vector a row, Encoder::Pool of h in evaluation mode: [R, D], row-major.
inline Tensor PooledRows(Encoder& encoder, const Batch& batch, Precision precision) {
  Tape tape(/*recording=*/false);
  const PrecisionScope scope(tape, precision);
  const Var h = encoder.Forward(tape, tape.Constant(batch.input), batch, ForwardContext());
  return encoder.Pool(tape, h, batch).value().Plain();
}

}  // namespace pretext
