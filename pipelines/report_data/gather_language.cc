#include <algorithm>
#include <cmath>
#include <map>

#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/plugin/tokenizer.h"
#include "core/tensor/memory_pool.h"
#include "evaluation/fill_mask/fill_mask.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/report_data/gather_parts.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr int64_t kTargets = 4000;  // that the loss by frequency is of, about
constexpr int64_t kSequences = 6;   // that are shown
constexpr int64_t kPieces = 48;     // of each, at most
constexpr int64_t kGuesses = 3;

// log Σ exp of a row.
double LogSum(const float* scores, int64_t count) {
  const double most = *std::max_element(scores, scores + count);
  double sum = 0;
  for (int64_t k = 0; k < count; ++k) sum += std::exp(scores[k] - most);
  return most + std::log(sum);
}

// The sums of one bin: tokens that are one of 10^e up to one of 10^(e + 1).
struct Bin {
  double loss = 0, unigram = 0, correct = 0;
  int64_t targets = 0;
};

// The sequences of a batch with what stood at their blanks, and what the model puts there.
void AddSequences(const Batch& batch, const Tensor& scores, int64_t known,
                  const Tokenizer& tokenizer, ReportData& data) {
  const int64_t length = batch.type.tokens;
  int64_t target = 0;
  for (int64_t row = 0; row < batch.samples && data.filled_size() < kSequences; ++row) {
    ReportData::FilledSequence& sequence = *data.add_filled();
    const int64_t shown = std::min<int64_t>(batch.lengths.ints()[row], kPieces);
    for (int64_t at = 0; at < batch.lengths.ints()[row]; ++at) {
      const bool blank =
          target < batch.masked() && batch.masked_positions.ints()[target] == row * length + at;
      const int32_t id =
          blank ? batch.masked_ids.ints()[target] : batch.input.ints()[row * length + at];
      const Tokenizer::SpecialIds special = tokenizer.special();
      if (at < shown && (blank || (id != special.cls && id != special.sep))) {
        ReportData::Piece& piece = *sequence.add_piece();
        piece.set_text(std::string(tokenizer.Token(id)));
        piece.set_continues(tokenizer.is_continuation(id));
        if (blank) {
          const float* const of = scores.data() + target * scores.dim(1);
          for (const Guess& guess : BestGuesses(of, known, kGuesses, tokenizer)) {
            ReportData::Guess& shown_guess = *piece.add_guess();
            shown_guess.set_token(guess.token);
            shown_guess.set_probability(static_cast<float>(guess.probability));
          }
        }
      }
      target += blank;
    }
  }
}

}  // namespace

absl::Status GatherLanguage(Assembled& parts, const LanguageBaseline* counts, const Work& work,
                            ReportData& data) {
  const Tokenizer* const tokenizer = parts.dataset->tokenizer();
  if (tokenizer == nullptr || !parts.head->output().is(FlowType::Kind::kTokenScores))
    return absl::OkStatus();
  // In an order of chance: how many sequences hold so many targets is known when they are read.
  Loader loader(*parts.dataset, {.split = JudgedSplit(parts),
                                 .batch_size = std::min(GatherOptions::kSequencesAtOnce,
                                                        parts.config->evaluate().batch_size()),
                                 .shuffle = true,
                                 .seed = parts.config->train().seed(),
                                 .views = {parts.chains[0]}});
  std::map<int, Bin> bins;
  int64_t seen = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch() && seen < kTargets; ++b) {
    absl::Status s = work.Tell("blanks for the report",
                               static_cast<double>(seen) / static_cast<double>(kTargets));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    if (batch.masked() == 0) continue;
    // Each batch has another number of targets: its scores are not kept beside the next one's.
    MemoryPool::Trim();
    Tape tape(/*recording=*/false);
    const ForwardPass pass =
        Forward(tape, *parts.encoder, *parts.head, batch, {.precision = parts.precision()});
    const Tensor scores = TokenScores(pass.z);
    const int64_t vocabulary = scores.dim(1);
    const int64_t known = std::min<int64_t>(vocabulary, tokenizer->vocabulary_size());
    AddSequences(batch, scores, known, *tokenizer, data);
    seen += batch.masked();
    if (counts == nullptr) {
      if (data.filled_size() == kSequences) break;
      continue;
    }
    for (int64_t m = 0; m < batch.masked(); ++m) {
      const int32_t id = batch.masked_ids.ints()[m];
      const float* const row = scores.data() + m * vocabulary;
      const double unigram = counts->UnigramLoss(id);
      Bin& bin = bins[static_cast<int>(std::floor(unigram / std::log(10.0) + 1e-9))];
      bin.loss += LogSum(row, vocabulary) - row[id];
      bin.unigram += unigram;
      bin.correct += std::max_element(row, row + known) - row == id;
      ++bin.targets;
    }
  }
  for (const auto& [power, bin] : bins) {
    ReportData::FrequencyBin& shown = *data.add_frequency();
    const auto targets = static_cast<double>(bin.targets);
    shown.set_least(std::pow(10.0, power));
    shown.set_most(std::pow(10.0, power + 1));
    shown.set_targets(bin.targets);
    shown.set_loss(bin.loss / targets);
    shown.set_unigram(bin.unigram / targets);
    shown.set_accuracy(100 * bin.correct / targets);
  }
  return absl::OkStatus();
}

}  // namespace pretext
