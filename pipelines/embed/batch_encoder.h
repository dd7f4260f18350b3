// A trained encoder on batches of what it was trained on: pictures, vectors, texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/flow/batch.h"
#include "evaluation/embed_text/embed_text.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/encoder/trained_encoder.h"

namespace pretext {

// What is taken of an input.
enum class Layer : uint8_t {
  kH,       // one vector of D features, Encoder::Pool of h: what evaluations measure
  kTokens,  // of text: h of each token, [CLS] and [SEP] included, a row each
  kZ,       // what the head made of h in training: a run has it, an encoder's folder has not
};

struct Rows {
  int64_t width = 0;
  std::vector<float> values;        // [rows, width]
  std::vector<int64_t> counts;      // Layer::kTokens: rows of each input; else empty, one each
  std::vector<std::string> tokens;  // Layer::kTokens: of each row
};

struct TextCounts : EmbeddedTexts {
  int64_t repaired = 0;  // ill-formed UTF-8 or UTF-16, U+FFFD in its place
};

// In evaluation mode: what evaluations on the same samples in the same batches come to, bit for
// bit. One thread at a time.
class BatchEncoder {
 public:
  // Samples that go through at once; the same number as in evaluations.
  static constexpr int64_t kBatch = 256;

  // The encoder at `path` (OpenEncoder); Layer::kZ needs a run or one of its checkpoints. Errors:
  // those of opening, or a layer that there is not.
  static absl::StatusOr<BatchEncoder> Open(const std::string& path, Layer layer = Layer::kH,
                                           const std::vector<std::string>& overrides = {});

  const TrainedEncoder& trained() const { return trained_; }
  bool of_text() const { return trained_.tokenizer != nullptr; }
  Layer layer() const { return layer_; }
  int64_t width() const;
  // What tells its vectors from another encoder's or another layer's of the same width.
  std::string Mark() const;

  // Of samples as the dataset gave them, at most kBatch; what remains of the augmentations is
  // applied to them. DataLoss where a number of the result is not finite: it names the sample's
  // place, from 0.
  absl::StatusOr<Rows> OfSamples(std::vector<Sample>& samples);
  // Of texts, any number; each is split as evaluation/embed_text.h says. Adds to `counts`.
  absl::StatusOr<Rows> OfTexts(const std::vector<std::string>& texts, TextCounts* counts);

 private:
  TrainedEncoder trained_;
  Layer layer_ = Layer::kH;
  std::unique_ptr<Assembled> with_head_;  // Layer::kZ
};

// "h", "tokens", "z"; or InvalidArgument that says so.
absl::StatusOr<Layer> ParseLayer(absl::string_view name);

}  // namespace pretext
