// expected RUN DIR: what the encoder and the head of a run make of some inputs, for compare.py to
// hold other programs against: DIR/expected.safetensors, and of texts DIR/texts.json.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json/json.h"
#include "core/tensor/safetensors.h"
#include "exports/proof/our_outputs.h"
#include "exports/proof/proof_inputs.h"
#include "pipelines/trained/export_request.h"

namespace pretext {
namespace {

// Numbers of bytes, and what the encoder is given of them.
void MakeBytes(const PictureScale& scale, Batch& batch, TensorFile& file) {
  Tensor bytes = Tensor::Zeros(batch.input.shape(), DType::kInt32);
  const int64_t channels = batch.input.dim(1), pixels = batch.input.dim(2) * batch.input.dim(3);
  for (int64_t i = 0; i < bytes.size(); ++i) {
    const int64_t c = i / pixels % channels;
    float& value = batch.input.data()[i];
    const double share = value * scale.deviation[c] + scale.mean[c];
    bytes.ints()[i] = static_cast<int32_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
    value = static_cast<float>((bytes.ints()[i] / 255.0 - scale.mean[c]) / scale.deviation[c]);
  }
  file.tensors.push_back({"bytes", bytes});
}

absl::Status WriteTexts(const Tokenizer& tokenizer, const std::string& folder) {
  const char* const texts[] = {
      "The QUICK brown fox: jumped, 3.14 times (over) the lazy-dog!",
      "A machine for raising water; a pump.",
      "na\u00efve co\u00f6perate \u00dcberma\u00df \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 "
      "\u041c\u043e\u0441\u043a\u0432\u0430",
      "\u5317\u4eac\u5e02 \u3053\u3093\u306b\u3061\u306f \ud55c\uad6d\uc5b4",
      "tab\there, zero\u200bwidth, \ufb01 ligature, \u201cquoted\u201d \u2014 dash",
      "supercalifragilisticexpialidocious antidisestablishmentarianism"};
  std::vector<std::string> lines;
  for (const char* text : texts) {
    std::vector<int32_t> ids = {tokenizer.special().cls};
    tokenizer.Encode(text, ids);
    ids.push_back(tokenizer.special().sep);
    lines.push_back(JsonObject()
                        .Add("text", text)
                        .Add("ids", std::vector<int64_t>(ids.begin(), ids.end()))
                        .text());
  }
  return WriteExportFile(folder, "texts.json",
                         absl::StrCat("[", absl::StrJoin(lines, ",\n"), "]\n"));
}

absl::Status Write(const std::string& run, const std::string& folder) {
  absl::StatusOr<TrainedForExport> trained = OpenForExport(run, /*with_head=*/true, "");
  if (!trained.ok()) return trained.status();
  const ExportRequest& request = trained->request;
  const ProofModel model{.encoder = request.encoder_plugin,
                         .head = request.head_plugin,
                         .input = request.encoder.input,
                         .tokenizer = request.tokenizer};
  constexpr int64_t kSamples = 5;
  Batch batch = MakeProofBatch(model.input, model.tokenizer, kSamples, /*number=*/11,
                               model.encoder->parameters().count());
  TensorFile file;
  if (request.scale) MakeBytes(*request.scale, batch, file);
  const FlowType& output = request.head->output;
  const char* const head = output.is(FlowType::Kind::kTokenScores) ? "logits"
                           : output.is(FlowType::Kind::kImage)     ? "reconstruction"
                                                                   : "projection";
  for (const auto& [name, ours] : RunOurs(model, batch, head)) {
    const bool scores = ours.of_tokens && ours.values.rank() == 2;
    file.tensors.push_back(
        {name, scores ? ours.values.Reshaped({kSamples, batch.input.dim(1), ours.values.dim(1)})
                      : ours.values});
  }
  if (request.tokenizer == nullptr) {
    file.tensors.push_back(
        {model.input.is(FlowType::Kind::kImage) ? "pixel_values" : "values", batch.input});
    return WriteTensors(folder + "/expected.safetensors", file);
  }
  Tensor mask = Tensor::Zeros(batch.input.shape(), DType::kInt32);
  for (int64_t i = 0; i < mask.size(); ++i)
    mask.ints()[i] = i % mask.dim(1) < batch.lengths.ints()[i / mask.dim(1)];
  file.tensors.push_back({"input_ids", batch.input});
  file.tensors.push_back({"attention_mask", mask});
  absl::Status status = WriteTensors(folder + "/expected.safetensors", file);
  return status.ok() ? WriteTexts(*request.tokenizer, folder) : status;
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s RUN DIR\n", argv[0]);
    return 2;
  }
  const absl::Status status = pretext::Write(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
