// Gradient checkpointing (Chen, Xu, Zhang and Guestrin 2016, "Training deep nets with sublinear
// memory cost", section 3): of y = f(x) only x and y are kept; what f computes in between is
// computed a second time on the way back. Values and gradients are the same, bit for bit.
#pragma once

#include <utility>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"

namespace pretext {

// f(tape, x, context), recorded as one operation where context.gradient_checkpointing says so.
// f: Var (Tape&, Var, const ForwardContext&), reads no other Var, and is called again by the
// tape's Backward: what it captures lives until then. It hands the context that it is given to
// the operations in it: the second pass leaves running statistics alone.
template <class Function>
Var Checkpointed(Tape& tape, Var x, const ForwardContext& context, Function f) {
  if (!context.gradient_checkpointing || !tape.recording()) return f(tape, x, context);
  Tensor y;
  {
    ForwardContext first = context;
    first.update_statistics = true;
    Tape values(/*recording=*/false);
    const PrecisionScope precision(values, tape.precision());
    y = f(values, values.Constant(x.value()), first).value();
  }
  // f's parameters may want a gradient where x wants none.
  const Var always = tape.Leaf(Tensor::Full({1}, 0.0f));
  return tape.Record(
      "gradient checkpoint", std::move(y), {x, always},
      [&tape, x, context, f = std::move(f), numbers = tape.precision()](const Tensor& dy) {
        ForwardContext again = context;
        again.recomputing = true;
        Tape part;
        const PrecisionScope precision(part, numbers);
        const bool wanted = x.requires_gradient();
        const Var in = wanted ? part.Leaf(x.value()) : part.Constant(x.value());
        const Var out = f(part, in, again);
        if (!out.requires_gradient()) return;  // all of f is frozen
        part.Backward(out, dy);
        if (wanted) tape.AddGradient(x, part.LeafGradient(in));
      });
}

}  // namespace pretext
