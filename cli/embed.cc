#include <algorithm>
#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/npy/npy.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "evaluation/embed_text/embed_text.h"
#include "evaluation/embed_text/labelled_text.h"
#include "pipelines/trained/trained.h"

ABSL_FLAG(std::string, text, "", "a file of texts, one a line");
ABSL_FLAG(std::string, labels, "",
          "a file of labels, one a line, for a linear probe on the vectors of the texts");

namespace pretext {
namespace {

absl::Status WriteVectors(const Features& vectors, const std::string& path) {
  absl::StatusOr<NpyWriter> writer =
      NpyWriter::Create(path, NpyWriter::Type::kFloat32, {vectors.count, vectors.width});
  if (!writer.ok()) return writer.status();
  const absl::Status status = writer->Append(vectors.values.data(), vectors.count * vectors.width);
  return status.ok() ? writer->Finish() : status;
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

}  // namespace

absl::Status EmbedCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("embed", arguments, 1, 1); !status.ok()) return status;
  const std::string path = absl::GetFlag(FLAGS_text);
  if (path.empty())
    return absl::InvalidArgumentError("--text is missing: a file of texts, one a line");
  const absl::StatusOr<std::string> out = OutPath("the vectors, an .npy");
  if (!out.ok()) return out.status();
  const auto parts = OpenTrained(arguments[0]);
  if (!parts.ok()) return parts.status();
  const Tokenizer* tokenizer = parts->dataset->tokenizer();
  if (tokenizer == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(arguments[0], ": a model of text embeds texts; this one was trained on ",
                     parts->sample.ToString()));
  }
  const auto texts = ReadLines(path);
  if (!texts.ok()) return texts.status();
  if (texts->empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no text in it"));
  std::vector<std::string> labels;
  if (const std::string labels_path = absl::GetFlag(FLAGS_labels); !labels_path.empty()) {
    auto read = ReadLines(labels_path);
    if (!read.ok()) return read.status();
    labels = *std::move(read);
    const absl::Status useful = CheckLabels(labels, static_cast<int64_t>(texts->size()));
    if (!useful.ok()) {
      return absl::Status(useful.code(), absl::StrCat(labels_path, ": ", useful.message()));
    }
    if (const int64_t classes = CountDifferent(labels); classes > kManyLabels) {
      std::fprintf(stderr, "%s: a linear probe of %s different labels takes minutes\n",
                   labels_path.c_str(), Counted(classes).c_str());
    }
  }
  const auto vectors =
      EmbedTexts(*parts->encoder, *tokenizer, *texts, {.length = parts->sample.tokens});
  if (!vectors.ok()) return vectors.status();
  if (absl::Status status = WriteVectors(vectors->features, *out); !status.ok()) return status;
  std::FILE* const said = SaidBeside(*out);
  std::fprintf(said, "%s vectors of %s: %s\n", Counted(vectors->features.count).c_str(),
               Counted(vectors->features.width).c_str(), out->c_str());
  if (vectors->split > 0) {
    std::fprintf(
        said,
        "%s texts have more than %s tokens: each was split, and its vector is the mean of its "
        "parts'\n",
        Counted(vectors->split).c_str(), Counted(parts->sample.tokens).c_str());
  }
  const double unknown = static_cast<double>(vectors->unknown) /
                         static_cast<double>(std::max<int64_t>(1, vectors->tokens));
  if (unknown >= 0.01) {
    std::fprintf(
        said,
        "warning: %.1f %% of the texts' tokens are [UNK]: the vocabulary that this run learnt does "
        "not fit them\n",
        100 * unknown);
  }
  return labels.empty() ? absl::OkStatus() : Probe(vectors->features, labels, said);
}

}  // namespace pretext
