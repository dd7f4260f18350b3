#include "pipelines/testing/fake_plugins.h"

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "core/plugin/plugin.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/testing/fake_plugins.pb.h"

namespace pretext::testing {
namespace {

class Images : public Dataset {
 public:
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const FakeImages& config,
                                                         const BuildContext& context) {
    FieldChecker check;
    check.Extent("side", config.side());
    check.That(context.Resolve(config.path()) != context.Resolve("missing"), "path",
               absl::StrCat("no such file: ", context.Resolve(config.path())));
    if (!check.ok()) return check.status();
    return std::make_unique<Images>(config);
  }
  explicit Images(const FakeImages& config) : config_(config) {}
  FlowType type() const override { return FlowType::Image(1, config_.side(), config_.side()); }
  bool labelled() const override { return config_.labelled(); }
  int64_t classes() const override { return 10; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? 100 : 10; }
  absl::Status Read(Split, int64_t, Sample&) const override { return absl::OkStatus(); }
  std::string Summary() const override { return "no images"; }

 private:
  const FakeImages config_;
};
PRETEXT_REGISTER_DATASET(Images, FakeImages);

class Unchanged : public Augmentation {
 public:
  explicit Unchanged(const FlowType& output) : output_(output) {}
  FlowType output() const override { return output_; }
  void Apply(Sample&, Random&) const override {}

 private:
  const FlowType output_;
};

class Noise : public Unchanged {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const FakeNoise& config,
                                                              const BuildContext& context) {
    FieldChecker check;
    check.NotNegative("deviation", config.deviation());
    if (!check.ok()) return check.status();
    return std::make_unique<Unchanged>(context.input);
  }
};
PRETEXT_REGISTER_AUGMENTATION(Noise, FakeNoise);

class Crop : public Unchanged {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const FakeCrop& config,
                                                              const BuildContext& context) {
    FieldChecker check;
    const bool side = check.Extent("side", config.side());
    const FlowType& input = context.input;
    if (!input.is(FlowType::Kind::kNothing) &&
        check.Shape(input.is(FlowType::Kind::kImage),
                    absl::StrCat("takes images; it is given ", input.ToString())) &&
        side) {
      check.That(
          config.side() <= input.width, "side",
          absl::StrCat("must be at most the image's ", input.width, "; it is ", config.side()));
    }
    if (!check.ok()) return check.status();
    return std::make_unique<Unchanged>(FlowType::Image(1, config.side(), config.side()));
  }
};
PRETEXT_REGISTER_AUGMENTATION(Crop, FakeCrop);

class All : public Unchanged {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const FakeAll& config,
                                                              const BuildContext& context) {
    FieldChecker check;
    for (int i = 0; i < config.augmentation_size(); ++i) {
      check.Nested(absl::StrCat("augmentation[", i, "]"),
                   Registry<Augmentation>::Create(config.augmentation(i), context).status());
    }
    if (!check.ok()) return check.status();
    return std::make_unique<Unchanged>(context.input);
  }
};
PRETEXT_REGISTER_AUGMENTATION(All, FakeAll);

class Layers : public Encoder {
 public:
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const FakeEncoder& config,
                                                         const BuildContext& context) {
    FieldChecker check;
    check.That(config.layer_size() + config.width_size() > 0, "layer", "needs at least one");
    std::vector<int64_t> widths;
    for (int i = 0; i < config.layer_size(); ++i) {
      check.Extent(absl::StrCat("layer[", i, "].width"), config.layer(i).width());
      widths.push_back(config.layer(i).width());
    }
    for (int i = 0; i < config.width_size(); ++i) {
      check.Extent(absl::StrCat("width[", i, "]"), config.width(i));
      widths.push_back(config.width(i));
    }
    if (!check.ok()) return check.status();
    auto encoder = std::make_unique<Layers>();
    int64_t before = context.input.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      encoder->parameters().Add(absl::StrCat(i, ".weight"), Role::kWeight, {widths[i], before},
                                Initializer::Constant(0));
      before = widths[i];
    }
    encoder->output_ = FlowType::Vector(before);
    return encoder;
  }
  FlowType output() const override { return output_; }
  Var Forward(Tape&, Var x, const Batch&, const ForwardContext&) override { return x; }

 private:
  FlowType output_;
};
PRETEXT_REGISTER_ENCODER(Layers, FakeEncoder);

class Decoder : public Head {
 public:
  static absl::StatusOr<std::unique_ptr<Head>> Create(const FakeDecoder&,
                                                      const BuildContext& context) {
    return std::make_unique<Decoder>(context.sample);
  }
  explicit Decoder(const FlowType& output) : output_(output) {}
  FlowType output() const override { return output_; }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }

 private:
  const FlowType output_;
};
PRETEXT_REGISTER_HEAD(Decoder, FakeDecoder);

class Comparison : public Loss {
 public:
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const FakeLoss& config,
                                                      const BuildContext& context) {
    FieldChecker check;
    check.Positive("temperature", config.temperature());
    if (!context.input.is(FlowType::Kind::kNothing)) {
      check.Shape(context.input == context.sample,
                  absl::StrCat("compares with the sample, ", context.sample.ToString(),
                               "; it is given ", context.input.ToString()));
    }
    if (!check.ok()) return check.status();
    return std::make_unique<Comparison>();
  }
  LossResult Compute(Tape&, const Prediction&, const Batch&) override { return {}; }
  bool takes_target() const override { return true; }
};
PRETEXT_REGISTER_LOSS(Comparison, FakeLoss);

class Still : public Optimizer {
 public:
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const FakeOptimizer& config,
                                                           const BuildContext&) {
    FieldChecker check;
    check.Positive("learning_rate", config.learning_rate());
    if (!check.ok()) return check.status();
    return std::make_unique<Still>();
  }
  double learning_rate() const override { return 1; }
  void Attach(std::vector<Parameter*>) override {}
  void Step(int64_t, double, double) override {}
  std::vector<State> state() override { return {}; }
};
PRETEXT_REGISTER_OPTIMIZER(Still, FakeOptimizer);

}  // namespace

std::string FakePipeline() {
  return R"(name: "fake"
dataset { [type.googleapis.com/pretext.testing.FakeImages] { side: 4 } }
views {
  count: 2
  augmentation { [type.googleapis.com/pretext.testing.FakeNoise] { deviation: 0.2 } }
}
encoder {
  [type.googleapis.com/pretext.testing.FakeEncoder] {
    width: [16, 8]
    layer { width: 4 activation: GELU }
  }
}
head { [type.googleapis.com/pretext.testing.FakeDecoder] {} }
loss { [type.googleapis.com/pretext.testing.FakeLoss] { temperature: 0.1 } }
optimizer { [type.googleapis.com/pretext.testing.FakeOptimizer] {} }
schedule { decay: COSINE warmup_epochs: 1 }
train { epochs: 2 batch_size: 8 }
)";
}

std::string FakePipelineWith(const std::string& before, const std::string& after) {
  std::string text = FakePipeline();
  const size_t position = text.find(before);
  PRETEXT_CHECK(position != std::string::npos, "the fake pipeline has that text");
  return text.replace(position, before.size(), after);
}

}  // namespace pretext::testing
