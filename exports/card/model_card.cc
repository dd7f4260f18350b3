#include "exports/card/model_card.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/text/counted.h"

namespace pretext {
namespace {

bool IsText(const CardOfExport& of) { return of.input.is(FlowType::Kind::kTokens); }

std::string TakenBy(const FlowType& input) {
  if (!input.is(FlowType::Kind::kTokens)) return input.ToString();
  return absl::StrCat("texts of up to ", Counted(input.tokens), " tokens of ",
                      Counted(input.vocabulary));
}

// What hubs sort by.
const char* Task(const CardFacts& facts, const CardOfExport& of) {
  if (of.library == "sentence-transformers") return "sentence-similarity";
  if (facts.head == "pretext.MaskedLanguageModel") return "fill-mask";
  return IsText(of) || of.input.is(FlowType::Kind::kVector) ? "feature-extraction"
                                                            : "image-feature-extraction";
}

std::string FrontMatter(const CardFacts& facts, const CardOfExport& of) {
  return absl::StrCat("---\nlibrary_name: ", of.library, "\npipeline_tag: ", Task(facts, of),
                      "\ntags:\n- pretext\n- self-supervised\n",
                      of.library == "sentence-transformers" ? "- sentence-transformers\n" : "",
                      "---\n\n");
}

std::string Results(const CardFacts& facts) {
  if (facts.figures.empty()) return "The run has no evaluation.\n";
  return absl::StrCat("The run's last evaluation, beside its baselines.\n\n```\n", facts.figures,
                      "\n```\n");
}

std::string ProofTable(const Proof& proof) {
  std::string text =
      "| output | largest difference | allowed | root mean square |\n|---|---|---|---|\n";
  for (const ProofOfOutput& output : proof.outputs) {
    absl::StrAppendFormat(&text, "| `%s` | %.2g | %.2g | %.3g |\n", output.output,
                          output.difference, output.allowed, output.rms);
  }
  return text;
}

}  // namespace

std::string ModelCard(const CardFacts& facts, const CardOfExport& of) {
  std::string text = FrontMatter(facts, of);
  absl::StrAppend(&text, "# ", facts.name, "\n\nAn encoder (`", facts.encoder,
                  facts.head.empty() ? "`" : absl::StrCat("` with its head `", facts.head, "`"),
                  ") that was trained without labels by pretext ", facts.version, ", ",
                  Counted(facts.steps), " steps. It takes ", TakenBy(of.input), " and gives ",
                  Counted(of.features), " features", IsText(of) ? " a text" : "", ".\n\n");
  absl::StrAppend(&text, "## Use\n\n`DIR` is this folder.\n\n```python\n", of.loader, "```\n\n");
  absl::StrAppend(&text, "## Figures\n\n", Results(facts), "\n");
  absl::StrAppend(&text,
                  "## Proof\n\nBefore this folder was kept, its files were read back, computed in "
                  "double precision by the definitions of the format, and compared with the "
                  "encoder's own forward pass on random inputs, in batches of ",
                  absl::StrJoin(of.proof->batches, " and "), ".\n\n", ProofTable(*of.proof), "\n");
  absl::StrAppend(&text, "## Files\n\n`", of.weights, "`: ", Counted(of.bytes), " bytes, CRC-32 `",
                  of.checksum, "`.\n\n");
  absl::StrAppend(&text, "## Data and recipe\n\n```\n", facts.pipeline, "```\n");
  return text;
}

}  // namespace pretext
