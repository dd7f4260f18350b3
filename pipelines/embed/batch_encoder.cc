#include "pipelines/embed/batch_encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "core/plugin/forward_pass.h"
#include "evaluation/embed_text/embed_text.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/text/precision.h"
#include "pipelines/trained/open_encoder.h"
#include "pipelines/trained/trained.h"

namespace pretext {
namespace {

absl::Status NoSuchLayer(const TrainedEncoder& trained, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(trained.path, ": ", message));
}

absl::Status CheckLayer(const TrainedEncoder& trained, Layer layer) {
  if (layer != Layer::kTokens) return absl::OkStatus();
  const FlowType h = trained.encoder->output();
  if (trained.tokenizer != nullptr && h.is(FlowType::Kind::kSequence)) return absl::OkStatus();
  return NoSuchLayer(trained, absl::StrCat("its h is ", h.ToString(),
                                           ", so there are no vectors of tokens; take --layer h"));
}

absl::string_view NameOf(Layer layer) {
  switch (layer) {
    case Layer::kH:
      return "h";
    case Layer::kTokens:
      return "tokens";
    case Layer::kZ:
      return "z";
  }
  return "";
}

void Add(const EmbeddedTexts& texts, EmbeddedTexts& counts) {
  counts.split += texts.split;
  counts.tokens += texts.tokens;
  counts.unknown += texts.unknown;
}

absl::Status CheckRowsFinite(const Rows& rows) {
  for (size_t i = 0; i < rows.values.size(); ++i) {
    if (std::isfinite(rows.values[i])) continue;
    return absl::DataLossError(absl::StrCat(
        "the vector of input ", static_cast<int64_t>(i) / rows.width, " of its batch has ",
        rows.values[i], " as feature ", static_cast<int64_t>(i) % rows.width));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Layer> ParseLayer(absl::string_view name) {
  for (const Layer layer : {Layer::kH, Layer::kTokens, Layer::kZ}) {
    if (name == NameOf(layer)) return layer;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no layer ", name,
                   ": h is one vector an input, tokens is one a token (of text), z "
                   "is what the head made of h in training"));
}

absl::StatusOr<BatchEncoder> BatchEncoder::Open(const std::string& path, Layer layer,
                                                const std::vector<std::string>& overrides) {
  absl::StatusOr<TrainedEncoder> trained = OpenEncoder(path, overrides);
  if (!trained.ok()) return trained.status();
  if (absl::Status status = CheckLayer(*trained, layer); !status.ok()) return status;
  BatchEncoder made;
  made.trained_ = *std::move(trained);
  made.layer_ = layer;
  if (layer != Layer::kZ) return made;
  absl::StatusOr<Assembled> parts = OpenTrained(path);
  if (!parts.ok()) {
    return absl::Status(
        parts.status().code(),
        absl::StrCat("z is made by the head, which the run alone has: ", parts.status().message()));
  }
  const FlowType z = parts->head->output();
  if (made.of_text()) {
    return NoSuchLayer(made.trained_,
                       "z is given of pictures and arrays; of texts take --layer h or tokens");
  }
  if (made.trained_.file.teacher()) {
    return NoSuchLayer(made.trained_,
                       "its encoder is the teacher's (teacher { kept }), and z is what the trained "
                       "one's head makes; take --layer h");
  }
  if (z.is(FlowType::Kind::kTokenScores) || z.is(FlowType::Kind::kSequence)) {
    return NoSuchLayer(made.trained_, absl::StrCat("its head gives ", z.ToString(),
                                                   ", which is no vector of an input"));
  }
  made.with_head_ = std::make_unique<Assembled>(*std::move(parts));
  return made;
}

std::string BatchEncoder::Mark() const {
  std::vector<const ParameterSet*> sets = {&trained_.encoder->parameters()};
  if (layer_ == Layer::kZ) sets.push_back(&with_head_->head->parameters());
  const TensorFile weights = WeightsOf(sets, /*tokenizer=*/"");
  return absl::StrCat("layer ", NameOf(layer_), " of the encoder ", WeightsChecksum(weights));
}

int64_t BatchEncoder::width() const {
  if (layer_ == Layer::kZ) return with_head_->head->output().size();
  return layer_ == Layer::kTokens ? trained_.encoder->output().features : trained_.features();
}

absl::StatusOr<Rows> BatchEncoder::OfSamples(std::vector<Sample>& samples) {
  const auto count = static_cast<int64_t>(samples.size());
  Rows rows{.width = width(), .values = {}, .counts = {}, .tokens = {}};
  if (count == 0) return rows;
  Batch batch;
  batch.samples = count;
  batch.type = trained_.input;
  batch.input = Tensor::Uninitialized(batch.type.Batch(count));
  const int64_t size = batch.type.size();
#pragma omp parallel for schedule(dynamic, 4)
  for (int64_t n = 0; n < count; ++n) {
    Sample& sample = samples[static_cast<size_t>(n)];
    for (const Augmentation* augmentation : trained_.chain) augmentation->ApplyInEvaluation(sample);
    std::copy_n(sample.values.data(), size, batch.input.data() + n * size);
  }
  Tensor values;
  if (layer_ == Layer::kZ) {
    Tape tape(/*recording=*/false);
    const ForwardPass pass = Forward(tape, *with_head_->encoder, *with_head_->head, batch,
                                     {.precision = PrecisionOf(trained_.file.precision())});
    values = pass.z.value.value().Plain();
  } else {
    values = PooledRows(*trained_.encoder, batch, PrecisionOf(trained_.file.precision()));
  }
  PRETEXT_CHECK(values.size() == count * rows.width, "one vector of the layer's width a sample");
  rows.values.assign(values.data(), values.data() + values.size());
  const absl::Status finite = CheckRowsFinite(rows);
  return finite.ok() ? absl::StatusOr<Rows>(std::move(rows)) : finite;
}

absl::StatusOr<Rows> BatchEncoder::OfTexts(const std::vector<std::string>& texts,
                                           TextCounts* counts) {
  Rows rows{.width = width(), .values = {}, .counts = {}, .tokens = {}};
  if (texts.empty()) return rows;
  const EmbedTextOptions options{.length = trained_.sample.tokens,
                                 .precision = PrecisionOf(trained_.file.precision())};
  const Tokenizer& tokenizer = *trained_.tokenizer;
  if (layer_ == Layer::kTokens) {
    absl::StatusOr<TokenVectors> tokens = EmbedTokens(*trained_.encoder, tokenizer, texts, options);
    if (!tokens.ok()) return tokens.status();
    Add(*tokens, *counts);
    rows.values = std::move(tokens->values);
    rows.counts = std::move(tokens->rows);
    for (const int32_t id : tokens->ids) rows.tokens.emplace_back(tokenizer.Token(id));
    const absl::Status finite = CheckRowsFinite(rows);
    return finite.ok() ? absl::StatusOr<Rows>(std::move(rows)) : finite;
  }
  absl::StatusOr<TextVectors> vectors = EmbedTexts(*trained_.encoder, tokenizer, texts, options);
  if (!vectors.ok()) return vectors.status();
  Add(*vectors, *counts);
  rows.values = std::move(vectors->features.values);
  return rows;
}

}  // namespace pretext
