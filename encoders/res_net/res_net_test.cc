#include "encoders/res_net/res_net.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "core/autograd/gradient_check.h"
#include "core/tensor/safetensors.h"
#include "encoders/res_net/res_net.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

ResNet Config(int depth, int64_t width, ResNet::Stem stem = ResNet::CIFAR) {
  ResNet config;
  config.set_depth(depth);
  config.set_width(width);
  config.set_stem(stem);
  return config;
}

std::unique_ptr<Encoder> Build(const ResNet& config, const FlowType& input) {
  auto encoder = ResNetEncoder::Create(config, {.input = input});
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  return *std::move(encoder);
}

// As res_net_torch.py's.
void Wave(Tensor& t, double stream, double scale = 1, double offset = 0) {
  for (int64_t i = 0; i < t.size(); ++i) {
    t.data()[i] = static_cast<float>(
        offset + scale * std::sin(0.7 * static_cast<double>(i) + 1.3 * stream + 0.2));
  }
}
void Fill(ParameterSet& set) {
  int stream = 0;
  for (Parameter& p : set.parameters()) {
    if (p.shape.rank() == 4) {
      Wave(p.value, stream, std::sqrt(3.0 / static_cast<double>(p.shape.size() / p.shape[0])));
    } else {
      Wave(p.value, stream, 0.3, p.role == Role::kNormScale ? 1 : 0);
    }
    ++stream;
  }
}

std::map<std::string, Tensor> Golden(int depth) {
  const std::string name =
      "encoders/res_net/res_net_golden_" + std::to_string(depth) + ".safetensors";
  std::ifstream file(name, std::ios::binary);
  const std::string contents{std::istreambuf_iterator<char>(file), {}};
  auto parsed = ParseTensors(name, contents);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  std::map<std::string, Tensor> tensors;
  for (const NamedTensor& t : parsed->tensors) tensors[t.name] = t.tensor;
  return tensors;
}

// Against PyTorch in double precision. Each of dozens of normalisations over few values magnifies
// what was rounded before it: PyTorch in float32 is off by up to 1.1e-5 (18) and 3.8e-4 (50) of a
// tensor's size (rms) itself. Four times that is allowed.
void CompareWithPyTorch(int depth, int64_t width, const FlowType& input, ResNet::Stem stem,
                        double tolerance) {
  auto encoder = Build(Config(depth, width, stem), input);
  ParameterSet& set = encoder->parameters();
  set.Allocate("", 1);
  Fill(set);
  std::map<std::string, Tensor> golden = Golden(depth);
  const auto compare = [&](const std::string& name, const Tensor& actual) {
    ASSERT_TRUE(golden.contains(name)) << name;
    ASSERT_EQ(golden[name].shape(), actual.shape()) << name;
    EXPECT_TRUE(AllClose(ToDoubles(actual), ToDoubles(golden[name]), tolerance)) << name;
    golden.erase(name);
  };
  Tensor x = Tensor::Uninitialized(input.Batch(6)),
         weights = Tensor::Uninitialized({6, encoder->output().features});
  Wave(x, 1000);
  Wave(weights, 1001);
  Tape tape;
  const Var leaf = tape.Leaf(x);
  const Var h = encoder->Forward(tape, leaf, Batch(), {.training = true});
  compare("features", h.value());
  tape.Backward(h, weights);
  compare("gradient.x", tape.LeafGradient(leaf));
  for (const Parameter& p : set.parameters()) {
    const std::string name = p.name.substr(1);
    // The later blocks of the large stages are left out of the file.
    if (depth == 50 && (name.starts_with("layer3") || name.starts_with("layer4")) && name[7] != '0')
      continue;
    compare("gradient." + name, p.gradient);
  }
  for (const Buffer& b : set.buffers()) compare(b.name.substr(1), b.value);
  Tape evaluation(false);
  compare("evaluation", encoder->Forward(evaluation, evaluation.Constant(x), Batch(), {}).value());
  EXPECT_TRUE(golden.empty()) << "PyTorch has more: " << golden.begin()->first;
}

TEST(ResNet, BasicBlocksAsPyTorch) {
  CompareWithPyTorch(18, 2, FlowType::Image(3, 16, 16), ResNet::CIFAR, 4.4e-5);
}

TEST(ResNet, BottlenecksAndImageNetStemAsPyTorch) {
  CompareWithPyTorch(50, 2, FlowType::Image(1, 40, 40), ResNet::IMAGENET, 1.5e-3);
}

TEST(ResNet, AsManyParametersAsTorchvisions) {
  const FlowType input = FlowType::Image(3, 224, 224);
  EXPECT_EQ(Build(Config(18, 64, ResNet::IMAGENET), input)->parameters().count(), 11176512);
  EXPECT_EQ(Build(Config(34, 64, ResNet::IMAGENET), input)->parameters().count(), 21284672);
  EXPECT_EQ(Build(Config(50, 64, ResNet::IMAGENET), input)->parameters().count(), 23508032);
  EXPECT_EQ(Build(Config(101, 64, ResNet::IMAGENET), input)->parameters().count(), 42500160);
  EXPECT_EQ(Build(Config(50, 64), input)->output(), FlowType::Vector(2048));
}

TEST(ResNet, ZeroInitMakesBlocksTheIdentity) {
  for (bool zero : {true, false}) {
    ResNet config = Config(18, 4);
    config.set_zero_init_residual(zero);
    auto encoder = Build(config, FlowType::Image(1, 8, 8));
    encoder->parameters().Allocate("encoder", 1);
    int zeros = 0, ones = 0;
    for (const Parameter& p : encoder->parameters().parameters()) {
      if (p.role != Role::kNormScale) continue;
      (p.value.data()[0] == 0 ? zeros : ones)++;
    }
    EXPECT_EQ(zeros, zero ? 8 : 0);
    EXPECT_EQ(ones, zero ? 12 : 20);
  }
}

TEST(ResNet, InitialWeightsHaveTheirDeviation) {
  for (ResNet::Initialization kind : {ResNet::HE, ResNet::FAN_IN}) {
    ResNet config = Config(18, 16);
    config.set_initialization(kind);
    auto encoder = Build(config, FlowType::Image(3, 8, 8));
    encoder->parameters().Allocate("encoder", 1);
    for (const Parameter& p : encoder->parameters().parameters()) {
      if (p.role != Role::kWeight) continue;
      double square = 0;
      for (double v : ToDoubles(p.value)) square += v * v;
      const double n = static_cast<double>(p.shape.size()),
                   area = static_cast<double>(p.shape[2] * p.shape[3]);
      const double expected = kind == ResNet::HE
                                  ? std::sqrt(2 / (static_cast<double>(p.shape[0]) * area))
                                  : std::sqrt(1 / (static_cast<double>(p.shape[1]) * area) / 3);
      // The deviation of n values is known to 1/√(2n): five of those.
      EXPECT_NEAR(std::sqrt(square / n) / expected, 1, 5 / std::sqrt(2 * n)) << p.name;
    }
  }
}

// In pieces, in place, nothing kept: the same function. 70 rows are a piece and a bit.
TEST(ResNet, EvaluationInPiecesIsTheWhole) {
  auto encoder = Build(Config(18, 16), FlowType::Image(1, 12, 12));
  encoder->parameters().Allocate("encoder", 1);
  const Tensor x = RandomTensor({70, 1, 12, 12}, 1);
  Tape recording, silent(false);
  const Var whole = encoder->Forward(recording, recording.Constant(x), Batch(), {});
  const Var pieces = encoder->Forward(silent, silent.Constant(x), Batch(), {});
  EXPECT_EQ(pieces.shape(), (Shape{70, 128}));
  // Winograd's algorithm or the direct one, by the number of samples.
  EXPECT_TRUE(AllClose(ToDoubles(pieces.value()), ToDoubles(whole.value()), 1e-5));
}

// Running statistics as a training leaves them: none that normalises by 1 and 0.
void Train(Encoder& encoder, const Tensor& x) {
  Tape tape;
  for (int step = 0; step < 20; ++step) {
    encoder.Forward(tape, tape.Constant(x), Batch(), {.training = true});
    tape.Reset();
  }
}

Tensor Evaluated(Encoder& encoder, const Tensor& x, Precision precision) {
  Tape tape(false);
  const PrecisionScope scope(tape, precision);
  return encoder.Forward(tape, tape.Constant(x), Batch(), {}).value();
}

// Blocks of 32 channels and more have their normalisations folded in where there are matrix units.
// A convolution rounds x, w and y to bfloat16, each off by 1.6e-3 as a root mean square, and those
// of all convolutions do not depend on one another: √(3 · their number) times that.
TEST(ResNet, EvaluationInBfloat16IsNearThatInFloat32) {
  for (const auto& [depth, width, convolutions] :
       {std::tuple{18, 32, 20}, {18, 16, 20}, {34, 32, 36}, {50, 32, 53}}) {
    for (ResNet::Stem stem : {ResNet::CIFAR, ResNet::IMAGENET}) {
      const FlowType input = FlowType::Image(3, 33, 40);
      auto encoder = Build(Config(depth, width, stem), input);
      encoder->parameters().Allocate("encoder", 1);
      const Tensor x = RandomTensor(input.Batch(7), 2);
      Train(*encoder, x);
      const Doubles wide = ToDoubles(Evaluated(*encoder, x, Precision::kFloat32)),
                    narrow = ToDoubles(Evaluated(*encoder, x, Precision::kBfloat16));
      double difference = 0, norm = 0;
      for (size_t i = 0; i < wide.size(); ++i) {
        difference += (narrow[i] - wide[i]) * (narrow[i] - wide[i]);
        norm += wide[i] * wide[i];
      }
      const double apart = std::sqrt(difference / norm);
      EXPECT_TRUE(apart <= std::sqrt(3.0 * convolutions) * 1.6e-3) << depth << " " << apart;
    }
  }
}

// What is folded is what the parameters are now, and a row's figures are its own.
TEST(ResNet, EvaluationInBfloat16FollowsTheParameters) {
  auto encoder = Build(Config(18, 32), FlowType::Image(3, 8, 8));
  encoder->parameters().Allocate("encoder", 1);
  const Tensor x = RandomTensor({100, 3, 8, 8}, 3);
  const Tensor before = Evaluated(*encoder, x, Precision::kBfloat16);
  Train(*encoder, x);
  const Tensor after = Evaluated(*encoder, x, Precision::kBfloat16);
  EXPECT_FALSE(AllClose(ToDoubles(after), ToDoubles(before), 1e-2));
  const Tensor some = Evaluated(*encoder, x.Rows(70, 73), Precision::kBfloat16);
  EXPECT_EQ(ToDoubles(some), ToDoubles(after.Rows(70, 73)));
}

TEST(ResNet, EveryFaultIsNamed) {
  ResNet config = Config(20, 0);
  config.set_norm_momentum(0);
  config.set_norm_epsilon(-1);
  const auto encoder = ResNetEncoder::Create(config, {.input = FlowType::Vector(16)});
  const std::string message(encoder.status().message());
  EXPECT_THAT(message, HasSubstr("depth: is 18, 34, 50 or 101; it is 20"));
  EXPECT_THAT(message, HasSubstr("width: "));
  EXPECT_THAT(message, HasSubstr("norm_momentum: "));
  EXPECT_THAT(message, HasSubstr("norm_epsilon: "));
  EXPECT_THAT(message, HasSubstr("takes images; it is given vector 16"));
}

// AUTO is the one of the two that the images are for, whatever their aspect.
TEST(ResNetTest, TheStemFollowsTheImages) {
  ResNet config;
  config.set_width(4);
  const auto kernel = [&](int64_t height, int64_t width) {
    const auto encoder =
        *ResNetEncoder::Create(config, {.input = FlowType::Image(3, height, width)});
    return encoder->parameters().parameters().front().shape[2];
  };
  EXPECT_EQ(kernel(28, 28), 3);
  EXPECT_EQ(kernel(64, 64), 3);
  EXPECT_EQ(kernel(65, 64), 7);
  EXPECT_EQ(kernel(32, 224), 7);
  EXPECT_EQ(kernel(224, 224), 7);
  config.set_stem(ResNet::CIFAR);
  EXPECT_EQ(kernel(224, 224), 3);
  config.set_stem(ResNet::IMAGENET);
  EXPECT_EQ(kernel(28, 28), 7);
}

TEST(ResNetTest, SaysWhatOtherPicturesItTakes) {
  const auto encoder = Build(Config(18, 4), FlowType::Image(3, 16, 16));
  EXPECT_TRUE(encoder->Accepts(FlowType::Image(3, 7, 9)).ok());
  for (const FlowType& other : {FlowType::Image(1, 16, 16), FlowType::Vector(3),
                                FlowType::Image(3, 8, 8).WithMaskedPatches(4, 2)}) {
    EXPECT_THAT(
        std::string(encoder->Accepts(other).message()),
        testing::HasSubstr("takes pictures of 3 channels, of any size, with nothing masked"))
        << other.ToString();
  }
}

TEST(ResNetTest, SaysWhatItHasChosen) {
  ResNet config;
  config.set_width(4);
  const BuildContext context{.input = FlowType::Image(3, 96, 96)};
  EXPECT_EQ((*ResNetEncoder::Create(config, context))->chosen(),
            "stem IMAGENET for images of 96×96");
  config.set_stem(ResNet::IMAGENET);
  EXPECT_EQ((*ResNetEncoder::Create(config, context))->chosen(), "");
}

// The last stage has the fewest positions: 3×3 of 96×96 with the IMAGENET stem, 4×4 of 32×32.
TEST(ResNetTest, KnowsTheFewestPositionsOfItsNormalisations) {
  ResNet config;
  config.set_width(4);
  const auto positions = [&](int64_t side) {
    return (*ResNetEncoder::Create(config, {.input = FlowType::Image(3, side, side)}))
        ->parameters()
        .batch_statistics();
  };
  EXPECT_EQ(positions(96), 9);
  EXPECT_EQ(positions(32), 16);
  EXPECT_EQ(positions(7), 1);
}

}  // namespace
}  // namespace pretext
