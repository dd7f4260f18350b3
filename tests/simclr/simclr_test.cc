// The encoder ResNet, the head ProjectionMlp, the loss NtXent and the optimizer Sgd
// together against PyTorch (reference.py): every gradient, and the weights, running
// statistics and losses of 20 steps on views made by a fixed augmentation, with batch
// normalisation over all views and over each apart.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/tensor/memory_pool.h"
#include "encoders/res_net/res_net.h"
#include "encoders/res_net/res_net.pb.h"
#include "heads/projection_mlp/projection_mlp.h"
#include "heads/projection_mlp/projection_mlp.pb.h"
#include "losses/nt_xent/nt_xent.h"
#include "losses/nt_xent/nt_xent.pb.h"
#include "optimizers/sgd/sgd.h"
#include "optimizers/sgd/sgd.pb.h"
#include "tests/golden.h"

namespace pretext {
namespace {

// As in reference.py.
constexpr int64_t kSamples = 12, kChannels = 3, kSide = 16, kSteps = 20, kKept = 96;

void FillValues(int64_t number, Parameter& p) {
  const bool matrix = p.shape.rank() > 1;
  const double size =
      matrix ? std::sqrt(24.0 / static_cast<double>(p.shape.size() / p.shape[0])) : 0.4;
  const bool small = p.name.find("bn2.weight") != std::string::npos;
  for (int64_t i = 0; i < p.value.size(); ++i) {
    const double v = ReferenceValue(number, i);
    p.value.data()[i] = static_cast<float>(
        p.role == Role::kNormScale ? (small ? 0.2 : 1) * (1 + size * v) : size * v);
  }
}

Batch Views(int64_t step) {
  Batch batch;
  batch.samples = kSamples;
  batch.views = 2;
  batch.type = FlowType::Image(kChannels, kSide, kSide);
  batch.input = Tensor::Uninitialized({2 * kSamples, kChannels, kSide, kSide});
  const auto at = [&](int64_t row, int64_t c, int64_t y, int64_t x) -> float& {
    return batch.input.data()[((row * kChannels + c) * kSide + y) * kSide + x];
  };
  for (int64_t n = 0; n < kSamples; ++n) {
    const int64_t k = n + kSamples * step;
    for (int64_t c = 0; c < kChannels; ++c) {
      for (int64_t y = 0; y < kSide; ++y) {
        for (int64_t x = 0; x < kSide; ++x) {
          const int64_t down = y - (3 + k * 5 % 11), across = x - (3 + k * 7 % 11);
          const double value = static_cast<double>(1 + (k * 3 + c * (1 + k % 4)) % 5) /
                               (8.0 + static_cast<double>(down * down + across * across));
          at(n, c, y, x) = static_cast<float>(value);
          at(kSamples + n, c, y, kSide - 1 - x) = static_cast<float>(0.75 * value + 0.125);
        }
      }
    }
  }
  return batch;
}

class Model {
 public:
  explicit Model(BatchNormScope scope) : scope_(scope) {
    ResNet encoder;
    encoder.set_width(4);
    encoder_ =
        Made(ResNetEncoder::Create(encoder, {.input = FlowType::Image(kChannels, kSide, kSide)}));
    ProjectionMlp head;
    head.set_output(16);
    head_ = Made(ProjectionMlpHead::Create(head, {.input = encoder_->output()}));
    loss_ = Made(NtXentLoss::Create(NtXent(), {.input = head_->output(), .views = 2}));
    Sgd optimizer;
    optimizer.set_weight_decay(1e-3);
    optimizer_ = Made(SgdOptimizer::Create(optimizer, BuildContext()));
    std::vector<Parameter*> all;
    encoder_->parameters().Allocate("encoder", 1);
    head_->parameters().Allocate("head", 1);
    for (ParameterSet* set : {&encoder_->parameters(), &head_->parameters()}) {
      for (Parameter& p : set->parameters()) parameters_[p.name] = &p;
      for (Buffer& b : set->buffers()) buffers_[b.name] = &b;
    }
    int64_t number = 0;
    for (auto& [name, parameter] : parameters_) {
      FillValues(number++, *parameter);
      all.push_back(parameter);
    }
    optimizer_->Attach(all);
  }

  // The loss and the gradients of a step.
  double Run(int64_t step) {
    for (auto& [name, parameter] : parameters_) parameter->has_gradient = false;
    const Batch batch = Views(step);
    const ForwardContext context = {.training = true, .views = 2, .batch_norm = scope_};
    Tape tape;
    const Var h = encoder_->Forward(tape, tape.Constant(batch.input), batch, context);
    const Var loss = loss_->Compute(tape, head_->Forward(tape, h, batch, context), batch).loss;
    const double value = loss.value().item();
    tape.Backward(loss);
    return value;
  }
  void Update(int64_t step) { optimizer_->Step(step + 1, 0.005, 1); }

  const std::map<std::string, Parameter*>& parameters() const { return parameters_; }
  const std::map<std::string, Buffer*>& buffers() const { return buffers_; }

 private:
  BatchNormScope scope_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Optimizer> optimizer_;
  std::map<std::string, Parameter*> parameters_;
  std::map<std::string, Buffer*> buffers_;
};

class SimclrAgainstPyTorch : public testing::TestWithParam<BatchNormScope> {
 protected:
  static void SetUpTestSuite() { golden_ = ReadGolden("tests/simclr/golden.safetensors"); }
  static void TearDownTestSuite() { golden_.clear(); }

  GoldenRun Golden() const {
    return GoldenRun(golden_, GetParam() == BatchNormScope::kAllViews ? "all_views" : "per_view",
                     kKept);
  }

  static std::map<std::string, Tensor> golden_;
};
std::map<std::string, Tensor> SimclrAgainstPyTorch::golden_;

TEST_P(SimclrAgainstPyTorch, LossAndGradients) {
  const GoldenRun golden = Golden();
  Model model(GetParam());
  EXPECT_LE(std::abs(model.Run(0) - golden["losses"].data()[0]), golden.Allowed("losses"));
  EXPECT_EQ(model.parameters().size(), 65u);
  for (const auto& [name, parameter] : model.parameters()) {
    EXPECT_LE(golden.Difference("gradient." + name, parameter->gradient),
              golden.Allowed("gradient"))
        << name;
    // The comparison sees a gradient that is wrong by a thousandth.
    const Tensor wrong = Scaled(parameter->gradient, 1.001f);
    EXPECT_GT(golden.Difference("gradient." + name, wrong), golden.Allowed("gradient")) << name;
  }
}

TEST_P(SimclrAgainstPyTorch, TwentySteps) {
  const GoldenRun golden = Golden();
  Model model(GetParam());
  int64_t warm = 0;
  for (int64_t step = 0; step < kSteps; ++step) {
    if (step == 2) warm = MemoryPool::stats().misses;
    EXPECT_LE(std::abs(model.Run(step) - golden["losses"].data()[step]), golden.Allowed("losses"))
        << step;
    model.Update(step);
  }
  EXPECT_EQ(MemoryPool::stats().misses, warm) << "a step in the steady state asked for memory";
  for (const auto& [name, parameter] : model.parameters()) {
    EXPECT_LE(golden.Difference("final." + name, parameter->value), golden.Allowed("final"))
        << name;
  }
  EXPECT_EQ(model.buffers().size(), 42u);
  for (const auto& [name, buffer] : model.buffers()) {
    EXPECT_LE(golden.Difference("final." + name, buffer->value), golden.Allowed("final")) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(BatchNorm, SimclrAgainstPyTorch,
                         testing::Values(BatchNormScope::kAllViews, BatchNormScope::kPerView),
                         [](const auto& info) {
                           return std::string(info.param == BatchNormScope::kAllViews ? "AllViews"
                                                                                      : "PerView");
                         });

}  // namespace
}  // namespace pretext
