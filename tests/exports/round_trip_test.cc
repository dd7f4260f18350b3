// What an export by names holds is what `initialize` takes from it, to the bit: both go by one
// table of names (core/plugin/foreign_names.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "base/file/testing.h"
#include "encoders/res_net/res_net.h"
#include "encoders/res_net/res_net.pb.h"
#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "exports/testing/small_model.h"
#include "exports/write/export.h"
#include "heads/masked_language_model/masked_language_model.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "heads/projection_mlp/projection_mlp.h"
#include "heads/projection_mlp/projection_mlp.pb.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

template <class Part>
std::unique_ptr<Part> Made(absl::StatusOr<std::unique_ptr<Part>> part) {
  EXPECT_TRUE(part.ok()) << part.status();
  return *std::move(part);
}

// Names of tensors whose bits are not the same.
std::vector<std::string> Differing(const ParameterSet& a, const ParameterSet& b) {
  std::vector<std::string> names;
  const auto compare = [&](const auto& ours, const auto& theirs) {
    ASSERT_EQ(ours.size(), theirs.size());
    for (auto our = ours.begin(), their = theirs.begin(); our != ours.end(); ++our, ++their) {
      EXPECT_EQ(our->name, their->name);
      const Tensor x = our->value.Plain(), y = their->value.Plain();
      if (!(x.shape() == y.shape()) || std::memcmp(x.data(), y.data(), x.bytes()) != 0)
        names.push_back(our->name);
    }
  };
  compare(a.parameters(), b.parameters());
  compare(a.buffers(), b.buffers());
  return names;
}

// Exports the model, and initializes encoder and head, which are not allocated yet, from the
// folder: all of the encoder is as in the model, and of the head, if that was exported.
void ExpectTheSame(SmallModel& model, const std::string& format, const std::string& naming,
                   Encoder& encoder, Head& head) {
  const bool both = model.request().head.has_value();
  const TestFolder folder;
  const auto proof = Export(model.request(), **FindExportFormat(format), folder / format);
  ASSERT_TRUE(proof.ok()) << proof.status();
  Pipeline config;
  Pipeline::Initialize& entry = *config.add_initialize();
  entry.set_from(folder / format);
  entry.set_part(both ? Pipeline::Initialize::BOTH : Pipeline::Initialize::ENCODER);
  const auto plan = Initialization::Plan("", encoder, head, config);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT((*plan)->notes()[0], HasSubstr(naming));
  encoder.parameters().Allocate("encoder", 9);
  head.parameters().Allocate("head", 9);
  const ParameterSet& trained = model.encoder().parameters();
  EXPECT_FALSE(Differing(encoder.parameters(), trained).empty()) << "before it is initialized";
  ASSERT_TRUE((*plan)->Apply("encoder", encoder.parameters()).ok());
  EXPECT_EQ(Differing(encoder.parameters(), trained), std::vector<std::string>());
  if (!both) return;
  ASSERT_TRUE((*plan)->Apply("head", head.parameters()).ok());
  EXPECT_EQ(Differing(head.parameters(), model.request().head_plugin->parameters()),
            std::vector<std::string>());
}

void ExpectTheSameResNet(const ResNet& config, const char* format, const char* naming) {
  const FlowType picture = FlowType::Image(3, 40, 40);
  SmallModel model(config, nullptr, picture);
  const auto encoder = Made(ResNetEncoder::Create(config, {.input = picture, .sample = picture}));
  const auto head = Made(ProjectionMlpHead::Create(ProjectionMlp(), {.input = encoder->output()}));
  ExpectTheSame(model, format, naming, *encoder, *head);
}

TEST(RoundTrip, ResNetByTorchvisionsNames) {
  ResNet config;  // of torchvision's width
  config.set_stem(ResNet::IMAGENET);
  for (const char* format : {"torchvision", "timm"})
    ExpectTheSameResNet(config, format, "torchvision");
}

TEST(RoundTrip, ResNetByHuggingFacesNames) {
  for (const int depth : {18, 50}) {
    ResNet config;
    config.set_stem(ResNet::IMAGENET);
    config.set_depth(depth);
    config.set_width(4);
    ExpectTheSameResNet(config, "huggingface", "HuggingFace's ResNet");
  }
}

TEST(RoundTrip, TransformerByHuggingFacesNames) {
  FlowType tokens = FlowType::Tokens(12, 60);
  tokens.masked = true;
  Transformer config;
  config.set_width(16);
  config.set_heads(4);
  config.set_feed_forward(24);
  config.set_activation(RELU);
  config.set_epsilon(1e-5f);
  MaskedLanguageModel head_config;
  head_config.set_activation(RELU);
  head_config.set_epsilon(1e-5f);
  for (const bool with_head : {true, false}) {
    for (const char* format : {"huggingface", "sentence-transformers"}) {
      if (with_head && format != std::string("huggingface")) continue;
      SmallModel model(config, with_head ? &head_config : nullptr, tokens);
      const auto encoder =
          Made(TransformerEncoder::Create(config, {.input = tokens, .sample = tokens}));
      const auto head = Made(MaskedLanguageModelHead::Create(
          head_config, {.input = encoder->output(),
                        .sample = tokens,
                        .view = tokens,
                        .token_embedding = encoder->token_embedding()}));
      ExpectTheSame(model, format, "HuggingFace's BERT", *encoder, *head);
    }
  }
}

}  // namespace
}  // namespace pretext
