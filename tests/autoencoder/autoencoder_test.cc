// The encoder Mlp, the head MlpDecoder, the loss MeanSquaredError and the optimizer Adam together:
// against PyTorch (reference.py), every gradient and the weights and losses of 20 steps; and a
// linear autoencoder against the bound that principal components are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "core/tensor/memory_pool.h"
#include "encoders/mlp/mlp.h"
#include "encoders/mlp/mlp.pb.h"
#include "evaluation/pca/pca.h"
#include "heads/mlp_decoder/mlp_decoder.h"
#include "heads/mlp_decoder/mlp_decoder.pb.h"
#include "losses/mean_squared_error/mean_squared_error.h"
#include "losses/mean_squared_error/mean_squared_error.pb.h"
#include "optimizers/adam/adam.h"
#include "optimizers/adam/adam.pb.h"
#include "tests/golden.h"

namespace pretext {
namespace {

// As in reference.py.
constexpr int64_t kSamples = 24, kSide = 8, kSteps = 20;
constexpr double kRate = 1e-3;

class Model {
 public:
  Model(const Mlp& encoder, const MlpDecoder& head, const FlowType& sample) {
    encoder_ = Made(MlpEncoder::Create(encoder, {.input = sample, .sample = sample}));
    head_ = Made(MlpDecoderHead::Create(head, {.input = encoder_->output(), .sample = sample}));
    loss_ = Made(MeanSquaredErrorLoss::Create(MeanSquaredError(),
                                              {.input = head_->output(), .sample = sample}));
    optimizer_ = Made(AdamOptimizer::Create(Adam(), BuildContext()));
    std::vector<Parameter*> all;
    encoder_->parameters().Allocate("encoder", 1);
    head_->parameters().Allocate("head", 1);
    for (Parameter& p : encoder_->parameters().parameters()) parameters_[p.name] = &p;
    for (Parameter& p : head_->parameters().parameters()) parameters_[p.name] = &p;
    for (auto& [name, parameter] : parameters_) all.push_back(parameter);
    optimizer_->Attach(all);
  }

  // The loss and the gradients of a step.
  double Run(const Batch& batch) {
    for (auto& [name, parameter] : parameters_) parameter->has_gradient = false;
    const ForwardContext context = {.training = true};
    Tape tape;
    const Var h = encoder_->Forward(tape, tape.Constant(batch.input), batch, context);
    const Var loss = loss_->Compute(tape, head_->Forward(tape, h, batch, context), batch).loss;
    const double value = loss.value().item();
    tape.Backward(loss);
    return value;
  }
  void Update(int64_t step, double rate) { optimizer_->Step(step + 1, rate, 1); }

  const std::map<std::string, Parameter*>& parameters() const { return parameters_; }

 private:
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Optimizer> optimizer_;
  std::map<std::string, Parameter*> parameters_;
};

class AutoencoderAgainstPyTorch : public testing::Test {
 protected:
  static void SetUpTestSuite() { golden_ = ReadGolden("tests/autoencoder/golden.safetensors"); }
  static void TearDownTestSuite() { golden_.clear(); }

  static const Tensor& Golden(const std::string& name) {
    EXPECT_TRUE(golden_.contains(name)) << name;
    return golden_[name];
  }
  // PyTorch's own float32 is so far from its float64; ours sums in other orders: four times that,
  // and not less than one rounding a step. Of the value, or of the tensor's root mean square.
  static double Allowed(const std::string& what) {
    return std::max(4.0 * Golden("spread." + what).item(), double{kSteps * FLT_EPSILON});
  }
  static double LossDifference(int64_t step, double loss) {
    const double golden = Golden("losses").data()[step];
    return std::abs(loss - golden) / golden;
  }
  // The worst difference, of the tensor's root mean square.
  static double Difference(const std::string& name, const Tensor& ours) {
    const Tensor& golden = Golden(name);
    if (golden.size() != ours.size()) return INFINITY;
    return WorstDifference(ours.data(), golden.data(), ours.size()) / RootMeanSquare(golden);
  }

  // 64-40-20-6 and back, with the reference's weights.
  static Model MakeModel() {
    Mlp encoder;
    encoder.add_hidden(40);
    encoder.add_hidden(20);
    encoder.set_code(6);
    MlpDecoder head;
    head.add_hidden(20);
    head.add_hidden(40);
    head.set_output_activation(SIGMOID);
    Model model(encoder, head, FlowType::Image(1, kSide, kSide));
    for (const auto& [name, p] : model.parameters()) {
      const int64_t layer = name[name.find('.') + 1] - '0' + (name.starts_with("head") ? 3 : 0);
      const bool weight = p->role == Role::kWeight;
      const double size = weight ? std::sqrt(12 / static_cast<double>(p->shape[1])) : 0.2;
      for (int64_t i = 0; i < p->value.size(); ++i) {
        p->value.data()[i] =
            static_cast<float>(size * ReferenceValue(2 * layer + (weight ? 0 : 1), i));
      }
    }
    return model;
  }

  static Batch Images(int64_t step) {
    Batch batch;
    batch.samples = kSamples;
    batch.type = FlowType::Image(1, kSide, kSide);
    batch.input = Tensor::Uninitialized({kSamples, 1, kSide, kSide});
    for (int64_t n = 0; n < kSamples; ++n) {
      const int64_t k = n + kSamples * step;
      for (int64_t y = 0; y < kSide; ++y) {
        for (int64_t x = 0; x < kSide; ++x) {
          const int64_t down = y - k * 5 % 7, across = x - k * 3 % 8;
          batch.input.data()[(n * kSide + y) * kSide + x] =
              static_cast<float>(static_cast<double>(1 + k * 3 % 5) /
                                 (6.0 + static_cast<double>(down * down + across * across)));
        }
      }
    }
    batch.clean = batch.input;
    return batch;
  }

  static std::map<std::string, Tensor> golden_;
};
std::map<std::string, Tensor> AutoencoderAgainstPyTorch::golden_;

TEST_F(AutoencoderAgainstPyTorch, LossAndGradients) {
  Model model = MakeModel();
  EXPECT_LE(LossDifference(0, model.Run(Images(0))), Allowed("losses"));
  EXPECT_EQ(model.parameters().size(), 12u);
  for (const auto& [name, parameter] : model.parameters()) {
    EXPECT_LE(Difference("gradient." + name, parameter->gradient), Allowed("gradient")) << name;
    // The comparison sees a gradient that is wrong by a thousandth.
    const Tensor wrong = Scaled(parameter->gradient, 1.001f);
    EXPECT_GT(Difference("gradient." + name, wrong), Allowed("gradient")) << name;
  }
}

TEST_F(AutoencoderAgainstPyTorch, TwentySteps) {
  Model model = MakeModel();
  int64_t warm = 0;
  for (int64_t step = 0; step < kSteps; ++step) {
    if (step == 2) warm = MemoryPool::stats().misses;
    EXPECT_LE(LossDifference(step, model.Run(Images(step))), Allowed("losses")) << step;
    model.Update(step, kRate);
  }
  EXPECT_EQ(MemoryPool::stats().misses, warm) << "a step in the steady state asked for memory";
  for (const auto& [name, parameter] : model.parameters()) {
    EXPECT_LE(Difference("final." + name, parameter->value), Allowed("final")) << name;
  }
}

// Bourlard and Kamp 1988, Baldi and Hornik 1989: no linear autoencoder of code K has a smaller
// error on its training set than K principal components, and the best one has theirs.
TEST(LinearAutoencoder, ReachesPrincipalComponentsAndNeverPassesThem) {
  constexpr int64_t kRows = 256, kFeatures = 24, kCode = 4, kUpdates = 3000;
  // A falling spectrum, rotated, away from the origin: codes without a mean would miss it.
  Features train;
  train.count = kRows;
  train.width = kFeatures;
  for (int64_t n = 0; n < kRows; ++n) {
    for (int64_t d = 0; d < kFeatures; ++d) {
      double value = 0.5;
      for (int64_t k = 0; k < kFeatures; ++k) {
        const double direction = std::cos(std::numbers::pi / kFeatures *
                                          (static_cast<double>(d) + 0.5) * static_cast<double>(k));
        value += direction * ReferenceValue(k, n) / static_cast<double>(1 + k);
      }
      train.values.push_back(static_cast<float>(value));
    }
  }
  const auto pca = Pca::Fit(train, kCode);
  ASSERT_TRUE(pca.ok()) << pca.status();
  const double bound = pca->ReconstructionError(train);
  ASSERT_GT(bound, 1e-4) << "the data do not fit into the code";

  Mlp encoder;
  encoder.set_code(kCode);
  Model model(encoder, MlpDecoder(), FlowType::Vector(kFeatures));
  Batch batch;
  batch.samples = kRows;
  batch.type = FlowType::Vector(kFeatures);
  batch.input = Tensor::Uninitialized({kRows, kFeatures});
  std::copy(train.values.begin(), train.values.end(), batch.input.data());
  batch.clean = batch.input;
  double error = 0;
  for (int64_t step = 0; step <= kUpdates; ++step) {
    error = model.Run(batch);
    // The rounding of sums of a few dozen single-precision terms.
    ASSERT_FALSE(!(error >= bound * (1 - 1e-5)))
        << error << " below " << bound << ", step " << step;
    const double done = static_cast<double>(step) / kUpdates;
    model.Update(step, 1e-2 * 0.5 * (1 + std::cos(std::numbers::pi * done)));
  }
  EXPECT_LE(error, bound * 1.01);
}

}  // namespace
}  // namespace pretext
