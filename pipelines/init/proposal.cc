#include "pipelines/init/proposal.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"
#include "base/text/one_line.h"

namespace pretext {
namespace {

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
  // A character has two pieces, at a word's beginning and in it.
  const int64_t needed = std::max(facts.distinct_words / 2, 3 * facts.characters);
  while (size < 30000 && size < needed) size *= 2;
  size = std::min<int64_t>(size, 30000);
  std::string text = "dataset {\n  [type.googleapis.com/pretext.Text] {\n" + facts.fields;
  absl::StrAppend(
      &text, "    document: ", facts.unit, "\n    tokenizer {\n",
      "      # Learnt from this text on first use; ",
      facts.ideographs ? "each ideograph is a word, the rest are pieces.\n"
                       : "frequent words whole, rare ones in pieces.\n",
      "      [type.googleapis.com/pretext.WordPiece] { learn { size: ", size,
      facts.ideographs ? " alphabet_limit: 6000" : "", " }",
      facts.longest_word > 0 ? absl::StrCat(" max_word_characters: ", facts.longest_word) : "",
      " }\n    }\n", "    sequence_length: ", SequenceLength(facts), "\n");
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

}  // namespace

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
