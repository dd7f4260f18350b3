#include "pipelines/init/length.h"

#include <algorithm>
#include <cmath>

namespace pretext {
namespace {

// Sequences of a text's training part, by its words.
int64_t Sequences(const DataFacts& facts) {
  const double tokens = 1.4 * static_cast<double>(facts.words);
  const auto length = static_cast<double>(SequenceLength(facts));
  const double apart = static_cast<double>(facts.documents);
  return static_cast<int64_t>(facts.unit == "LINE" ? std::max(apart, tokens / length)
                                                   : tokens / length) +
         1;
}

int64_t TrainedOn(Method method, const DataFacts& facts) {
  const int64_t all = method == Method::kMaskedLm ? Sequences(facts) : facts.samples;
  // What a test split and a validation split leave.
  const double test = method == Method::kMaskedLm || facts.test_samples == 0 ? kValidation : 0;
  const auto left = static_cast<int64_t>(static_cast<double>(all) * (1 - test) * (1 - kValidation));
  return std::max<int64_t>(left, 1);
}

int64_t WishedEpochs(Method method, int64_t samples) {
  // Contrastive learning gains from hundreds of epochs on small sets; a reconstruction is learnt
  // from fewer; a language model sees little of a text twice to its good.
  const auto of = [samples](double seen, int64_t least, int64_t most) {
    return std::clamp(static_cast<int64_t>(std::lround(seen / static_cast<double>(samples))), least,
                      most);
  };
  switch (method) {
    case Method::kSimclr:
      return of(5e6, 100, 400);
    case Method::kAutoencoder:
      return of(1e6, 20, 200);
    case Method::kMaskedLm:
      return of(8e5, 3, 40);
  }
  return 1;
}

}  // namespace

int64_t SequenceLength(const DataFacts& facts) {
  // A word is about 1.4 pieces; what is cut off a document is lost where documents stay apart.
  return facts.unit == "LINE" && facts.words_per_document < 35 ? 64 : 128;
}

double Length::Hours(const Timing& timing) const {
  return static_cast<double>(epochs * steps_per_epoch) *
         (timing.step_seconds + timing.data_seconds) / 3600;
}

int64_t BatchSize(Method method, const DataFacts& facts) {
  int64_t batch = method == Method::kSimclr ? 256 : method == Method::kAutoencoder ? 128 : 64;
  while (batch > 8 && batch * 8 > TrainedOn(method, facts)) batch /= 2;
  return batch;
}

Length ChooseLength(Method method, const DataFacts& facts, const Timing& timing, double hours) {
  Length length;
  const int64_t samples = TrainedOn(method, facts);
  length.batch_size = BatchSize(method, facts);
  length.steps_per_epoch = std::max<int64_t>(1, samples / length.batch_size);
  length.epochs = WishedEpochs(method, samples);
  if (const double needed = length.Hours(timing); needed > hours) {
    length.cut = true;
    length.epochs = std::max<int64_t>(
        1, static_cast<int64_t>(static_cast<double>(length.epochs) * hours / needed));
  }
  return length;
}

}  // namespace pretext
