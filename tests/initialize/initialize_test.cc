// Weights of other programs compute here what they compute there, and frozen ones stay as they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "core/tensor/safetensors.h"
#include "encoders/res_net/res_net.h"
#include "encoders/res_net/res_net.pb.h"
#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "encoders/vision_transformer/vision_transformer.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"
#include "heads/identity/identity.h"
#include "heads/identity/identity.pb.h"
#include "heads/masked_language_model/masked_language_model.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"
#include "tests/golden.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const char kFolder[] = "tests/initialize/";

const std::map<std::string, Tensor>& Golden() {
  static const auto* const golden =
      new std::map<std::string, Tensor>(ReadGolden(std::string(kFolder) + "golden.safetensors"));
  return *golden;
}

// What a test asks for, as a pipeline has it.
Pipeline Config(const std::string& from, Pipeline::Initialize::Part part,
                const std::vector<std::string>& surplus = {}) {
  Pipeline config;
  Pipeline::Initialize& entry = *config.add_initialize();
  entry.set_from(from);
  entry.set_part(part);
  for (const std::string& name : surplus) entry.add_allow_surplus(name);
  return config;
}

// The BERT of reference.py.
struct Bert {
  explicit Bert(const std::function<void(Transformer&)>& change = nullptr) {
    Transformer config;
    config.set_layers(2);
    config.set_width(16);
    config.set_heads(4);
    config.set_feed_forward(24);
    if (change != nullptr) change(config);
    FlowType type = FlowType::Tokens(12, 30);
    type.masked = true;
    encoder = Made(TransformerEncoder::Create(config, {.input = type, .sample = type}));
    head = Made(MaskedLanguageModelHead::Create(MaskedLanguageModel(),
                                                {.input = encoder->output(),
                                                 .sample = type,
                                                 .view = type,
                                                 .token_embedding = encoder->token_embedding()}));
  }
  absl::StatusOr<std::unique_ptr<Initialization>> Plan(Pipeline& config) const {
    return Initialization::Plan("", *encoder, *head, config);
  }
  std::string Fault(Pipeline config) const { return std::string(Plan(config).status().message()); }
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Head> head;
};

// The largest difference from theirs at tokens that are there, over the size (rms) of theirs.
double Difference(const Tensor& ours, const Tensor& theirs, const Tensor& lengths) {
  const int64_t tokens = theirs.dim(1), features = theirs.dim(2);
  double worst = 0;
  for (int64_t row = 0; row < theirs.dim(0) * tokens; ++row) {
    if (row % tokens >= lengths.ints()[row / tokens]) continue;
    worst = std::max(worst, WorstDifference(ours.data() + row * features,
                                            theirs.data() + row * features, features));
  }
  return worst / RootMeanSquare(theirs);
}

// Their float32 is off from their float64 by 1e-6 of the size in models of this kind, and so is
// ours; a weight in a wrong place by more than 0.1.
constexpr double kTolerance = 1e-5;

void ExpectAsTheirs(const std::string& from, const std::string& name,
                    const std::vector<std::string>& surplus, const std::string& words) {
  Bert bert;
  Pipeline config = Config(from, Pipeline::Initialize::BOTH, surplus);
  const auto plan = bert.Plan(config);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT((*plan)->notes()[0], HasSubstr(words));
  bert.encoder->parameters().Allocate("encoder", 1);
  bert.head->parameters().Allocate("head", 1);
  ASSERT_TRUE((*plan)->Apply("encoder", bert.encoder->parameters()).ok());
  ASSERT_TRUE((*plan)->Apply("head", bert.head->parameters()).ok());
  Batch batch;
  batch.samples = 3;
  batch.type = FlowType::Tokens(12, 30);
  batch.input = Golden().at("ids");
  batch.lengths = Golden().at("lengths");
  batch.segments = Golden().at("segments");
  batch.masked_positions = Tensor::Uninitialized({36}, DType::kInt32);
  for (int32_t i = 0; i < 36; ++i) batch.masked_positions.ints()[i] = i;
  Tape tape(false);
  const Var h = bert.encoder->Forward(tape, tape.Constant(batch.input), batch, {});
  EXPECT_LE(Difference(h.value().Plain(), Golden().at(name + ".hidden"), batch.lengths),
            kTolerance);
  const Prediction z = bert.head->Forward(tape, h, batch, {});
  Tensor logits = Tensor::Uninitialized({3, 12, 30});
  for (int64_t row = 0; row < 36; ++row) {
    for (int64_t k = 0; k < 30; ++k) {
      double sum = z.decoder_bias.value().data()[k];
      for (int64_t d = 0; d < 16; ++d) {
        sum += static_cast<double>(z.value.value().data()[row * 16 + d]) *
               z.decoder_weight.value().data()[k * 16 + d];
      }
      logits.data()[row * 30 + k] = static_cast<float>(sum);
    }
  }
  EXPECT_LE(Difference(logits, Golden().at(name + ".logits"), batch.lengths), kTolerance);
}

TEST(Initialize, ABertOfHuggingFaceComputesWhatItComputesThere) {
  ExpectAsTheirs("tests/initialize/bert", "bert", {},
                 "the names of HuggingFace's BERT): 34 tensors");
}

TEST(Initialize, OldNamesHalfPrecisionAndTiedCopiesAreRead) {
  ExpectAsTheirs("tests/initialize/old_bert.safetensors", "old_bert", {"module.bert.pooler"},
                 "converted from F16 to float32");
}

// As tests/initialize/resnet.safetensors has it.
const FlowType kSmallImage = FlowType::Image(3, 16, 16);
std::unique_ptr<Encoder> SmallResNet() {
  ResNet config;
  config.set_depth(18);
  config.set_width(2);
  config.set_stem(ResNet::CIFAR);
  return Made(ResNetEncoder::Create(config, {.input = kSmallImage, .sample = kSmallImage}));
}

TEST(Initialize, AResNetOfTorchvisionsComputesWhatItComputesThere) {
  const auto encoder = SmallResNet();
  const auto head = Made(IdentityHeadPlugin::Create(IdentityHead(), {.input = encoder->output()}));
  Pipeline strict = Config("tests/initialize/resnet.safetensors", Pipeline::Initialize::ENCODER);
  EXPECT_THAT(
      std::string(Initialization::Plan("", *encoder, *head, strict).status().message()),
      AllOf(HasSubstr("initialize[0].from: "), HasSubstr("has 2 tensors with no place here"),
            HasSubstr("module.backbone.fc.weight  10×16"), Not(HasSubstr("num_batches"))));
  Pipeline pipeline = Config("tests/initialize/resnet.safetensors", Pipeline::Initialize::ENCODER,
                             {"module.backbone.fc"});
  const auto plan = Initialization::Plan("", *encoder, *head, pipeline);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT((*plan)->notes()[0], AllOf(HasSubstr("100 tensors"), HasSubstr("BF16")));
  EXPECT_EQ(pipeline.initialize(0).checksum().size(), 8u);
  encoder->parameters().Allocate("encoder", 1);
  ASSERT_TRUE((*plan)->Apply("encoder", encoder->parameters()).ok());
  Tensor x = Tensor::Uninitialized(kSmallImage.Batch(6));
  for (int64_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<float>(
        std::sin(0.7 * static_cast<double>(i) + 1.3 * 1000 + 0.2));  // wave(…, 1000)
  }
  Tape tape(false);
  const Tensor h = encoder->Forward(tape, tape.Constant(x), Batch(), {}).value().Plain();
  const Tensor& theirs = Golden().at("resnet.features");
  // No normalisation over few values magnifies what is rounded, in evaluation: 20 convolutions.
  EXPECT_LE(WorstDifference(h.data(), theirs.data(), h.size()) / RootMeanSquare(theirs), 2e-5);
}

TEST(Initialize, WhatDoesNotFitIsNamedWithItsShapes) {
  const auto fault = [](const std::function<void(Transformer&)>& change) {
    return Bert(change).Fault(Config("tests/initialize/bert", Pipeline::Initialize::BOTH));
  };
  EXPECT_THAT(fault([](Transformer& c) { c.set_positions(20); }),
              AllOf(HasSubstr("encoder.position_embedding is 20×16, and "
                              "bert.embeddings.position_embeddings.weight of"),
                    HasSubstr("is 12×16; the field positions of the encoder sets it: "
                              "positions: 12")));
  EXPECT_THAT(fault([](Transformer& c) { c.set_vocabulary(32); }),
              HasSubstr("vocabulary: 30, with the vocabulary of that file"));
  EXPECT_THAT(fault([](Transformer& c) { c.set_width(8); }),
              HasSubstr("encoder.layers.0.attention.in.weight is 24×8, 3 of 8×8, and "
                        "bert.encoder.layer.0.attention.self.key.weight of"));
  EXPECT_THAT(fault([](Transformer& c) { c.set_layers(3); }),
              AllOf(HasSubstr("lacks 12 tensors"),
                    HasSubstr("encoder.layers.2.attention.in.weight  48×16  "
                              "(encoder.layer.2.attention.self.query.weight, ")));
  EXPECT_THAT(fault([](Transformer& c) { c.set_layers(1); }),
              AllOf(HasSubstr("has 16 tensors with no place here"),
                    HasSubstr("bert.encoder.layer.1.output.dense.weight  16×24")));
  // The shapes are the same, the meaning is not.
  EXPECT_THAT(fault([](Transformer& c) { c.set_heads(2); }),
              HasSubstr("says \"num_attention_heads\": 4, and here it is 2 (the field heads)"));
  EXPECT_THAT(fault([](Transformer& c) { c.set_activation(RELU); }),
              HasSubstr("says \"hidden_act\": gelu, and here it is relu"));
  EXPECT_THAT(fault([](Transformer& c) { c.set_normalization(Transformer::PRE); }),
              HasSubstr("lacks"));
}

TEST(Initialize, AllowedOnesMayBeMissing) {
  Pipeline config = Config("tests/initialize/bert", Pipeline::Initialize::ENCODER);
  config.mutable_initialize(0)->add_allow_missing("layers.2");
  const Bert deeper([](Transformer& c) { c.set_layers(3); });
  const auto plan = deeper.Plan(config);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT((*plan)->notes()[0],
              AllOf(HasSubstr("12 stay random (encoder.layers.2.attention.in.weight, "),
                    // The head's, which are known.
                    HasSubstr("5 of the file left out (cls.predictions.bias, ")));
}

TEST(Initialize, AChecksumIsHeldAgainstTheFile) {
  Pipeline config = Config("tests/initialize/bert", Pipeline::Initialize::BOTH);
  config.mutable_initialize(0)->set_checksum("00000000");
  EXPECT_THAT(Bert().Fault(config),
              AllOf(HasSubstr("initialize[0].checksum: is 00000000, and that of "),
                    HasSubstr("another file by now")));
}

// A file of one's own making, in a folder that goes.
class Files : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& contents) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, contents).ok());
    return folder_ / name;
  }
  std::string Fault(const std::string& from) const {
    return Bert().Fault(Config(from, Pipeline::Initialize::BOTH));
  }
  TensorFile Theirs() const {
    absl::StatusOr<TensorFile> file = ReadTensors("tests/initialize/bert/model.safetensors");
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  const TestFolder folder_;
};

TEST_F(Files, PicklesAreRefusedWithTheWayToConvertThem) {
  for (const std::string& path :
       {Write("a.pth", "anything"), Write("zip.safetensors", "PK\x03\x04 and so on"),
        Write("old.safetensors", "\x80\x02\x8a\x0a")}) {
    EXPECT_THAT(Fault(path),
                AllOf(HasSubstr("is a pickle"), HasSubstr("torch.load"), HasSubstr("save_file")));
  }
  // A folder as HuggingFace saved it once.
  EXPECT_THAT(Fault(folder_ / ""), HasSubstr("several files"));
}

TEST_F(Files, WhatIsNoFileOfWeightsIsNamed) {
  EXPECT_THAT(Fault(folder_ / "nothing"), HasSubstr("nothing is not there"));
  EXPECT_THAT(Fault(folder_ / ""), HasSubstr("holds no weights"));
  EXPECT_THAT(Fault(Write("short.safetensors", "abc")), HasSubstr("not a whole safetensors file"));
  EXPECT_THAT(Fault(""), HasSubstr("initialize[0].from"));
}

TEST_F(Files, NumbersThatAreNotFiniteAreNamed) {
  TensorFile file = Theirs();
  for (NamedTensor& named : file.tensors) {
    if (named.name == "bert.embeddings.LayerNorm.bias") named.tensor.data()[3] = NAN;
  }
  EXPECT_THAT(Fault(Write("nan.safetensors", SerializeTensors(file))),
              HasSubstr("bert.embeddings.LayerNorm.bias of"));
}

TEST_F(Files, AVarianceIsNotNegative) {
  const auto encoder = SmallResNet();
  TensorFile file;
  const auto add = [&](const std::string& name, const Shape& shape) -> Tensor& {
    file.tensors.push_back({name, Tensor::Full(shape, 1)});
    return file.tensors.back().tensor;
  };
  for (const Parameter& parameter : encoder->parameters().parameters())
    add(parameter.name, parameter.shape);
  for (const Buffer& buffer : encoder->parameters().buffers()) {
    const bool variance = absl::EndsWith(buffer.name, "running_var");
    const float wrong = buffer.name == "bn1.running_var" ? -0.5f : 0;
    add(buffer.name, buffer.shape).data()[1] = variance ? wrong : -1;
  }
  const auto head = Made(IdentityHeadPlugin::Create(IdentityHead(), {.input = encoder->output()}));
  Pipeline config =
      Config(Write("negative.safetensors", SerializeTensors(file)), Pipeline::Initialize::ENCODER);
  const auto plan = Initialization::Plan("", *encoder, *head, config);
  EXPECT_THAT(std::string(plan.status().message()),
              AllOf(HasSubstr("initialize[0].from: bn1.running_var of "),
                    HasSubstr("has -0.5 at element 1; a variance is not negative"),
                    Not(HasSubstr("layer"))));
}

// timm has what its config.json says of a vision transformer in model_args.
TEST_F(Files, HeadsOfAVisionTransformerAreComparedToo) {
  const auto fault = [&](int heads, float epsilon) {
    VisionTransformer config;
    config.set_patch(4);
    config.set_layers(1);
    config.set_width(24);
    config.set_heads(heads);
    config.set_epsilon(epsilon);
    const auto encoder = Made(
        VisionTransformerEncoder::Create(config, {.input = kSmallImage, .sample = kSmallImage}));
    TensorFile file;
    for (const Parameter& parameter : encoder->parameters().parameters())
      file.tensors.push_back({parameter.name, Tensor::Full(parameter.shape, 1)});
    Write("config.json", R"({"architecture": "vit", "model_args": {"num_heads": 3}})");
    Pipeline pipeline =
        Config(Write("model.safetensors", SerializeTensors(file)), Pipeline::Initialize::ENCODER);
    const auto head =
        Made(IdentityHeadPlugin::Create(IdentityHead(), {.input = encoder->output()}));
    const auto plan = Initialization::Plan("", *encoder, *head, pipeline);
    return plan.ok() ? absl::StrJoin((*plan)->notes(), "\n") : std::string(plan.status().message());
  };
  EXPECT_THAT(fault(2, 1e-6f),
              HasSubstr("says \"num_heads\": 3, and here it is 2 (the field heads)"));
  EXPECT_THAT(fault(3, 1e-6f), AllOf(HasSubstr("names of timm"), Not(HasSubstr("note: "))));
  EXPECT_THAT(fault(3, 1e-3f), HasSubstr("note: epsilon is 0.001 here, and 1e-06 in timm"));
}

TEST_F(Files, WeightsThatGiveNothingAreAFault) {
  Pipeline config =
      Config(Write("theirs.safetensors", SerializeTensors(Theirs())), Pipeline::Initialize::BOTH);
  config.mutable_initialize(0)->set_prefix("students");
  config.mutable_initialize(0)->add_allow_missing("*");
  config.mutable_initialize(0)->add_allow_surplus("*");
  EXPECT_THAT(Bert().Fault(config),
              AllOf(HasSubstr("gives none of the "), HasSubstr("with the prefix \"students\""),
                    HasSubstr("Its names begin with bert, cls")));
}

TEST_F(Files, AnUntiedDecoderIsNotTakenForATiedOne) {
  TensorFile file = Theirs();
  file.tensors.push_back({"cls.predictions.decoder.weight", Tensor::Full({30, 16}, 1)});
  EXPECT_THAT(Fault(Write("untied.safetensors", SerializeTensors(file))),
              HasSubstr("cls.predictions.decoder.weight is not the same as "
                        "bert.embeddings.word_embeddings.weight"));
}

TEST_F(Files, OfTwoModelsInAFileOneIsChosen) {
  TensorFile both;
  for (const char* const which : {"student.", "teacher."}) {
    for (NamedTensor& named : Theirs().tensors)
      both.tensors.push_back({which + named.name, named.tensor});
  }
  const std::string path = Write("both.safetensors", SerializeTensors(both));
  EXPECT_THAT(Fault(path), HasSubstr("tensors with no place here"));
  Pipeline config = Config(path, Pipeline::Initialize::BOTH);
  config.mutable_initialize(0)->set_prefix("teacher");
  const Bert bert;
  EXPECT_TRUE(bert.Plan(config).ok()) << bert.Plan(config).status();
  TensorFile twice = Theirs();
  twice.tensors.push_back({"module.bert.embeddings.LayerNorm.bias", Tensor::Zeros({16})});
  EXPECT_THAT(
      Fault(Write("twice.safetensors", SerializeTensors(twice))),
      AllOf(HasSubstr("both "), HasSubstr("are embeddings.LayerNorm.bias; say by `prefix`")));
}

}  // namespace
}  // namespace pretext
