#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/read_file.h"
#include "base/text/counted.h"
#include "base/text/one_line.h"
#include "cli/command.h"
#include "cli/out_path.h"
#include "core/plugin/unknown_tokens.h"
#include "evaluation/embed_text/labelled_text.h"
#include "pipelines/embed/embed_run.h"
#include "pipelines/run/progress.h"

ABSL_FLAG(std::string, input, "",
          "what is embedded: of pictures a folder, a picture, IDX images, CIFAR records, or "
          "@FILE or FILE.txt, a list of paths; of arrays a .npy or .safetensors; of text a file, a "
          "folder, or @FILE; - is standard input");
ABSL_FLAG(std::string, text, "", "a file of texts, one a line; the same as --input");
ABSL_FLAG(std::string, unit, "line", "what one text is: line, paragraph or file");
ABSL_FLAG(std::string, layer, "h",
          "h, one vector an input; tokens, one a token of text; z, of a run, what its head made of "
          "h");
ABSL_FLAG(
    std::string, format, "",
    "of vectors npy, safetensors, csv or jsonl, where the extension of --out does not say it; "
    "of an export torchvision, timm, huggingface, sentence-transformers or onnx");
ABSL_FLAG(std::string, labels, "",
          "IDX labels of IDX images; of arrays a .npy [N]; of texts a file of labels, one a line, "
          "for a linear probe on the vectors too; of eval, beside --features, .npy [N]");

namespace pretext {
namespace {

void SayReplaced(std::FILE* said, const std::string& where, int64_t replaced) {
  std::fprintf(said, "%s%s ill-formed UTF-8 or UTF-16 sequences are replaced\n", where.c_str(),
               Counted(replaced).c_str());
}

// The labels of texts: any text is one, and equal ones are one class.
struct TextLabels {
  std::vector<std::string> lines;
  std::vector<std::string> classes;  // sorted
};

// Texts as they come, with their labels beside.
class LabelledTexts : public Input {
 public:
  LabelledTexts(std::unique_ptr<Input> texts, const TextLabels& labels)
      : texts_(std::move(texts)), labels_(labels) {}

  std::vector<std::string> classes() const override { return labels_.classes; }
  bool labelled() const override { return true; }
  double share() const override { return texts_->share(); }
  absl::Status Next(InputBlock& block) override {
    const std::optional<int64_t> files = texts_->files();
    if (files && static_cast<size_t>(*files) != labels_.lines.size())
      return OtherNumber(*files, "");
    absl::Status status = texts_->Next(block);
    for (size_t i = 0; i < block.size() && status.ok(); ++i, ++next_) {
      const size_t at = block.places.empty() ? next_ : static_cast<size_t>(block.places[i]);
      if (at >= labels_.lines.size()) return OtherNumber(static_cast<int64_t>(at) + 1, "or more");
      const auto& classes = labels_.classes;
      const auto found = std::lower_bound(classes.begin(), classes.end(), labels_.lines[at]);
      block.labels.push_back(static_cast<int32_t>(found - classes.begin()));
      of_read_.push_back(labels_.lines[at]);
    }
    const bool end = status.ok() && block.names.empty() && block.faults.empty();
    return end && !files && next_ < labels_.lines.size()
               ? OtherNumber(static_cast<int64_t>(next_), "")
               : status;
  }
  // The labels of the texts that could be read, in their order.
  const std::vector<std::string>& of_read() const { return of_read_; }

 private:
  absl::Status OtherNumber(int64_t texts, absl::string_view more) const {
    return absl::InvalidArgumentError(absl::StrCat(
        absl::GetFlag(FLAGS_labels), ": there are ", labels_.lines.size(), " labels for ", texts,
        more.empty() ? "" : " ", more, " texts: one a line, in the same order"));
  }

  const std::unique_ptr<Input> texts_;
  const TextLabels& labels_;
  size_t next_ = 0;
  std::vector<std::string> of_read_;
};

absl::StatusOr<TextLabels> ReadLabels(const std::string& path) {
  int64_t replaced = 0;
  absl::StatusOr<std::vector<std::string>> lines = ReadLines(path, &replaced);
  if (!lines.ok()) return lines.status();
  // Labels that differed there may be alike.
  if (replaced > 0) SayReplaced(stderr, path + ": ", replaced);
  TextLabels labels{*std::move(lines), {}};
  for (std::string& label : labels.lines) absl::StripTrailingAsciiWhitespace(&label);
  const absl::Status useful = CheckLabels(labels.lines, static_cast<int64_t>(labels.lines.size()));
  if (!useful.ok()) {
    return absl::Status(useful.code(), absl::StrCat(path, ": ", useful.message()));
  }
  labels.classes = labels.lines;
  std::sort(labels.classes.begin(), labels.classes.end());
  labels.classes.erase(std::unique(labels.classes.begin(), labels.classes.end()),
                       labels.classes.end());
  if (const auto classes = static_cast<int64_t>(labels.classes.size()); classes > kManyLabels) {
    std::fprintf(stderr, "%s: a linear probe of %s different labels takes minutes\n", path.c_str(),
                 Counted(classes).c_str());
  }
  return labels;
}

absl::Status Probe(const Features& vectors, const std::vector<std::string>& labels,
                   std::FILE* said) {
  const auto probe = ProbeTexts(vectors, labels, /*seed=*/1);
  if (!probe.ok()) return probe.status();
  std::fprintf(
      said,
      "linear probe: %.1f %% of %s held-out texts right, learnt from %s, %s labels; the most "
      "frequent label: %.1f %%\n",
      probe->accuracy, Counted(probe->test).c_str(), Counted(probe->train).c_str(),
      Counted(probe->classes).c_str(), probe->most_frequent);
  return absl::OkStatus();
}

// What was written, and what a reader of it should know.
void Say(const EmbedReport& report, const BatchEncoder& encoder, Layer layer, std::FILE* said) {
  std::fprintf(said, "%s vectors of %s: %s\n", Counted(report.rows).c_str(),
               Counted(encoder.width()).c_str(), absl::StrJoin(report.written, ", ").c_str());
  const int64_t most = encoder.trained().sample.tokens;
  if (report.text.split > 0) {
    std::fprintf(said, "%s texts have more than %s tokens: each was split, and %s\n",
                 Counted(report.text.split).c_str(), Counted(most).c_str(),
                 layer == Layer::kTokens ? "its tokens have seen those of their part alone"
                                         : "its vector is the mean of its parts'");
  }
  if (report.text.repaired > 0) SayReplaced(said, "", report.text.repaired);
  const std::string unknown = TooManyUnknown(report.text.unknown, report.text.tokens);
  if (!unknown.empty()) {
    std::fprintf(said, "warning: %s: the vocabulary that this run learnt does not fit the texts\n",
                 unknown.c_str());
  }
}

absl::Status Unreadable(const EmbedReport& report) {
  if (report.unreadable == 0) return absl::OkStatus();
  std::string lines =
      absl::StrCat(Counted(report.unreadable), " of ", Counted(report.unreadable + report.inputs),
                   " inputs cannot be read and have no vector:");
  for (const std::string& fault : report.faults) absl::StrAppend(&lines, "\n  ", OnOneLine(fault));
  if (report.unreadable > static_cast<int64_t>(report.faults.size())) lines += "\n  …";
  return absl::DataLossError(lines);
}

}  // namespace

absl::Status EmbedCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("embed", arguments, 1, 1); !status.ok()) return status;
  InputOptions what{.input = absl::GetFlag(FLAGS_input),
                    .labels = absl::GetFlag(FLAGS_labels),
                    .block = BatchEncoder::kBatch};
  const std::string text = absl::GetFlag(FLAGS_text);
  if (!text.empty() && !what.input.empty()) {
    return absl::InvalidArgumentError("--text and --input are one and the same: give one of them");
  }
  if (what.input.empty()) what.input = text;
  if (what.input.empty()) {
    return absl::InvalidArgumentError("--input is missing: what is to be embedded");
  }
  const absl::StatusOr<TextUnit> unit = ParseTextUnit(absl::GetFlag(FLAGS_unit));
  if (!unit.ok()) return unit.status();
  what.unit = *unit;
  const absl::StatusOr<Layer> layer = ParseLayer(absl::GetFlag(FLAGS_layer));
  if (!layer.ok()) return layer.status();
  const absl::StatusOr<std::string> out = OutPath(Result::kVectors, {what.input, what.labels});
  if (!out.ok()) return out.status();

  absl::StatusOr<BatchEncoder> encoder = BatchEncoder::Open(arguments[0], *layer, Overrides());
  if (!encoder.ok()) return encoder.status();
  if (!text.empty() && !encoder->of_text()) {
    return absl::InvalidArgumentError(
        absl::StrCat(arguments[0], ": a model of text embeds texts; this one was trained on ",
                     encoder->trained().sample.ToString()));
  }
  // Without sequence of tokens a probe on single tokens means nothing.
  const bool probed = encoder->of_text() && !what.labels.empty() && *layer == Layer::kH;
  absl::StatusOr<std::unique_ptr<Input>> input = OpenInput(what, encoder->trained());
  if (!input.ok()) return input.status();
  TextLabels labels;
  const LabelledTexts* labelled = nullptr;
  if (encoder->of_text() && !what.labels.empty()) {
    absl::StatusOr<TextLabels> read = ReadLabels(what.labels);
    if (!read.ok()) return read.status();
    labels = *std::move(read);
    auto with_labels = std::make_unique<LabelledTexts>(*std::move(input), labels);
    labelled = with_labels.get();
    *input = std::move(with_labels);
  }
  auto file = VectorFile::Create(*out, {.format = absl::GetFlag(FLAGS_format),
                                        .width = encoder->width(),
                                        .labelled = (*input)->labelled(),
                                        .of_tokens = *layer == Layer::kTokens,
                                        .classes = (*input)->classes(),
                                        .encoder = encoder->Mark()});
  if (!file.ok()) return file.status();
  Progress progress(stderr);
  const Work work([&](absl::string_view done, double share) {
    progress.ShowWork(done, share);
    return true;
  });
  Features kept;
  const auto report = EmbedInput(*encoder, **input, **file, probed ? &kept : nullptr, work);
  if (!report.ok()) {
    return absl::Status(report.status().code(),
                        absl::StrCat(what.input, ": ", report.status().message()));
  }
  std::FILE* const said = SaidBeside(*out);
  Say(*report, *encoder, *layer, said);
  if (probed) {
    if (absl::Status status = Probe(kept, labelled->of_read(), said); !status.ok()) return status;
  }
  return Unreadable(*report);
}

}  // namespace pretext
