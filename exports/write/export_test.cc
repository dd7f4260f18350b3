// Exports of small models with random weights: each is written, read back and proved. Planted
// faults in the files are found, and what a format cannot express is refused.
#include "exports/write/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <functional>

#include "base/file/file_tree.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "core/tensor/safetensors.h"
#include "encoders/conv_net/conv_net.pb.h"
#include "encoders/mlp/mlp.pb.h"
#include "encoders/res_net/res_net.pb.h"
#include "encoders/transformer/transformer.pb.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"
#include "exports/reading/foreign_files.h"
#include "exports/testing/small_model.h"
#include "heads/conv_decoder/conv_decoder.pb.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "heads/mlp_decoder/mlp_decoder.pb.h"
#include "heads/projection_mlp/projection_mlp.pb.h"

namespace pretext {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

const FlowType kTokens = FlowType::Tokens(12, 60);

ResNet SmallResNet(int depth, int64_t width, ResNet::Stem stem) {
  ResNet config;
  config.set_depth(depth);
  config.set_width(width);
  config.set_stem(stem);
  return config;
}

VisionTransformer SmallVit(bool class_token) {
  VisionTransformer config;
  config.set_layers(2);
  config.set_width(12);
  config.set_heads(3);
  config.set_mlp_ratio(1.3f);  // 15 of 15.6 features
  config.set_class_token(class_token);
  if (class_token) {
    config.set_layer_scale(0.1f);
  } else {
    config.set_pooling(VisionTransformer::MEAN);
    config.set_positions(VisionTransformer::SIN_COS);
  }
  return config;
}

Transformer SmallTransformer() {
  Transformer config;
  config.set_width(16);
  config.set_heads(4);
  config.set_segments(0);
  config.set_feed_forward(24);
  return config;
}

absl::StatusOr<Proof> ExportTo(SmallModel& model, const std::string& format,
                               const std::string& folder) {
  return Export(model.request(), **FindExportFormat(format), folder);
}

std::string Message(const absl::StatusOr<Proof>& proof) {
  EXPECT_FALSE(proof.ok());
  return std::string(proof.status().message());
}

std::vector<std::string> OutputsOf(const absl::StatusOr<Proof>& proof) {
  std::vector<std::string> names;
  EXPECT_TRUE(proof.ok()) << proof.status();
  if (!proof.ok()) return names;
  for (const ProofOfOutput& output : proof->outputs) {
    EXPECT_GT(output.rms, 0.01) << output.output;
    EXPECT_GT(output.allowed, 0) << output.output;
    // Random weights in single precision: far from what would prove nothing.
    EXPECT_LT(output.allowed, 1e-3 * output.rms) << output.output;
    names.push_back(output.output);
  }
  return names;
}

size_t TensorsIn(const std::string& folder) {
  const auto file = ReadTensors(folder + "/model.safetensors");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->tensors.size() : 0;
}

TEST(Export, ResNetByTorchvisionsNames) {
  SmallModel model(SmallResNet(18, 64, ResNet::CIFAR), nullptr, FlowType::Image(3, 12, 12));
  const TestFolder folder;
  EXPECT_THAT(OutputsOf(ExportTo(model, "torchvision", folder / "out")), ElementsAre("features"));
  EXPECT_THAT(*ListFolder(folder / "out"),
              ElementsAre("README.md", "config.json", "load.py", "model.safetensors"));
  EXPECT_EQ(TensorsIn(folder / "out"), 120u);  // torchvision's 122 without fc
  const auto file = ReadTensors(folder / "out/model.safetensors");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->metadata.at("format"), "pt");
  for (const NamedTensor& named : file->tensors) {
    if (named.name != "layer4.1.bn2.num_batches_tracked") continue;
    EXPECT_TRUE(named.wide);
    EXPECT_EQ(named.tensor.ints()[0], 7);
  }
  EXPECT_THAT(*ReadFile(folder / "out/load.py"), HasSubstr("model.maxpool = torch.nn.Identity()"));
  const std::string card = *ReadFile(folder / "out/README.md");
  EXPECT_THAT(card, HasSubstr("library_name: torchvision"));
  EXPECT_THAT(card, HasSubstr("mean = torch.tensor([0.5, 0.5, 0.5])"));
  EXPECT_THAT(card, HasSubstr(Checksum(*ReadFile(folder / "out/model.safetensors"))));
}

TEST(Export, ResNetByTimmsNames) {
  SmallModel model(SmallResNet(18, 64, ResNet::IMAGENET), nullptr, FlowType::Image(1, 40, 40));
  const TestFolder folder;
  EXPECT_THAT(OutputsOf(ExportTo(model, "timm", folder / "out")), ElementsAre("features"));
  const std::string config = *ReadFile(folder / "out/config.json");
  EXPECT_THAT(config, HasSubstr("\"model_args\": {\"in_chans\": 1}"));
  EXPECT_THAT(config, HasSubstr("\"std\": [0.25]"));
}

TEST(Export, VisionTransformerByTimmsNames) {
  const FlowType picture = FlowType::Image(1, 8, 12);
  const TestFolder folder;
  for (const bool class_token : {true, false}) {
    for (const bool pooled : {true, false}) {
      VisionTransformer config = SmallVit(class_token);
      config.set_pooled(pooled);
      if (pooled)
        config.set_pooling(class_token ? VisionTransformer::CLS : VisionTransformer::MEAN);
      if (!pooled) config.set_pooling(VisionTransformer::MEAN);
      SmallModel model(config, nullptr, picture);
      const std::string out =
          folder / (std::to_string(int{class_token}) + std::to_string(int{pooled}));
      EXPECT_THAT(OutputsOf(ExportTo(model, "timm", out)), ElementsAre("features"));
      // A token, positions, the first map, two layers of 12 with two scales each, a norm.
      EXPECT_EQ(TensorsIn(out), (class_token ? 1u : 0u) + 3 + 2 * (class_token ? 14 : 12) + 2);
      const std::string json = *ReadFile(out + "/config.json");
      EXPECT_THAT(json, HasSubstr("\"img_size\": [8, 12], \"patch_size\": 4, \"in_chans\": 1"));
      EXPECT_THAT(json, HasSubstr("\"classifier\": \"head\""));
    }
  }
}

TEST(Export, NarrowResNetsByHuggingFacesNames) {
  for (const int depth : {18, 34, 50, 101}) {
    SmallModel model(SmallResNet(depth, 4, ResNet::IMAGENET), nullptr, FlowType::Image(2, 40, 36));
    const TestFolder folder;
    EXPECT_THAT(OutputsOf(ExportTo(model, "huggingface", folder / "out")), ElementsAre("features"));
    const size_t convolutions = depth == 18 ? 20 : (depth == 34 ? 36 : (depth == 50 ? 53 : 104));
    EXPECT_EQ(TensorsIn(folder / "out"), 6 * convolutions);
  }
}

TEST(Export, TransformerByHuggingFacesNames) {
  const MaskedLanguageModel head;
  SmallModel model(SmallTransformer(), &head, kTokens);
  const TestFolder folder;
  EXPECT_THAT(OutputsOf(ExportTo(model, "huggingface", folder / "with")),
              ElementsAre("last_hidden_state", "logits"));
  EXPECT_EQ(TensorsIn(folder / "with"), 5u + 16 * 2 + 5);
  EXPECT_THAT(*ReadFile(folder / "with/README.md"), HasSubstr("texts of up to 12 tokens of 60"));
  EXPECT_THAT(*ListFolder(folder / "with"),
              ElementsAre("README.md", "config.json", "model.safetensors", "tokenizer.json",
                          "tokenizer_config.json", "vocab.txt"));
  model.request().head.reset();
  EXPECT_THAT(OutputsOf(ExportTo(model, "huggingface", folder / "without")),
              ElementsAre("last_hidden_state"));
  EXPECT_EQ(TensorsIn(folder / "without"), 5u + 16 * 2);
}

TEST(Export, SentenceTransformersPoolAsTheEncoderDoes) {
  for (const auto pooling : {Transformer::MEAN, Transformer::CLS}) {
    Transformer config = SmallTransformer();
    config.set_pooling(pooling);
    SmallModel model(config, nullptr, kTokens);
    const TestFolder folder;
    EXPECT_THAT(OutputsOf(ExportTo(model, "sentence-transformers", folder / "out")),
                ElementsAre("last_hidden_state", "sentence_embedding"));
    EXPECT_TRUE(ExportTo(model, "huggingface", folder / "plain").ok());
    EXPECT_THAT(
        *ReadFile(folder / "plain/README.md"),
        HasSubstr(pooling == Transformer::CLS ? "vectors = h[:, 0]" : "vectors = (h * mask)"));
    // The other pooling is another vector.
    const std::string path = folder / "out/1_Pooling/config.json";
    std::string text = *ReadFile(path);
    const std::string on = pooling == Transformer::CLS ? "cls_token" : "mean_tokens",
                      off = pooling == Transformer::CLS ? "mean_tokens" : "cls_token";
    text.replace(text.find(on + "\": true"), on.size() + 7, on + "\": false");
    text.replace(text.find(off + "\": false"), off.size() + 8, off + "\": true");
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
    const auto graph = ReadForeign("sentence_transformers.BertModel", folder / "out");
    ASSERT_TRUE(graph.ok()) << graph.status();
    EXPECT_THAT(Message(Prove(*graph, model.proof_model())), HasSubstr("sentence_embedding"));
  }
}

TEST(Export, EveryActivationInTransformers) {
  for (const ActivationFunction activation : {IDENTITY, RELU, GELU, GELU_TANH, SIGMOID, TANH}) {
    Transformer config = SmallTransformer();
    config.set_activation(activation);
    config.set_segments(3);
    SmallModel model(config, nullptr, kTokens);
    const TestFolder folder;
    EXPECT_TRUE(ExportTo(model, "huggingface", folder / "a").ok());
    EXPECT_TRUE(ExportTo(model, "onnx", folder / "b").ok());
  }
}

TEST(Export, GraphsOfPictures) {
  const FlowType picture = FlowType::Image(3, 11, 10);
  const TestFolder folder;
  int number = 0;
  const auto outputs = [&](SmallModel& model) {
    return OutputsOf(ExportTo(model, "onnx", folder / std::to_string(number++)));
  };
  ProjectionMlp projection;
  projection.set_hidden(6);
  projection.set_output_norm(true);
  for (const auto stem : {ResNet::CIFAR, ResNet::IMAGENET}) {
    ResNet config = SmallResNet(stem == ResNet::CIFAR ? 18 : 50, 4, stem);
    config.set_norm_epsilon(0.1f);
    projection.set_output_norm_scale(stem == ResNet::CIFAR);
    SmallModel model(config, &projection, FlowType::Image(3, 40, 36));
    EXPECT_THAT(outputs(model), ElementsAre("features", "projection"));
  }
  for (const bool norm : {false, true}) {
    ConvNet net;
    net.add_channels(4);
    net.add_channels(5);
    net.set_batch_norm(norm);
    net.set_average_pool(norm);
    net.set_code(norm ? 0 : 7);
    ConvDecoder decoder;
    decoder.add_channels(5);
    decoder.add_channels(4);
    decoder.set_batch_norm(norm);
    decoder.set_output_activation(SIGMOID);
    SmallModel model(net, &decoder, picture);
    EXPECT_THAT(outputs(model), ElementsAre("features", "reconstruction"));
  }
  for (const auto norm : {Mlp::NONE, Mlp::BATCH, Mlp::LAYER}) {
    Mlp mlp;
    mlp.add_hidden(9);
    mlp.set_normalization(norm);
    mlp.set_code_activation(TANH);
    MlpDecoder decoder;
    decoder.add_hidden(8);
    SmallModel model(mlp, &decoder, picture);
    EXPECT_THAT(outputs(model), ElementsAre("features", "reconstruction"));
  }
  for (const bool class_token : {true, false}) {
    const ProjectionMlp projection;
    SmallModel vit(SmallVit(class_token), &projection, FlowType::Image(2, 8, 12));
    EXPECT_THAT(outputs(vit), ElementsAre("features", "projection"));
  }
  SmallModel vectors(Mlp(), nullptr, FlowType::Vector(20));
  EXPECT_THAT(outputs(vectors), ElementsAre("features"));
}

TEST(Export, GraphsOfText) {
  const MaskedLanguageModel head;
  const TestFolder folder;
  for (const auto normalization : {Transformer::POST, Transformer::PRE}) {
    Transformer config = SmallTransformer();
    config.set_normalization(normalization);
    SmallModel model(config, &head, kTokens);
    EXPECT_THAT(OutputsOf(ExportTo(model, "onnx",
                                   folder / std::to_string(static_cast<int>(normalization)))),
                ElementsAre("last_hidden_state", "logits", "sentence_embedding"));
  }
  Transformer pooled = SmallTransformer();
  pooled.set_pooled(true);
  SmallModel model(pooled, nullptr, kTokens);
  EXPECT_THAT(OutputsOf(ExportTo(model, "onnx", folder / "pooled")),
              ElementsAre("sentence_embedding"));
}

// Changes DIR/model.safetensors and says what the proof makes of it.
std::string ProofOfChanged(SmallModel& model, const std::string& folder, const std::string& reading,
                           const std::function<void(TensorFile&)>& change) {
  const std::string path = folder + "/model.safetensors";
  auto file = ReadTensors(path);
  EXPECT_TRUE(file.ok()) << file.status();
  TensorFile changed = *file;
  for (NamedTensor& named : changed.tensors) named.tensor = named.tensor.Clone();
  change(changed);
  EXPECT_TRUE(WriteTensors(path, changed).ok());
  const auto graph = ReadForeign(reading, folder);
  const std::string message = graph.ok() ? Message(Prove(*graph, model.proof_model()))
                                         : std::string(graph.status().message());
  EXPECT_TRUE(WriteTensors(path, *file).ok());
  return message;
}

Tensor& At(TensorFile& file, const std::string& name) {
  for (NamedTensor& named : file.tensors) {
    if (named.name == name) return named.tensor;
  }
  ADD_FAILURE() << "no " << name;
  return file.tensors[0].tensor;
}

TEST(Export, PlantedFaultsInBertAreFound) {
  const MaskedLanguageModel head;
  SmallModel model(SmallTransformer(), &head, kTokens);
  const TestFolder folder;
  const std::string out = folder / "out", reading = "huggingface.BertModel";
  ASSERT_TRUE(ExportTo(model, "huggingface", out).ok());
  const std::string self = "bert.encoder.layer.1.attention.self.";
  EXPECT_THAT(ProofOfChanged(model, out, reading,
                             [&](TensorFile& file) {
                               std::swap(At(file, self + "query.weight"),
                                         At(file, self + "key.weight"));
                             }),
              HasSubstr("is not the encoder's"));
  EXPECT_THAT(ProofOfChanged(model, out, reading,
                             [&](TensorFile& file) { At(file, self + "query.bias").Zero(); }),
              HasSubstr("is not the encoder's"));
  EXPECT_THAT(ProofOfChanged(model, out, reading,
                             [&](TensorFile& file) { At(file, "cls.predictions.bias").Zero(); }),
              HasSubstr("logits"));
  EXPECT_THAT(
      ProofOfChanged(model, out, reading,
                     [&](TensorFile& file) { At(file, "cls.predictions.bias").data()[3] = NAN; }),
      HasSubstr("logits"));
  EXPECT_THAT(
      ProofOfChanged(model, out, reading, [](TensorFile& file) { file.tensors.pop_back(); }),
      HasSubstr("has no "));
  EXPECT_THAT(ProofOfChanged(model, out, reading,
                             [](TensorFile& file) {
                               file.tensors.push_back({"pooler.dense.bias", Tensor::Zeros({16})});
                             }),
              HasSubstr("pooler.dense.bias, which the model has no place for"));
  EXPECT_THAT(ProofOfChanged(model, out, reading, [](TensorFile& file) { file.metadata.clear(); }),
              HasSubstr("\"format\": \"pt\""));
  std::string config = *ReadFile(out + "/config.json");
  config.replace(config.find("1e-12"), 5, "1e-03");
  ASSERT_TRUE(WriteFileAtomically(out + "/config.json", config).ok());
  EXPECT_THAT(Message(Prove(*ReadForeign(reading, out), model.proof_model())),
              HasSubstr("is not the encoder's"));
}

TEST(Export, PlantedFaultsInVisionTransformerAreFound) {
  SmallModel model(SmallVit(true), nullptr, FlowType::Image(1, 8, 12));
  const TestFolder folder;
  ASSERT_TRUE(ExportTo(model, "timm", folder / "out").ok());
  const auto proof = [&](const std::function<void(TensorFile&)>& change) {
    return ProofOfChanged(model, folder / "out", "timm.VisionTransformer", change);
  };
  for (const char* name : {"cls_token", "pos_embed", "blocks.1.attn.qkv.weight",
                           "blocks.0.ls2.gamma", "norm.bias", "patch_embed.proj.weight"}) {
    const std::string found = proof([&](TensorFile& file) { At(file, name).data()[1] += 0.5f; });
    EXPECT_THAT(found, HasSubstr("features")) << name;
  }
  EXPECT_THAT(proof([&](TensorFile& file) { file.tensors.pop_back(); }),
              HasSubstr("model.safetensors has no "));
}

TEST(Export, PlantedFaultsInResNetAreFound) {
  SmallModel model(SmallResNet(18, 4, ResNet::IMAGENET), nullptr, FlowType::Image(3, 40, 40));
  const TestFolder folder;
  const std::string out = folder / "out", reading = "huggingface.ResNetModel";
  ASSERT_TRUE(ExportTo(model, "huggingface", out).ok());
  const std::string layer = "encoder.stages.2.layers.1.layer.";
  EXPECT_THAT(ProofOfChanged(model, out, reading,
                             [&](TensorFile& file) {
                               std::swap(At(file, layer + "0.convolution.weight"),
                                         At(file, layer + "1.convolution.weight"));
                             }),
              HasSubstr("features is not the encoder's"));
  EXPECT_THAT(ProofOfChanged(model, out, reading,
                             [&](TensorFile& file) {
                               // ε of 1e-3 in the place of 1e-5.
                               Tensor& variance = At(file, layer + "1.normalization.running_var");
                               for (int64_t c = 0; c < variance.size(); ++c)
                                 variance.data()[c] += 1e-3f;
                             }),
              HasSubstr("features is not the encoder's"));
}

// A convolution's own weight where the folded one belongs.
TEST(Export, AnUnfoldedNormalisationIsFound) {
  SmallModel model(SmallResNet(18, 4, ResNet::CIFAR), nullptr, FlowType::Image(3, 12, 12));
  const TestFolder folder;
  ASSERT_TRUE(ExportTo(model, "onnx", folder / "out").ok());
  auto graph = kOnnxFormat.read(folder / "out");
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_TRUE(Prove(*graph, model.proof_model()).ok());
  for (NamedTensor& constant : graph->constants) {
    if (constant.name == "encoder.layer2.0.conv2.weight")
      constant.tensor = model.request().encoder["layer2.0.conv2.weight"];
  }
  EXPECT_THAT(Message(Prove(*graph, model.proof_model())), HasSubstr("is not the encoder's"));
}

TEST(Export, NothingIsLeftOfOneThatFails) {
  SmallModel model(SmallResNet(18, 4, ResNet::CIFAR), nullptr, FlowType::Image(3, 12, 12));
  SmallModel other(SmallResNet(18, 4, ResNet::CIFAR), nullptr, FlowType::Image(3, 12, 12));
  other.encoder().parameters().parameters()[0].value.data()[5] += 0.1f;
  model.request().encoder_plugin = &other.encoder();
  const TestFolder folder;
  EXPECT_THAT(Message(ExportTo(model, "onnx", folder / "out")), HasSubstr("is not the encoder's"));
  EXPECT_THAT(folder.Names(), ElementsAre());
}

TEST(Export, TakesAFolderThatIsNewOrEmpty) {
  SmallModel model(Mlp(), nullptr, FlowType::Vector(4));
  const TestFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "empty").ok());
  EXPECT_TRUE(ExportTo(model, "onnx", folder / "empty/").ok());
  EXPECT_THAT(Message(ExportTo(model, "onnx", folder / "empty")), HasSubstr("replaces nothing"));
  EXPECT_TRUE(ExportTo(model, "onnx", folder / "a/b/c").ok());
  // As long as a name may be: what is aside has room for its own beside it.
  EXPECT_TRUE(ExportTo(model, "onnx", folder / std::string(255, 'n')).ok());
  // A link to a folder stays one.
  ASSERT_TRUE(MakeFolders(folder / "far").ok());
  ASSERT_EQ(symlink("far", (folder / "link").c_str()), 0);
  EXPECT_TRUE(ExportTo(model, "onnx", folder / "link").ok());
  EXPECT_TRUE(IsLink(folder / "link"));
  EXPECT_THAT(*ListFolder(folder / "far"), Contains("model.onnx"));
  ASSERT_EQ(symlink("gone", (folder / "dangling").c_str()), 0);
  for (const char* const path : {"dangling", "dangling/"}) {
    EXPECT_THAT(Message(ExportTo(model, "onnx", folder / path)),
                HasSubstr("is a link that leads nowhere"));
  }
  EXPECT_THAT(Message(ExportTo(model, "onnx", ".")), HasSubstr("is the folder you are in"));
  ASSERT_TRUE(WriteFileAtomically(folder / "file", "x").ok());
  EXPECT_FALSE(ExportTo(model, "onnx", folder / "file").ok());
  EXPECT_FALSE(ExportTo(model, "onnx", folder / "file/below").ok());
}

TEST(Export, WhatAFormatCannotExpressIsRefused) {
  const TestFolder folder;
  const auto refusal = [&](const google::protobuf::Message& encoder,
                           const google::protobuf::Message* head, const FlowType& input,
                           const char* format) {
    SmallModel model(encoder, head, input);
    const auto proof = ExportTo(model, format, folder / "out");
    EXPECT_EQ(proof.status().code(), absl::StatusCode::kInvalidArgument);
    return Message(proof);
  };
  const FlowType picture = FlowType::Image(3, 40, 40);
  EXPECT_THAT(refusal(SmallResNet(18, 16, ResNet::CIFAR), nullptr, picture, "torchvision"),
              HasSubstr("begins with 64 channels"));
  EXPECT_THAT(refusal(SmallResNet(18, 64, ResNet::CIFAR), nullptr, picture, "timm"),
              HasSubstr("--format torchvision"));
  EXPECT_THAT(refusal(SmallResNet(18, 4, ResNet::CIFAR), nullptr, picture, "huggingface"),
              HasSubstr("IMAGENET"));
  ResNet epsilon = SmallResNet(18, 64, ResNet::CIFAR);
  epsilon.set_norm_epsilon(1e-3f);
  EXPECT_THAT(refusal(epsilon, nullptr, picture, "torchvision"),
              HasSubstr("norm_epsilon is 0.001"));
  VisionTransformer tanh_vit = SmallVit(true);
  tanh_vit.set_activation(GELU_TANH);
  EXPECT_THAT(refusal(tanh_vit, nullptr, picture, "timm"), HasSubstr("its activation GELU_TANH"));
  EXPECT_THAT(refusal(SmallVit(true), nullptr, picture, "huggingface"),
              HasSubstr("Formats that hold it: onnx, timm"));
  // What is said to hold it does: of this stem and width one format is left.
  EXPECT_THAT(refusal(SmallResNet(18, 4, ResNet::CIFAR), nullptr, picture, "sentence-transformers"),
              EndsWith("Formats that hold it: onnx"));
  Transformer pre = SmallTransformer();
  pre.set_normalization(Transformer::PRE);
  EXPECT_THAT(refusal(pre, nullptr, kTokens, "huggingface"), HasSubstr("normalization: PRE"));
  EXPECT_THAT(refusal(Mlp(), nullptr, picture, "huggingface"),
              HasSubstr("pretext.Mlp has no form in huggingface. Formats that hold it: onnx"));
  const ProjectionMlp projection;
  EXPECT_THAT(refusal(SmallResNet(18, 4, ResNet::IMAGENET), &projection, picture, "huggingface"),
              HasSubstr("Leave out --with-head"));
  MaskedLanguageModel head;
  head.set_epsilon(1e-5f);
  EXPECT_THAT(refusal(SmallTransformer(), &head, kTokens, "huggingface"),
              HasSubstr("one layer_norm_eps"));
  MaskedLanguageModel tanh;
  tanh.set_activation(TANH);
  EXPECT_THAT(refusal(SmallTransformer(), &tanh, kTokens, "huggingface"),
              HasSubstr("one hidden_act"));
  EXPECT_THAT(folder.Names(), ElementsAre());
  EXPECT_THAT(std::string(FindExportFormat("hugingface").status().message()),
              HasSubstr("did you mean huggingface?"));
  EXPECT_THAT(std::string(FindExportFormat("").status().message()), HasSubstr("--format"));
}

}  // namespace
}  // namespace pretext
