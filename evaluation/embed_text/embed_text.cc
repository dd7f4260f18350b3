#include "evaluation/embed_text/embed_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/plugin/forward_pass.h"

namespace pretext {
namespace {

// A part of a text: [CLS] tokens [SEP].
struct Part {
  size_t text;
  std::vector<int32_t> ids;
  double weight;  // its share of the text's tokens
};

// Appends a text's parts, of `length` tokens at most each; an empty text has one.
void Split(const std::vector<int32_t>& ids, size_t text, const Tokenizer::SpecialIds& special,
           int64_t length, std::vector<Part>& parts) {
  const size_t most = static_cast<size_t>(std::max<int64_t>(length - 2, 1));
  size_t begin = 0;
  do {
    const size_t count = std::min(most, ids.size() - begin);
    Part part{.text = text, .ids = {special.cls}, .weight = 1};
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(begin);
    part.ids.insert(part.ids.end(), first, first + static_cast<std::ptrdiff_t>(count));
    part.ids.push_back(special.sep);
    if (ids.size() > most)
      part.weight = static_cast<double>(count) / static_cast<double>(ids.size());
    parts.push_back(std::move(part));
    begin += count;
  } while (begin < ids.size());
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

// The parts of all texts, in their order.
std::vector<Part> PartsOf(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                          int64_t length, EmbeddedTexts& counts) {
  std::vector<std::vector<int32_t>> ids(texts.size());
#pragma omp parallel for schedule(dynamic, 16)
  for (size_t i = 0; i < texts.size(); ++i) tokenizer.Encode(texts[i], ids[i]);
  const Tokenizer::SpecialIds special = tokenizer.special();
  std::vector<Part> parts;
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t before = parts.size();
    Split(ids[i], i, special, length, parts);
    counts.split += parts.size() > before + 1;
    counts.tokens += static_cast<int64_t>(ids[i].size());
    counts.unknown += std::count(ids[i].begin(), ids[i].end(), special.unknown);
  }
  return parts;
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
  const std::vector<Part> parts = PartsOf(tokenizer, texts, options.length, vectors);
  // Parts of like length together: less padding. Sums are taken in the order of a text's parts
  // afterwards, so that they do not depend on it.
  std::vector<size_t> order(parts.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return parts[a].ids.size() < parts[b].ids.size(); });
  std::vector<float> pooled(parts.size() * static_cast<size_t>(features.width));
  for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(options.batch_size)) {
    const size_t end = std::min(order.size(), begin + static_cast<size_t>(options.batch_size));
    std::vector<const std::vector<int32_t>*> rows;
    for (size_t i = begin; i < end; ++i) rows.push_back(&parts[order[i]].ids);
    const Batch batch = MakeBatch(rows, tokenizer);
    const Tensor rows_of_parts = PooledRows(encoder, batch, options.precision);
    for (size_t i = begin; i < end; ++i) {
      std::copy_n(rows_of_parts.data() + static_cast<int64_t>(i - begin) * features.width,
                  features.width, pooled.data() + static_cast<int64_t>(order[i]) * features.width);
    }
  }
  for (size_t first = 0; first < parts.size();) {
    size_t last = first;
    while (last < parts.size() && parts[last].text == parts[first].text) ++last;
    float* row = features.values.data() + static_cast<int64_t>(parts[first].text) * features.width;
    for (int64_t d = 0; d < features.width; ++d) {
      double sum = 0;
      for (size_t p = first; p < last; ++p) {
        sum += parts[p].weight * pooled[static_cast<int64_t>(p) * features.width + d];
      }
      row[d] = static_cast<float>(sum);
    }
    first = last;
  }
  const absl::Status finite = CheckFinite(features, "text");
  if (!finite.ok()) return finite;
  return vectors;
}

absl::StatusOr<TokenVectors> EmbedTokens(Encoder& encoder, const Tokenizer& tokenizer,
                                         const std::vector<std::string>& texts,
                                         const EmbedTextOptions& options) {
  if (!encoder.output().is(FlowType::Kind::kSequence)) {
    return absl::InvalidArgumentError(
        absl::StrCat("h is ", encoder.output().ToString(), ", and none of single tokens"));
  }
  TokenVectors vectors;
  const std::vector<Part> parts = PartsOf(tokenizer, texts, options.length, vectors);
  vectors.width = encoder.output().features;
  vectors.rows.resize(texts.size());
  for (size_t begin = 0; begin < parts.size(); begin += static_cast<size_t>(options.batch_size)) {
    const size_t end = std::min(parts.size(), begin + static_cast<size_t>(options.batch_size));
    std::vector<const std::vector<int32_t>*> rows;
    for (size_t i = begin; i < end; ++i) rows.push_back(&parts[i].ids);
    const Batch batch = MakeBatch(rows, tokenizer);
    Tape tape(/*recording=*/false);
    const PrecisionScope precision(tape, options.precision);
    const Var h = encoder.Forward(tape, tape.Constant(batch.input), batch, ForwardContext());
    const Tensor values = h.value().Plain();
    for (size_t i = begin; i < end; ++i) {
      const auto count = static_cast<int64_t>(parts[i].ids.size());
      const float* const row =
          values.data() + static_cast<int64_t>(i - begin) * batch.type.tokens * vectors.width;
      vectors.values.insert(vectors.values.end(), row, row + count * vectors.width);
      vectors.ids.insert(vectors.ids.end(), parts[i].ids.begin(), parts[i].ids.end());
      vectors.rows[parts[i].text] += count;
    }
  }
  return vectors;
}

}  // namespace pretext
