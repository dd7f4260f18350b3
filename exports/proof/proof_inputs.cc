#include "exports/proof/proof_inputs.h"

#include <algorithm>
#include <cmath>

#include "base/random/random.h"

namespace pretext {
namespace {

// Pictures of the type's range, or of two deviations where it is not known; vectors of normal
// numbers.
void FillValues(const FlowType& type, Random& random, int64_t size, float* to) {
  for (int64_t i = 0; i < size; ++i) to[i] = random.Normal();
  if (!type.is(FlowType::Kind::kImage)) return;
  // Pictures: smooth waves of a random direction in each channel, with noise.
  const double low = type.range ? type.range->low : -2, high = type.range ? type.range->high : 2;
  for (int64_t c = 0; c < type.channels; ++c) {
    const double x = 0.5 * random.Normal(), y = 0.5 * random.Normal(), phase = 3 * random.Normal();
    for (int64_t i = 0; i < type.height * type.width; ++i) {
      const double place =
          x * static_cast<double>(i % type.width) + y * static_cast<double>(i / type.width) + phase;
      float& value = to[c * type.height * type.width + i];
      const double share = 0.5 + 0.35 * std::sin(place) + 0.1 * value;
      value = static_cast<float>(low + (high - low) * std::clamp(share, 0.0, 1.0));
    }
  }
}

void FillTokens(const Tokenizer& tokenizer, Random& random, int64_t length, int64_t longest,
                int32_t* to) {
  const Tokenizer::SpecialIds special = tokenizer.special();
  std::fill_n(to, longest, special.pad);
  for (int64_t l = 0; l < length; ++l) {
    to[l] = static_cast<int32_t>(random.Below(static_cast<uint32_t>(tokenizer.vocabulary_size())));
  }
  to[0] = special.cls;
  to[length - 1] = special.sep;
}

}  // namespace

Batch MakeProofBatch(const FlowType& type, const Tokenizer* tokenizer, int64_t samples,
                     int64_t number, int64_t cost) {
  constexpr int64_t kMostWork = int64_t{1} << 32;  // of a batch
  Random random(
      {.seed = 1, .purpose = Purpose::kEvaluation, .sample = static_cast<uint64_t>(number)});
  Batch batch;
  batch.samples = samples;
  batch.type = type;
  if (!type.is(FlowType::Kind::kTokens)) {
    batch.input = Tensor::Uninitialized(type.Batch(samples));
    for (int64_t n = 0; n < samples; ++n)
      FillValues(type, random, type.size(), batch.input.data() + n * type.size());
    return batch;
  }
  const int64_t fits = std::max<int64_t>(kMostWork / std::max<int64_t>(cost * samples, 1), 16),
                longest = std::min(type.tokens, fits);
  batch.type.tokens = longest;
  batch.input = Tensor::Uninitialized({samples, longest}, DType::kInt32);
  batch.lengths = Tensor::Uninitialized({samples}, DType::kInt32);
  for (int64_t n = 0; n < samples; ++n) {
    const int64_t length = std::max<int64_t>(longest - n * (longest / (samples + 1)), 2);
    batch.lengths.ints()[n] = static_cast<int32_t>(length);
    FillTokens(*tokenizer, random, length, longest, batch.input.ints() + n * longest);
  }
  return batch;
}

template <class T>
Arrays<T> AsGraphInputs(const Graph& graph, const Batch& batch) {
  const Shape& shape = batch.input.shape();
  Arrays<T> inputs;
  for (const GraphValue& declared : graph.inputs) {
    Array<T> array{.dims = Dims(shape.begin(), shape.end()), .whole = declared.whole};
    for (int64_t i = 0; i < batch.input.size(); ++i) {
      if (!declared.whole) {
        array.values.push_back(static_cast<T>(batch.input.data()[i]));
      } else if (declared.name == "input_ids") {
        array.wholes.push_back(batch.input.ints()[i]);
      } else if (declared.name == "attention_mask") {
        const int64_t longest = shape[1];
        array.wholes.push_back(i % longest < batch.lengths.ints()[i / longest] ? 1 : 0);
      } else {
        array.wholes.push_back(0);  // token_type_ids: one segment
      }
    }
    inputs[declared.name] = std::move(array);
  }
  return inputs;
}

template Arrays<float> AsGraphInputs(const Graph&, const Batch&);
template Arrays<double> AsGraphInputs(const Graph&, const Batch&);

}  // namespace pretext
