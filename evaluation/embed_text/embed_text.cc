#include "evaluation/embed_text/embed_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tokenizers/sequence/sequence.h"

namespace pretext {
namespace {

// [CLS] text [SEP], as many tokens as there are.
std::vector<int32_t> Encode(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<int32_t> ids = {tokenizer.special().cls};
  EncodeMarked(tokenizer, text, ids);
  ids.push_back(tokenizer.special().sep);
  return ids;
}

// Padded to the longest.
Batch MakeBatch(const std::vector<const std::vector<int32_t>*>& rows, const Tokenizer& tokenizer) {
  const auto count = static_cast<int64_t>(rows.size());
  size_t longest = 0;
  for (const auto* row : rows) longest = std::max(longest, row->size());
  const auto length = static_cast<int64_t>(longest);
  Batch batch;
  batch.samples = count;
  batch.type = FlowType::Tokens(length, tokenizer.vocabulary_size());
  batch.input = Tensor::Uninitialized({count, length}, DType::kInt32);
  batch.lengths = Tensor::Uninitialized({count}, DType::kInt32);
  std::fill_n(batch.input.ints(), batch.input.size(), tokenizer.special().pad);
  for (int64_t n = 0; n < count; ++n) {
    std::copy(rows[n]->begin(), rows[n]->end(), batch.input.ints() + n * length);
    batch.lengths.ints()[n] = static_cast<int32_t>(rows[n]->size());
  }
  return batch;
}

}  // namespace

absl::StatusOr<TextVectors> EmbedTexts(Encoder& encoder, const Tokenizer& tokenizer,
                                       const std::vector<std::string>& texts,
                                       const EmbedTextOptions& options) {
  if (texts.empty()) return absl::InvalidArgumentError("there is no text to make vectors of");
  TextVectors vectors;
  Features& features = vectors.features;
  features.count = static_cast<int64_t>(texts.size());
  features.width = encoder.features();
  features.values.resize(static_cast<size_t>(features.count * features.width));
  std::vector<std::vector<int32_t>> ids(texts.size());
#pragma omp parallel for schedule(dynamic, 16)
  for (size_t i = 0; i < texts.size(); ++i) ids[i] = Encode(tokenizer, texts[i]);
  for (std::vector<int32_t>& row : ids) {
    if (static_cast<int64_t>(row.size()) <= options.length) continue;
    row.resize(static_cast<size_t>(options.length));
    row.back() = tokenizer.special().sep;
    ++vectors.cut;
  }
  // Texts of like length together: less padding.
  std::vector<int64_t> order(texts.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return ids[a].size() < ids[b].size(); });
  for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(options.batch_size)) {
    const size_t end = std::min(order.size(), begin + static_cast<size_t>(options.batch_size));
    std::vector<const std::vector<int32_t>*> rows;
    for (size_t i = begin; i < end; ++i) rows.push_back(&ids[order[i]]);
    const Batch batch = MakeBatch(rows, tokenizer);
    Tape tape(/*recording=*/false);
    const Var h = encoder.Forward(tape, tape.Constant(batch.input), batch, ForwardContext());
    const Tensor pooled = encoder.Pool(tape, h, batch).value();
    for (size_t i = begin; i < end; ++i) {
      std::copy_n(pooled.data() + static_cast<int64_t>(i - begin) * features.width, features.width,
                  features.values.data() + order[i] * features.width);
    }
  }
  const absl::Status finite = CheckFinite(features, "text");
  if (!finite.ok()) return finite;
  return vectors;
}

}  // namespace pretext
