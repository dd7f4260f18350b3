#include "pipelines/init/architecture.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"

namespace pretext {
namespace {

std::string ConvChannels(const DataFacts& facts, int64_t width, bool down) {
  const int64_t side = std::min(facts.height, facts.width);
  std::vector<int64_t> channels;
  for (int64_t left = side, c = width; left > 7 && channels.size() < 4;
       left = (left + 1) / 2, c *= 2)
    channels.push_back(c);
  if (channels.empty()) channels.push_back(width);
  if (!down) std::reverse(channels.begin(), channels.end());
  std::string text = "[";
  for (const int64_t c : channels) absl::StrAppend(&text, text == "[" ? "" : ", ", c);
  return text + "]";
}

// Of vectors: two layers down to the code, and two up again.
std::vector<Architecture> VectorAutoencoders(const DataFacts& facts) {
  int64_t wide = 32;
  while (wide < 512 && wide < 2 * facts.features) wide *= 2;
  const int64_t narrow = wide / 2, code = std::clamp<int64_t>(facts.features / 4, 1, 64);
  return {{absl::StrFormat("encoder { [type.googleapis.com/pretext.Mlp] { hidden: [%d, %d] code: "
                           "%d } }\n",
                           wide, narrow, code),
           absl::StrFormat("head { [type.googleapis.com/pretext.MlpDecoder] { hidden: [%d, %d] } "
                           "}\n",
                           narrow, wide),
           absl::StrFormat("h is a code of %s for the %s of a sample. The decoder mirrors the "
                           "encoder.",
                           CountOf(code, "number", "numbers"), Counted(facts.features))}};
}

std::vector<Architecture> Autoencoders(const DataFacts& facts) {
  if (facts.features > 0) return VectorAutoencoders(facts);
  std::vector<Architecture> all;
  const int64_t code = facts.channels == 1 && facts.height <= 32 ? 32 : 64;
  for (const int64_t width : {32, 16}) {
    all.push_back(
        {absl::StrFormat(
             "encoder {\n  [type.googleapis.com/pretext.ConvNet] { channels: %s code: %d "
             "}\n}\n",
             ConvChannels(facts, width, true), code),
         absl::StrFormat("head {\n  [type.googleapis.com/pretext.ConvDecoder] { channels: %s%s "
                         "}\n}\n",
                         ConvChannels(facts, width, false),
                         facts.unit_range ? " output_activation: SIGMOID" : ""),
         absl::StrFormat(
             "Convolutions halve the picture until about 7 pixels are left; h is a code "
             "of %d numbers\nfor %s of a picture. The decoder mirrors it%s.",
             code, Counted(facts.channels * facts.height * facts.width),
             facts.unit_range ? ", and a sigmoid gives pixels in [0, 1]" : "")});
  }
  return all;
}

std::vector<Architecture> Contrastive(const DataFacts& facts) {
  std::vector<Architecture> all;
  for (const int64_t width : {64, 32, 16}) {
    if (width == 64 && facts.samples < 20000) continue;  // more than so few pictures can teach
    all.push_back(
        {absl::StrFormat(
             "encoder { [type.googleapis.com/pretext.ResNet] { depth: 18 width: %d } }\n", width),
         absl::StrFormat("head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: %d output: "
                         "128 } }\n",
                         8 * width),
         absl::StrFormat(
             "A ResNet-18 of %s the usual width: the widest that trains in the time, for "
             "%s pictures.\nh has %d numbers; the head is thrown away after training.",
             width == 64   ? "all"
             : width == 32 ? "half"
                           : "a quarter",
             Counted(facts.samples), 8 * width)});
  }
  const bool small = std::min(facts.height, facts.width) <= 32;
  all.push_back(
      {absl::StrFormat("encoder {\n  [type.googleapis.com/pretext.ConvNet] {\n    channels: "
                       "%s\n    stride: %s\n    batch_norm: true\n    average_pool: false\n    "
                       "code: 0\n  }\n}\n",
                       small ? "[32, 64, 64]" : "[32, 64, 128, 128]",
                       small ? "[1, 2, 2]" : "[2, 2, 2, 2]"),
       "head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 256 output: 64 } }\n",
       "A few convolutions: what trains here in the time. h is their last image, as it "
       "is."});
  return all;
}

std::vector<Architecture> LanguageModels(const DataFacts& facts) {
  std::vector<Architecture> all;
  struct Size {
    int layers, width, heads;
    int64_t words;
  };
  for (const Size& size :
       {Size{6, 384, 6, 20000000}, Size{4, 256, 4, 2000000}, Size{2, 128, 2, 0}}) {
    if (facts.words < size.words) continue;  // it would learn them by heart
    const double dropout = facts.words < 5000000 ? 0.1 : 0;
    all.push_back(
        {absl::StrFormat(
             "encoder {\n  [type.googleapis.com/pretext.Transformer] {\n    layers: %d\n    "
             "width: %d\n    heads: %d\n    segments: 0  # there are no pairs of "
             "sentences\n    dropout: %g\n    attention_dropout: %g\n  }\n}\n",
             size.layers, size.width, size.heads, dropout, dropout),
         "head { [type.googleapis.com/pretext.MaskedLanguageModel] {} }\n",
         absl::StrFormat("BERT with %d layers of %d features: the largest that trains in the time, "
                         "for %s words.%s",
                         size.layers, size.width, Counted(facts.words),
                         dropout > 0 ? "\nDropout, as every word is seen many times." : "")});
  }
  return all;
}

}  // namespace

std::vector<Architecture> Architectures(Method method, const DataFacts& facts) {
  switch (method) {
    case Method::kAutoencoder:
      return Autoencoders(facts);
    case Method::kSimclr:
      return Contrastive(facts);
    case Method::kMaskedLm:
      return LanguageModels(facts);
  }
  return {};
}

}  // namespace pretext
