#include "evaluation/fill_mask/fill_mask.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/plugin/forward_pass.h"
#include "kernels/gemm/bfloat16_gemm.h"
#include "tokenizers/sequence/sequence.h"

namespace pretext {
namespace {

Tensor Ints(const std::vector<int32_t>& values, const Shape& shape) {
  Tensor tensor = Tensor::Uninitialized(shape, DType::kInt32);
  std::copy(values.begin(), values.end(), tensor.ints());
  return tensor;
}

// A batch of one sequence, without padding.
Batch OneSequence(const Sample& sample) {
  const int64_t length = sample.length;
  Batch batch;
  batch.samples = 1;
  batch.type = FlowType::Tokens(length, sample.type.vocabulary);
  const std::vector<int32_t> tokens(sample.tokens.begin(), sample.tokens.begin() + length);
  std::vector<int32_t> positions, ids;
  for (const Sample::Target& target : sample.targets) {
    positions.push_back(target.position);
    ids.push_back(target.id);
  }
  const auto masked = static_cast<int64_t>(ids.size());
  batch.input = Ints(tokens, {1, length});
  batch.lengths = Ints({sample.length}, {1});
  batch.masked_positions = Ints(positions, {masked});
  batch.masked_ids = Ints(ids, {masked});
  return batch;
}

}  // namespace

Tensor TokenScores(const Prediction& prediction) {
  const Tensor t = prediction.value.value().Plain();
  const Tensor& weight = prediction.decoder_weight.value();
  const int64_t rows = t.dim(0), features = t.dim(1), vocabulary = weight.dim(0);
  Tensor scores = Tensor::Uninitialized({rows, vocabulary});
  const auto multiply = [&](const auto* rows_of_t, const auto* rows_of_weight) {
    GemmBiasActivation(Transpose::kNo, Transpose::kYes, rows, vocabulary, features, rows_of_t,
                       features, rows_of_weight, features, prediction.decoder_bias.value().data(),
                       Activation::kIdentity, scores.data(), vocabulary);
  };
  if (weight.dtype() == DType::kBfloat16) {
    multiply(t.RowMajorBfloat16().bfloat16s(), weight.bfloat16s());
  } else {
    multiply(t.data(), weight.data());
  }
  return scores;
}

std::vector<Guess> BestGuesses(const float* scores, int64_t count, int64_t top,
                               const Tokenizer& tokenizer) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  const int64_t kept = std::min(top, count);
  std::partial_sort(order.begin(), order.begin() + kept, order.end(),
                    [scores](int32_t a, int32_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  double sum = 0;
  for (int64_t k = 0; k < count; ++k)
    sum += std::exp(static_cast<double>(scores[k]) - scores[order[0]]);
  std::vector<Guess> guesses;
  for (int64_t i = 0; i < kept; ++i) {
    const double probability =
        std::exp(static_cast<double>(scores[order[i]]) - scores[order[0]]) / sum;
    guesses.push_back({order[i], std::string(tokenizer.Token(order[i])), probability});
  }
  return guesses;
}

absl::StatusOr<FilledMasks> FillMask(Encoder& encoder, Head& head, const Tokenizer& tokenizer,
                                     std::string_view text, int64_t length, int64_t top,
                                     Precision precision) {
  if (top < 1)
    return absl::InvalidArgumentError(absl::StrCat("at least one guess a mask; asked for ", top));
  if (!head.output().is(FlowType::Kind::kTokenScores)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "filling in needs a head that scores tokens (MaskedLanguageModel); this one gives ",
        head.output().ToString()));
  }
  const MaskedText read = ReadMaskedText(tokenizer, text, length);
  const Sample& sample = read.sample;
  if (sample.targets.empty()) {
    const std::string_view mask = tokenizer.Token(tokenizer.special().mask);
    const absl::string_view name(mask.data(), mask.size());
    return absl::InvalidArgumentError(
        read.masks > 0
            ? absl::StrCat("the ", name, " lies beyond the ", length, " tokens that this encoder ",
                           "takes: the text has ", read.tokens, "; shorten it")
            : absl::StrCat("the text has no ", name, " to fill in: write one, such as \"a ", name,
                           " of water\""));
  }
  const Batch batch = OneSequence(sample);
  Tape tape(/*recording=*/false);
  const Tensor scores =
      TokenScores(Forward(tape, encoder, head, batch, {.precision = precision}).z);
  // The encoder may have room for more ids than the tokenizer has.
  const int64_t known = std::min<int64_t>(scores.dim(1), tokenizer.vocabulary_size());
  FilledMasks filled;
  filled.cut_off = read.masks - static_cast<int64_t>(sample.targets.size());
  filled.tokens = read.tokens;
  for (int64_t m = 0; m < scores.dim(0); ++m) {
    filled.masks.push_back(BestGuesses(scores.data() + m * scores.dim(1), known, top, tokenizer));
  }
  return filled;
}

}  // namespace pretext
