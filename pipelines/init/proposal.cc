#include "pipelines/init/proposal.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"
#include "base/text/nearest.h"
#include "base/text/one_line.h"

namespace pretext {
namespace {

constexpr int64_t kFewestSamples = 32;

// Share of the training samples that is kept for validation.
constexpr double kValidation = 0.1;

int64_t SequenceLength(const DataFacts& facts) {
  // A word is about 1.4 pieces; what is cut off a document is lost where documents stay apart.
  return facts.unit == "LINE" && facts.words_per_document < 35 ? 64 : 128;
}

// Sequences of a text's training part, by its words.
int64_t Sequences(const DataFacts& facts) {
  const double tokens = 1.4 * static_cast<double>(facts.words);
  const auto length = static_cast<double>(SequenceLength(facts));
  const double apart = static_cast<double>(facts.documents);
  return static_cast<int64_t>(facts.unit == "LINE" ? std::max(apart, tokens / length)
                                                   : tokens / length) +
         1;
}

int64_t TrainedOn(Method method, const DataFacts& facts) {
  const int64_t all = method == Method::kMaskedLm ? Sequences(facts) : facts.samples;
  // What a test split and a validation split leave.
  const double test = method == Method::kMaskedLm || facts.test_samples == 0 ? kValidation : 0;
  const auto left = static_cast<int64_t>(static_cast<double>(all) * (1 - test) * (1 - kValidation));
  return std::max<int64_t>(left, 1);
}

int64_t WishedEpochs(Method method, int64_t samples) {
  // Contrastive learning gains from hundreds of epochs on small sets; a reconstruction is learnt
  // from fewer; a language model sees little of a text twice to its good.
  const auto of = [samples](double seen, int64_t least, int64_t most) {
    return std::clamp(static_cast<int64_t>(std::lround(seen / static_cast<double>(samples))), least,
                      most);
  };
  switch (method) {
    case Method::kSimclr:
      return of(5e6, 100, 400);
    case Method::kAutoencoder:
      return of(1e6, 20, 200);
    case Method::kMaskedLm:
      return of(8e5, 3, 40);
  }
  return 1;
}

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
                       "%s\n    stride: %s\n    batch_norm: true\n    average_pool: %s\n    "
                       "code: 0\n  }\n}\n",
                       small ? "[32, 64, 64]" : "[32, 64, 128, 128]",
                       small ? "[1, 2, 2]" : "[2, 2, 2, 2]", small ? "false" : "false"),
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

std::string Comment(const std::string& text) {
  std::string commented = "# ";
  for (const char c : text) {
    commented += c;
    if (c == '\n') commented += "# ";
  }
  return commented + "\n";
}

std::string PicturesDataset(const DataFacts& facts, Method method) {
  if (facts.kind != DataFacts::Kind::kPictures) {
    const char* const type = facts.kind == DataFacts::Kind::kIdx     ? "IdxImages"
                             : facts.kind == DataFacts::Kind::kCifar ? "Cifar"
                                                                     : "Arrays";
    std::string text =
        absl::StrCat("dataset {\n  [type.googleapis.com/pretext.", type, "] {\n", facts.fields);
    if (facts.test_samples == 0)
      absl::StrAppendFormat(&text,
                            "    held_out: 0.1  # there are no test %s: a tenth becomes them\n",
                            facts.kind == DataFacts::Kind::kArrays ? "samples" : "pictures");
    return text + "  }\n}\n";
  }
  std::string text = "dataset {\n  [type.googleapis.com/pretext.ImageFolder] {\n" + facts.fields;
  absl::StrAppend(&text, "    height: ", facts.height, "\n    width: ", facts.width);
  if (facts.larger) {
    absl::StrAppend(&text, method == Method::kSimclr
                               ? "  # 96 or 128 sees "
                                 "more, in 2 or 4 times the time"
                               : "  # larger ones take more time: twice the side, four times");
  }
  absl::StrAppend(&text, "\n    channels: ", facts.channels,
                  facts.channels == 1 ? "  # all of them are grey\n" : "\n");
  if (facts.test_samples == 0) {
    absl::StrAppend(&text,
                    "    held_out: 0.1  # there are no test pictures: a tenth becomes them\n");
  }
  return text + "  }\n}\n";
}

std::string TextDataset(const DataFacts& facts) {
  // About half as many pieces as there are words, as a power of two.
  int64_t size = 1024;
  while (size < 30000 && 2 * size < facts.distinct_words) size *= 2;
  size = std::min<int64_t>(size, 30000);
  std::string text = "dataset {\n  [type.googleapis.com/pretext.Text] {\n" + facts.fields;
  absl::StrAppend(&text, "    document: ", facts.unit, "\n    tokenizer {\n",
                  "      # Learnt from this text on first use; ",
                  facts.ideographs ? "each ideograph is a word, the rest are pieces.\n"
                                   : "frequent words whole, rare ones in pieces.\n",
                  "      [type.googleapis.com/pretext.WordPiece] { learn { size: ", size,
                  facts.ideographs ? " alphabet_limit: 6000" : "", " } }\n    }\n",
                  "    sequence_length: ", SequenceLength(facts), "\n");
  if (facts.unit == "LINE") {
    absl::StrAppend(&text, "    mix_documents: false  # a line is a thing of its own\n");
  }
  absl::StrAppend(&text, "    held_out: 0.1  # of the documents, measured at the end\n  }\n}\n");
  return text;
}

std::string ContrastiveViews(const DataFacts& facts) {
  const int64_t side = std::min(facts.height, facts.width);
  const bool color = facts.channels == 3;
  std::string text = "# Two views of each picture; what they have in common is what is learnt.\n";
  absl::StrAppend(&text, "views {\n  count: 2\n");
  const double area = facts.larger ? 0.15 : side > 32 ? 0.2 : 0.3;
  absl::StrAppend(
      &text, "  # Crops of at least ", std::lround(100 * area), " % of the area",
      facts.larger ? ": of pictures that are larger than a view, little is lost by a small one"
                   : ": of so small a picture less would show nothing",
      ".\n  augmentation { [type.googleapis.com/pretext.RandomResizedCrop] { min_area: ", area,
      " } }\n");
  if (facts.mirrored.empty()) {
    absl::StrAppend(&text, "  augmentation { [type.googleapis.com/pretext.HorizontalFlip] {} }\n");
  } else {
    absl::StrAppend(&text, "  # No HorizontalFlip: ", facts.mirrored,
                    ", and a mirrored one may mean something else.\n");
  }
  if (color) {
    absl::StrAppend(
        &text,
        "  # Without them colours alone would tell pictures apart (Chen et al. 2020, figure 5).\n"
        "  augmentation {\n    [type.googleapis.com/pretext.ColorJitter] { probability: 0.8 "
        "brightness: 0.4 contrast: 0.4 saturation: 0.4 hue: 0.1 }\n  }\n  augmentation { "
        "[type.googleapis.com/pretext.RandomGrayscale] { probability: 0.2 } }\n");
  } else {
    absl::StrAppend(&text,
                    "  # Grey pictures have no hue and no saturation to change.\n  augmentation { "
                    "[type.googleapis.com/pretext.ColorJitter] { brightness: 0.4 contrast: 0.4 "
                    "saturation: 0 hue: 0 } }\n");
  }
  if (side >= 64) {
    absl::StrAppend(
        &text,
        "  # A tenth of the side, as SimCLR's; on smaller pictures it takes too much.\n  "
        "augmentation { [type.googleapis.com/pretext.GaussianBlur] { kernel_size: ",
        side / 10 / 2 * 2 + 1, " } }\n");
  }
  return text + "}\n";
}

std::string LossAndOptimizer(Method method, const Length& length) {
  switch (method) {
    case Method::kAutoencoder:
      return "loss { [type.googleapis.com/pretext.MeanSquaredError] {} }\n\noptimizer { "
             "[type.googleapis.com/pretext.Adam] { learning_rate: 1e-3 } }\n\nschedule { decay: "
             "COSINE }\n";
    case Method::kSimclr: {
      const bool long_run = length.epochs >= 100;
      return absl::StrFormat(
          "# %s\nloss { [type.googleapis.com/pretext.NtXent] { temperature: %g } }\n\n# 1e-3 for "
          "256 "
          "pictures, by the root of the batch.\noptimizer { [type.googleapis.com/pretext.AdamW] { "
          "learning_rate: %.2g weight_decay: 1e-4 } }\n\nschedule { decay: COSINE warmup_epochs: "
          "%g "
          "}\n",
          long_run ? "0.5 is best where training is long and the batch of hundreds (Chen et al. "
                     "2020, table 5)."
                   : "A low temperature learns faster; of 100 epochs and more 0.5 makes more.",
          long_run ? 0.5 : 0.2, 1e-3 * std::sqrt(static_cast<double>(length.batch_size) / 256.0),
          std::min(10.0, 0.1 * static_cast<double>(length.epochs)));
    }
    case Method::kMaskedLm:
      return absl::StrFormat(
          "loss { [type.googleapis.com/pretext.MaskedCrossEntropy] {} }\n\n# Small models take "
          "larger "
          "steps than BERT-base's 1e-4.\noptimizer {\n  [type.googleapis.com/pretext.AdamW] { "
          "learning_rate: 1e-3 epsilon: 1e-6 weight_decay: 0.01 }\n}\n\nschedule { decay: LINEAR "
          "warmup_steps: %d }\n",
          std::max<int64_t>(1, length.epochs * length.steps_per_epoch / 20));
  }
  return "";
}

std::string OfThemCopies(const DataFacts& facts) {
  return facts.copies > 0 ? absl::StrCat(", ", Counted(facts.copies), " of them copies of another")
                          : "";
}

}  // namespace

absl::StatusOr<Method> ChooseMethod(const std::string& name, const DataFacts& facts) {
  const bool text = facts.kind == DataFacts::Kind::kText;
  const bool arrays = facts.kind == DataFacts::Kind::kArrays;
  Method method = text ? Method::kMaskedLm : arrays ? Method::kAutoencoder : Method::kSimclr;
  const std::vector<std::string> names = {"autoencoder", "simclr", "masked_lm"};
  const auto at = std::find(names.begin(), names.end(), name);
  if (!name.empty() && at == names.end()) {
    return absl::InvalidArgumentError(absl::StrCat("--method: there is no method ", name,
                                                   DidYouMean(name, names),
                                                   ". Known: autoencoder, simclr, masked_lm"));
  }
  if (!name.empty()) method = static_cast<Method>(at - names.begin());
  if ((method == Method::kMaskedLm) != text) {
    return absl::InvalidArgumentError(
        absl::StrCat("--method: ", name, " is for ", text ? "pictures and arrays" : "text",
                     ", and ", facts.path, " holds ",
                     text     ? "text; take masked_lm"
                     : arrays ? "arrays; take autoencoder"
                              : "pictures; take simclr or autoencoder"));
  }
  if (arrays && method == Method::kSimclr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--method: ", name, " is for pictures, whose views are crops and colours; ",
                     facts.path, " holds arrays; take autoencoder"));
  }
  // Copies go to one part together.
  if (!text && facts.samples - facts.copies < kFewestSamples) {
    return absl::InvalidArgumentError(
        absl::StrCat(facts.path, ": has ",
                     arrays ? CountOf(facts.samples, "sample", "samples")
                            : CountOf(facts.samples, "picture", "pictures") + " that can be read",
                     OfThemCopies(facts), "; at least ", kFewestSamples,
                     " are needed for a training, a validation and a test part"));
  }
  if (text && (facts.words < 1000 || facts.documents - facts.copies < kFewestSamples)) {
    return absl::InvalidArgumentError(
        absl::StrCat(facts.path, ": has ", CountOf(facts.words, "word", "words"), " in ",
                     CountOf(facts.documents, "document", "documents"), OfThemCopies(facts),
                     "; at least 1,000 in ", kFewestSamples,
                     " are needed for a training, a validation and a test part"));
  }
  return method;
}

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

double Length::Hours(const Timing& timing) const {
  return static_cast<double>(epochs * steps_per_epoch) *
         (timing.step_seconds + timing.data_seconds) / 3600;
}

int64_t BatchSize(Method method, const DataFacts& facts) {
  int64_t batch = method == Method::kSimclr ? 256 : method == Method::kAutoencoder ? 128 : 64;
  while (batch > 8 && batch * 8 > TrainedOn(method, facts)) batch /= 2;
  return batch;
}

Length ChooseLength(Method method, const DataFacts& facts, const Timing& timing, double hours) {
  Length length;
  const int64_t samples = TrainedOn(method, facts);
  length.batch_size = BatchSize(method, facts);
  length.steps_per_epoch = std::max<int64_t>(1, samples / length.batch_size);
  length.epochs = WishedEpochs(method, samples);
  if (const double needed = length.Hours(timing); needed > hours) {
    length.cut = true;
    length.epochs = std::max<int64_t>(
        1, static_cast<int64_t>(static_cast<double>(length.epochs) * hours / needed));
  }
  return length;
}

std::string PipelineText(const std::string& name, Method method, const DataFacts& facts,
                         const Architecture& architecture, const Length& length,
                         const Timing& timing, double hours) {
  std::string text = absl::StrCat("# What `pretext init ", OnOneLine(facts.path),
                                  "` proposes; every line is yours to change.\n#\n# The data:\n");
  for (const std::string& line : facts.found) absl::StrAppend(&text, "#   ", OnOneLine(line), "\n");
  const double needed = length.Hours(timing);
  const char* const of = method == Method::kMaskedLm              ? "sequence"
                         : facts.kind == DataFacts::Kind::kArrays ? "sample"
                                                                  : "picture";
  absl::StrAppendFormat(
      &text,
      "# The time on this machine (%d threads): %s steps of %s, about %s, evaluation aside.\n"
      "# A step was measured at %.3g s%s.\n",
      timing.threads, Counted(length.epochs * length.steps_per_epoch),
      CountOf(length.batch_size, of, absl::StrCat(of, "s")),
      needed < 1 ? absl::StrFormat("%.2g minutes", 60 * needed)
                 : absl::StrFormat("%.2g hours", needed),
      timing.step_seconds,
      timing.data_seconds > 0
          ? absl::StrFormat(", reading its pictures at %.2g s", timing.data_seconds)
          : "");
  absl::StrAppend(&text, "name: \"", name, "\"\n\n");
  const bool language = method == Method::kMaskedLm;
  absl::StrAppend(&text, language ? TextDataset(facts) : PicturesDataset(facts, method), "\n");
  if (method == Method::kSimclr) absl::StrAppend(&text, ContrastiveViews(facts), "\n");
  if (language) {
    absl::StrAppend(&text,
                    "# 15 % of the tokens are to be guessed (Devlin et al. 2018).\nviews { "
                    "augmentation { [type.googleapis.com/pretext.TokenMasking] {} } }\n\n");
  }
  absl::StrAppend(&text, Comment(architecture.why), architecture.encoder, "\n", architecture.head,
                  "\n", LossAndOptimizer(method, length), "\n");
  if (length.cut) {
    absl::StrAppendFormat(&text,
                          "# More epochs would learn more: these are what fits into %g hours "
                          "(init --hours).\n",
                          hours);
  }
  absl::StrAppend(&text, "train {\n  epochs: ", length.epochs,
                  "\n  batch_size: ", length.batch_size);
  if (method == Method::kSimclr) {
    absl::StrAppend(&text, "  # each picture is told from all others of its batch");
  }
  absl::StrAppend(&text, "\n  seed: 1\n", language ? "  clip_norm: 1\n" : "", "}\n\n");
  absl::StrAppend(
      &text,
      "# A tenth of the training samples is kept to judge the training by on its way, so "
      "that the test\n# part is looked at once.\nevaluate {\n  validation: ",
      kValidation, "\n");
  // Contrastive learning without classes has nothing to be measured by but its loss.
  if (method != Method::kSimclr || facts.classes > 0) {
    absl::StrAppend(&text, "  every_epochs: ", std::max<int64_t>(1, length.epochs / 10), "\n");
  }
  if (!language && facts.classes > 0) {
    absl::StrAppend(&text, "  probe { every_evaluation: false }\n");
  }
  absl::StrAppend(&text,
                  "  max_train_samples: 20000\n  max_test_samples: ", language ? "2048" : "10000",
                  "\n}\n");
  return text;
}

}  // namespace pretext
