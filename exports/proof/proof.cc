#include "exports/proof/proof.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check/worse.h"
#include "exports/proof/our_outputs.h"
#include "exports/proof/proof_inputs.h"

namespace pretext {
namespace {

constexpr int64_t kBatches[] = {1, 3};

// What the encoder does not give is the head's.
std::string HeadOutput(const Graph& graph) {
  for (const GraphValue& output : graph.outputs) {
    if (output.name != "last_hidden_state" && output.name != "sentence_embedding" &&
        output.name != "features") {
      return output.name;
    }
  }
  return "";
}

struct Differences {
  double ours = 0, rounding = 0;  // the largest from double: of ours, of the graph in float
  double squares = 0;
  int64_t count = 0;
};

void Compare(const OurOutput& ours, const Array<double>& exact, const Array<float>& single,
             const Batch& batch, Differences& differences) {
  const int64_t tokens = ours.of_tokens ? batch.input.dim(1) : 1,
                rows = ours.of_tokens ? batch.input.size() : batch.samples,
                width = exact.size() / std::max<int64_t>(rows, 1);
  for (int64_t i = 0; i < exact.size(); ++i) {
    const int64_t row = i / std::max<int64_t>(width, 1);
    if (ours.of_tokens && row % tokens >= batch.lengths.ints()[row / tokens]) continue;
    const double value = exact.values[i];
    differences.ours = Worse(differences.ours, std::abs(ours.values.data()[i] - value));
    differences.rounding = Worse(differences.rounding, std::abs(single.values[i] - value));
    differences.squares += value * value;
    ++differences.count;
  }
}

absl::StatusOr<ProofOfOutput> Judge(const std::string& output, const Differences& differences) {
  ProofOfOutput proof{.output = output, .difference = differences.ours};
  proof.rms = std::sqrt(differences.squares / static_cast<double>(differences.count));
  proof.allowed = kRoundings * differences.rounding + 1e-6 * proof.rms;
  if (!(proof.allowed <= kMostAllowed * proof.rms)) {
    return absl::DataLossError(absl::StrFormat(
        "the export cannot be proved: single precision alone makes a difference of %.3g in %s, "
        "whose root mean square is %.3g",
        differences.rounding, output, proof.rms));
  }
  if (proof.difference <= proof.allowed) return proof;
  return absl::DataLossError(
      absl::StrFormat("the export's %s is not the encoder's: the largest difference is %.3g, "
                      "allowed are %.3g (root "
                      "mean square %.3g)",
                      output, proof.difference, proof.allowed, proof.rms));
}

}  // namespace

absl::StatusOr<Proof> Prove(const Graph& graph, const ProofModel& model) {
  const int64_t cost = model.encoder->parameters().count();
  std::map<std::string, Differences> differences;
  Proof proof;
  for (const int64_t samples : kBatches) {
    const Batch batch = MakeProofBatch(model.input, model.tokenizer, samples, samples, cost);
    const OurOutputs ours = RunOurs(model, batch, HeadOutput(graph));
    const auto exact = Interpret<double>(graph, AsGraphInputs<double>(graph, batch));
    if (!exact.ok()) return exact.status();
    const auto single = Interpret<float>(graph, AsGraphInputs<float>(graph, batch));
    if (!single.ok()) return single.status();
    for (const GraphValue& output : graph.outputs) {
      const auto at = ours.find(output.name);
      if (at == ours.end()) continue;  // the sequence of an encoder that gives its pool alone
      const Array<double>& theirs = exact->at(output.name);
      if (theirs.whole || theirs.size() != at->second.values.size()) {
        return absl::DataLossError(
            absl::StrCat("the export's ", output.name, " is [", absl::StrJoin(theirs.dims, ","),
                         "], the encoder's ", at->second.values.shape().ToString()));
      }
      Compare(at->second, theirs, single->at(output.name), batch, differences[output.name]);
    }
    proof.batches.push_back(samples);
  }
  for (const auto& [output, found] : differences) {
    absl::StatusOr<ProofOfOutput> judged = Judge(output, found);
    if (!judged.ok()) return judged.status();
    proof.outputs.push_back(*std::move(judged));
  }
  if (proof.outputs.empty()) return absl::DataLossError("the export has no output to compare");
  return proof;
}

}  // namespace pretext
