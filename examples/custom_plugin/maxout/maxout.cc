#include "maxout/maxout.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "maxout/maxout.pb.h"

namespace custom {

using pretext::FlowType;
using pretext::Gradient;
using pretext::LinearLayer;
using pretext::Tape;
using pretext::Tensor;
using pretext::Var;

namespace {

// y[r, u] = max over k of x[r, u·K + k]. x: [R, U·K]; result: [R, U]. The gradient goes to the
// largest piece, the first of equals; a NaN wins.
Var LargestPiece(Tape& tape, Var x, int64_t pieces) {
  const int64_t rows = x.dim(0), units = x.dim(1) / pieces;
  Tensor y = Tensor::Uninitialized({rows, units});
  Tensor winner = Tensor::Uninitialized({rows, units}, pretext::DType::kInt32);
  const float* in = x.value().data();
  for (int64_t i = 0; i < rows * units; ++i, in += pieces) {
    int32_t best = 0;
    for (int32_t k = 1; k < pieces; ++k) {
      if (in[k] > in[best] || std::isnan(in[k])) best = k;
    }
    y.data()[i] = in[best];
    winner.ints()[i] = best;
  }
  return tape.Record("maxout", std::move(y), {x},
                     [&tape, x, winner = std::move(winner), pieces](const Tensor& dy) {
                       Gradient dx = tape.GradientOf(x);
                       if (!dx.wanted()) return;
                       if (!dx.accumulate()) dx.tensor().Zero();
                       for (int64_t i = 0; i < winner.size(); ++i) {
                         dx.data()[i * pieces + winner.ints()[i]] += dy.data()[i];
                       }
                     });
}

}  // namespace

absl::StatusOr<std::unique_ptr<pretext::Encoder>> MaxoutEncoder::Create(
    const Maxout& config, const pretext::BuildContext& context) {
  pretext::FieldChecker check;
  const FlowType& input = context.input;
  check.Shape(input.is(FlowType::Kind::kNothing) || input.is(FlowType::Kind::kImage) ||
                  input.is(FlowType::Kind::kVector),
              absl::StrCat("takes images or vectors; it is given ", input.ToString()));
  check.Count("pieces", config.pieces());
  for (int i = 0; i < config.hidden_size(); ++i) {
    check.Extent(absl::StrCat("hidden[", i, "]"), config.hidden(i));
  }
  check.Extent("code", config.code());
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<MaxoutEncoder>();
  encoder->output_ = FlowType::Vector(config.code());
  encoder->pieces_ = config.pieces();
  int64_t width = input.size();
  for (const int64_t hidden : config.hidden()) {
    encoder->layers_.push_back(LinearLayer::Declare(encoder->parameters(),
                                                    absl::StrCat(encoder->layers_.size()), width,
                                                    hidden * config.pieces()));
    width = hidden;
  }
  encoder->layers_.push_back(LinearLayer::Declare(
      encoder->parameters(), absl::StrCat(encoder->layers_.size()), width, config.code()));
  return encoder;
}

Var MaxoutEncoder::Forward(Tape& tape, Var x, const pretext::Batch&,
                           const pretext::ForwardContext&) {
  x = pretext::Flatten(tape, x);
  for (size_t i = 0; i + 1 < layers_.size(); ++i) {
    x = LargestPiece(tape, layers_[i](tape, x), pieces_);
  }
  return layers_.back()(tape, x);
}

PRETEXT_REGISTER_ENCODER(MaxoutEncoder, Maxout);

}  // namespace custom
