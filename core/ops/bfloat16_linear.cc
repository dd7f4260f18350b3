#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "core/ops/basic.h"
#include "core/ops/basic_internal.h"
#include "kernels/linear/bfloat16_activation.h"
#include "kernels/reduce/column_sum.h"

namespace pretext::ops_internal {
namespace {

// A map on a tape: x and W are rounded once, for both passes.
struct Link {
  Bfloat16Linear map;
  Activation activation;
  Tensor weight, input;  // bfloat16
  Var w, b;
  // Of a map that another follows: what its activation's derivative is taken from.
  Tensor saved;
  // Whether a gradient is wanted of what lies before the map.
  bool goes_on = false;
};

// What the next map reads, and what is kept for the way back.
Tensor Between(const Link& link, const float* bias, bool recording, Tensor& saved) {
  saved = Tensor::Uninitialized({link.map.rows, link.map.out}, DType::kBfloat16);
  link.map.Forward(link.input.bfloat16s(), bias, saved.bfloat16s());
  if (link.activation == Activation::kIdentity) return saved;
  const bool in_place = DerivativeFromOutput(link.activation) || !recording;
  Tensor y = in_place ? saved : Tensor::Uninitialized(saved.shape(), DType::kBfloat16);
  ActivationForward(link.activation, y.size(), saved.bfloat16s(), y.bfloat16s());
  return y;
}

// What the last map gives, in float32, and what is kept of it for the way back.
Tensor Result(const Link& link, const float* bias, int64_t rows, bool recording, Tensor& kept) {
  const bool fused = DerivativeFromOutput(link.activation) || !recording;
  Tensor padded = Tensor::Uninitialized({link.map.rows, link.map.out});
  link.map.Forward(link.input.bfloat16s(), bias, fused ? link.activation : Activation::kIdentity,
                   padded.data());
  kept = padded.Rows(0, rows);
  if (fused) return kept;
  Tensor y = Tensor::Uninitialized(kept.shape());
  ActivationForward(link.activation, y.size(), kept.data(), y.data());
  return y;
}

}  // namespace

Var LinearsInBfloat16(Tape& tape, Var x, std::span<const LinearMap> maps) {
  CheckLinear(x.value(), *maps.front().weight);
  const int64_t rows = x.dim(0), padded = PaddedRows(rows);
  std::vector<Link> links;
  Tensor next = PaddedBfloat16(x.value().Plain()), y, kept;
  bool wanted = x.requires_gradient();
  // One of those that require a gradient speaks for them all.
  Var inputs = x;
  for (const LinearMap& map : maps) {
    CheckLinear(next, *map.weight);
    const int64_t in = map.weight->shape[1], out = map.weight->shape[0];
    Link link = {.activation = map.activation,
                 .weight = map.weight->value.RowMajorBfloat16(),
                 .input = std::move(next),
                 .w = tape.Use(*map.weight),
                 .b = map.bias != nullptr ? tape.Use(*map.bias) : Var(),
                 .goes_on = wanted};
    link.map = {.rows = padded, .in = in, .out = out, .weight = link.weight.bfloat16s()};
    for (const Var& parameter : {link.w, link.b}) {
      if (!parameter.defined() || !parameter.requires_gradient()) continue;
      inputs = parameter;
      wanted = true;
    }
    const float* const bias = map.bias != nullptr ? map.bias->value.data() : nullptr;
    if (links.size() + 1 < maps.size()) {
      next = Between(link, bias, tape.recording(), link.saved);
    } else {
      y = Result(link, bias, rows, tape.recording(), kept);
    }
    links.push_back(std::move(link));
  }
  return tape.Record(
      "linear", std::move(y), {inputs},
      [&tape, x, rows, padded, kept = std::move(kept), links = std::move(links)](const Tensor& dy) {
        const Link& last = links.back();
        Tensor of_sums = dy.Plain();  // before the activation
        if (last.activation != Activation::kIdentity) {
          const Tensor after = std::exchange(of_sums, Tensor::Uninitialized(kept.shape()));
          ActivationBackward(last.activation, of_sums.size(), kept.data(), after.data(),
                             of_sums.data());
        }
        if (Gradient db = tape.GradientOf(last.b); db.wanted())
          ColumnSum(rows, last.map.out, of_sums.data(), db.accumulate(), db.data());
        Tensor d = PaddedBfloat16(of_sums);
        for (size_t i = links.size(); i-- > 0;) {
          const Link& link = links[i];
          const bool first = i == 0;
          link.map.Backward(link.input.bfloat16s(), d.bfloat16s(), rows, tape.GradientOf(link.w),
                            first ? Target(tape.GradientOf(x)) : Target());
          if (first || !link.goes_on) break;
          const Link& before = links[i - 1];
          Tensor back = Tensor::Uninitialized({padded, link.map.in}, DType::kBfloat16);
          link.map.BackwardData(d.bfloat16s(), back.bfloat16s());
          ActivationBackward(before.activation, padded, link.map.in, before.saved.bfloat16s(),
                             back.bfloat16s(), tape.GradientOf(before.b));
          d = std::move(back);
        }
      });
}

}  // namespace pretext::ops_internal
