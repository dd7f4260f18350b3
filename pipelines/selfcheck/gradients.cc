#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/random/random.h"
#include "base/random/random_fill.h"
#include "core/plugin/plugin.h"
#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {
namespace {

// Differences of float32 values over the best of some step lengths agree to a thousandth as a rule;
// a derivative that is wrong differs by a share of itself.
constexpr double kTolerance = 0.03;
constexpr double kSteps[] = {3e-2, 1e-2, 3e-3, 1e-3};

Tensor Normal(const Shape& shape, uint64_t number) {
  Tensor tensor = Tensor::Uninitialized(shape);
  Random random({.seed = number});
  FillNormal(random, tensor.data(), tensor.size());
  return tensor;
}

std::vector<FlowType> Candidates() {
  return {FlowType::Image(1, 16, 16), FlowType::Image(3, 16, 16), FlowType::Vector(12),
          FlowType::Tokens(16, 50), FlowType::Sequence(16, 12)};
}

Batch BatchOf(const FlowType& type, int64_t samples, int64_t views) {
  Random random({.seed = 5});
  Batch batch;
  batch.samples = samples;
  batch.views = views;
  batch.type = type;
  batch.labels = Tensor::Zeros({samples}, DType::kInt32);
  for (int64_t n = 0; n < samples; ++n) {
    batch.labels.ints()[n] = static_cast<int32_t>(n % 2);
    batch.indices.push_back(n);
  }
  if (type.is(FlowType::Kind::kTokens)) {
    batch.input = Tensor::Zeros(type.Batch(batch.rows()), DType::kInt32);
    for (int64_t i = 0; i < batch.input.size(); ++i) {
      batch.input.ints()[i] =
          static_cast<int32_t>(random.Below(static_cast<uint32_t>(type.vocabulary)));
    }
    batch.lengths = Tensor::Zeros({batch.rows()}, DType::kInt32);
    for (int64_t r = 0; r < batch.rows(); ++r)
      batch.lengths.ints()[r] = static_cast<int32_t>(type.tokens);
    return batch;
  }
  batch.input = Normal(type.Batch(batch.rows()), 6);
  batch.clean = Tensor::Uninitialized(type.Batch(samples));
  for (int64_t i = 0; i < batch.clean.size(); ++i) batch.clean.data()[i] = random.Uniform();
  return batch;
}

double Dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i) sum += double{a.data()[i]} * b.data()[i];
  return sum;
}

// What is differentiated: Σ weights · value, of a function of some tensors.
class Comparison {
 public:
  // run: forward on the tape, of the tensors as they are now.
  Comparison(std::function<Var(Tape&)> run, std::vector<Tensor*> at, std::vector<Tensor> gradients)
      : run_(std::move(run)), at_(std::move(at)), gradients_(std::move(gradients)) {}

  // The difference of the slope along the gradient of all tensors from its length, as a share.
  double Difference(const Tensor& weights) {
    double squares = 0;
    for (const Tensor& g : gradients_) squares += Dot(g, g);
    const double expected = std::sqrt(squares);
    std::vector<std::vector<float>> before;
    for (const Tensor* x : at_) before.emplace_back(x->data(), x->data() + x->size());
    double best = 1e300;
    for (const double step : kSteps) {
      double values[2], scale = 0;
      for (const int side : {0, 1}) {
        Move((side == 0 ? -step : step) / std::max(expected, 1e-30), before);
        values[side] = Objective(weights, scale);
      }
      const double slope = (values[1] - values[0]) / (2 * step);
      // What rounding alone makes of it, Winograd's convolutions included. Where that hides what is
      // looked for, shorter steps say nothing.
      const double noise = 1e-5 * scale / step;
      if (best < 1e300 && noise > kTolerance / 3 * expected) break;
      const double off = std::max(0.0, std::abs(slope - expected) - noise);
      best = std::min(best, off / std::max({std::abs(slope), expected, 1e-12}));
    }
    Move(0, before);
    return best;
  }

 private:
  double Objective(const Tensor& weights, double& scale) {
    Tape tape(/*recording=*/false);
    const Tensor value = run_(tape).value().Plain();
    scale = 0;
    for (int64_t i = 0; i < value.size(); ++i)
      scale += std::abs(double{value.data()[i]} * weights.data()[i]);
    return Dot(value, weights);
  }

  // x = before + factor · gradient.
  void Move(double factor, const std::vector<std::vector<float>>& before) {
    for (size_t i = 0; i < at_.size(); ++i) {
      for (int64_t k = 0; k < at_[i]->size(); ++k) {
        at_[i]->data()[k] = before[i][static_cast<size_t>(k)] +
                            static_cast<float>(factor * gradients_[i].data()[k]);
      }
    }
  }

  const std::function<Var(Tape&)> run_;
  const std::vector<Tensor*> at_;
  const std::vector<Tensor> gradients_;
};

double DifferenceOf(const std::function<Var(Tape&, Var)>& forward, ParameterSet* parameters,
                    Tensor x) {
  if (parameters != nullptr) parameters->ZeroGradients();
  Tape tape;
  const bool differentiable = x.dtype() == DType::kFloat32;
  const Var in = differentiable ? tape.Leaf(x) : tape.Constant(x);
  const Var out = forward(tape, in);
  const Tensor weights = Normal(out.shape(), 3);
  tape.Backward(out, weights);
  std::vector<Tensor*> at;
  std::vector<Tensor> gradients;
  if (differentiable) {
    at.push_back(&x);
    gradients.push_back(tape.LeafGradient(in).Plain());
  }
  if (parameters != nullptr) {
    for (Parameter& p : parameters->parameters()) {
      if (!p.has_gradient) continue;
      at.push_back(&p.value);
      gradients.push_back(p.gradient);
    }
  }
  return Comparison([&](Tape& again) { return forward(again, again.Constant(x)); }, at, gradients)
      .Difference(weights);
}

struct Tally {
  int checked = 0, left_out = 0;
  double worst = 0;
  std::string of;

  void Add(const std::string& name, double difference) {
    ++checked;
    if (difference <= worst) return;
    worst = difference;
    of = name;
  }
};

void CheckEncoders(Tally& tally) {
  for (const auto* entry : Registry<Encoder>::Entries()) {
    bool built = false;
    for (const FlowType& type : Candidates()) {
      auto encoder =
          entry->create(*entry->default_config, {.input = type, .sample = type, .views = 2});
      if (!encoder.ok()) continue;
      (*encoder)->parameters().Allocate("encoder", 3);
      const Batch batch = BatchOf(type, 4, 2);
      tally.Add(entry->ShortName(), DifferenceOf(
                                        [&](Tape& tape, Var x) {
                                          return (*encoder)->Forward(
                                              tape, x, batch, {.training = true, .views = 2});
                                        },
                                        &(*encoder)->parameters(), batch.input));
      built = true;
      break;
    }
    tally.left_out += built ? 0 : 1;
  }
}

void CheckHeads(Tally& tally) {
  for (const auto* entry : Registry<Head>::Entries()) {
    const FlowType h = FlowType::Vector(12);
    auto head = entry->create(*entry->default_config,
                              {.input = h, .sample = FlowType::Image(1, 16, 16), .views = 2});
    if (!head.ok()) {
      ++tally.left_out;
      continue;
    }
    (*head)->parameters().Allocate("head", 3);
    const Batch batch = BatchOf(h, 6, 2);
    if ((*head)->parameters().parameters().empty()) continue;  // the identity
    tally.Add(entry->ShortName(),
              DifferenceOf(
                  [&](Tape& tape, Var x) {
                    return (*head)->Forward(tape, x, batch, {.training = true, .views = 2}).value;
                  },
                  &(*head)->parameters(), batch.input));
  }
}

void CheckLosses(Tally& tally) {
  for (const auto* entry : Registry<Loss>::Entries()) {
    const FlowType z = FlowType::Vector(12);
    bool built = false;
    for (const int64_t views : {2, 1}) {
      auto loss = entry->create(*entry->default_config,
                                {.input = z, .sample = z, .views = views, .labelled = true});
      if (!loss.ok() || (*loss)->stops_gradient()) continue;
      (*loss)->parameters().Allocate("loss", 3);
      const Batch batch = BatchOf(z, 8, views);
      tally.Add(entry->ShortName(), DifferenceOf(
                                        [&](Tape& tape, Var x) {
                                          return (*loss)->Compute(tape, {.value = x}, batch).loss;
                                        },
                                        &(*loss)->parameters(), batch.input));
      built = true;
      break;
    }
    tally.left_out += built ? 0 : 1;
  }
}

}  // namespace

CheckResult CheckPluginGradients() {
  Tally tally;
  CheckEncoders(tally);
  CheckHeads(tally);
  CheckLosses(tally);
  const bool passed = tally.checked > 0 && tally.worst <= kTolerance;
  std::string text = absl::StrFormat(
      "%d encoders, heads and losses, worst difference %.2g %%%s, of %.0f %% allowed",
      tally.checked, 100 * tally.worst, tally.of.empty() ? "" : " (" + tally.of + ")",
      100 * kTolerance);
  if (tally.left_out > 0) {
    absl::StrAppend(&text, "; ", tally.left_out,
                    " more cannot be compared: they need a config, or stop a gradient inside");
  }
  return {passed, text};
}

}  // namespace pretext
