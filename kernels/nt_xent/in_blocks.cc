#include "kernels/nt_xent/in_blocks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/check/check.h"
#include "kernels/nt_xent/pair_of_blocks.h"
#include "kernels/nt_xent/positives.h"
#include "kernels/nt_xent/tiles.h"
#include "kernels/nt_xent/unit_rows.h"
#include "kernels/reduce/dot_product.h"

namespace pretext {
namespace {

using namespace nt_xent_internal;  // the package's own

// Of each sample: how many rows have its class, and how many rows of the batch have positives.
struct ClassSizes {
  std::vector<int64_t> members;
  int64_t rows_with_positives;

  explicit ClassSizes(const NtXentProblem& whole) {
    const Classes classes(whole);
    members.resize(static_cast<size_t>(whole.samples));
    for (int64_t c = 0; c < classes.count(); ++c) {
      for (int64_t s = classes.first[c]; s < classes.first[c + 1]; ++s)
        members[classes.samples[s]] = (classes.first[c + 1] - classes.first[c]) * whole.views;
    }
    rows_with_positives = classes.rows_with_positives;
  }
};

class Share {
 public:
  Share(const NtXentProblem& whole, const std::vector<int64_t>& first, int block, BlockRing& ring)
      : whole_(whole),
        first_(first),
        block_(block),
        blocks_(static_cast<int>(first.size()) - 1),
        ring_(ring),
        sizes_(whole),
        pair_(whole, kKeptTiles / blocks_),
        rows_(RowsOf(block)),
        z_(rows_ * whole.features),
        inverse_length_(rows_) {
    for (int b = 0; b < blocks_; ++b) most_rows_ = std::max(most_rows_, RowsOf(b));
  }

  NtXentResult Compute(const float* x, float* gradient) {
    NtXentResult result;
    result.averaged_rows = sizes_.rows_with_positives;
    const bool finite = UnitRows(rows_, whole_.features, x, z_.data(), inverse_length_.data());
    if (!SumUp(finite, result)) return result;
    std::vector<ShiftedSum> terms(static_cast<size_t>(rows_));
    std::vector<double> positives(terms.size());
    // One memory for both ways: scratch is kept, and the way back takes twice as much.
    const int64_t words = blocks_ == 1          ? 0
                          : gradient == nullptr ? Forward::Words(most_rows_, whole_.features)
                                                : Backward::Words(most_rows_, whole_.features);
    const Scratch memory[2] = {Scratch(words), Scratch(words)};
    MeetForward({terms.data(), positives.data()}, memory);
    Judge(terms, positives, result);
    if (gradient == nullptr) return result;
    std::fill_n(gradient, rows_ * whole_.features, 0.0f);
    MeetBackward(terms, memory, gradient);
    UnitRowsBackward(rows_, whole_.features, z_.data(), inverse_length_.data(), gradient);
    return result;
  }

 private:
  // The rows of a block while they travel, and what goes with them: first what comes home.
  struct Forward {
    static int64_t HomeWords(int64_t rows, int64_t) { return 6 * rows; }
    static int64_t Words(int64_t rows, int64_t features) { return (6 + features) * rows; }
    Forward(float* memory, int64_t rows)
        : sums{reinterpret_cast<ShiftedSum*>(memory), reinterpret_cast<double*>(memory + 4 * rows)},
          z(memory + 6 * rows) {}
    RowSums sums;
    float* z;
  };
  struct Backward {
    static int64_t HomeWords(int64_t rows, int64_t features) { return rows * features; }
    static int64_t Words(int64_t rows, int64_t features) { return (2 + 2 * features) * rows; }
    Backward(float* memory, int64_t rows, int64_t features)
        : gradient(memory),
          scale(memory + rows * features),
          shift(reinterpret_cast<int32_t*>(scale + rows)),
          z(scale + 2 * rows) {}
    float *gradient, *scale;
    int32_t* shift;
    float* z;
  };
  static_assert(sizeof(ShiftedSum) == 4 * sizeof(float));

  int64_t RowsOf(int block) const {
    return (first_[static_cast<size_t>(block) + 1] - first_[static_cast<size_t>(block)]) *
           whole_.views;
  }
  int After(int block, int steps) const { return (block + steps + blocks_) % blocks_; }
  BlockRows All(int block, const float* z) const {
    const int64_t first = first_[static_cast<size_t>(block)];
    return {first, first_[static_cast<size_t>(block) + 1] - first, 0, RowsOf(block), z};
  }

  // What is of all rows: whether they are finite, and the mean of z_i · z_j, from |Σ z|².
  bool SumUp(bool finite, NtXentResult& result) {
    const int64_t features = whole_.features, count = features + 2;
    std::vector<double> own(static_cast<size_t>(count));
    own[0] = finite ? 0 : 1;
    for (int64_t i = 0; i < rows_; ++i) {
      const float* const row = z_ + i * features;
      own[1] += RowDot(features, row, row);
      for (int64_t f = 0; f < features; ++f) own[static_cast<size_t>(2 + f)] += row[f];
    }
    const double* const all = ring_.Gather(own.data(), count);
    std::fill(own.begin(), own.end(), 0.0);
    for (int b = 0; b < blocks_; ++b)
      for (int64_t i = 0; i < count; ++i) own[static_cast<size_t>(i)] += all[b * count + i];
    if (own[0] > 0) {
      result.status = NtXentStatus::kNonFinite;
      result.loss = std::numeric_limits<double>::quiet_NaN();
      return false;
    }
    double square = 0;
    for (int64_t f = 0; f < features; ++f) square += own[2 + f] * own[2 + f];
    const auto rows = static_cast<double>(whole_.rows());
    result.mean_cosine = rows == 1 ? 0 : (square - own[1]) / (rows * (rows - 1));
    return true;
  }

  // meet(s, memory) with the rows of the block that is s steps away, in `memory`, which begin() has
  // filled at home; what has come home is returned.
  template <class Travelling, class Begin, class Meet>
  const float* Travel(const Scratch (&memory)[2], Begin&& begin, Meet&& meet) {
    const int last = blocks_ / 2;
    float *here = memory[0].data(), *next = memory[1].data();
    std::vector<int64_t> counts(static_cast<size_t>(blocks_));
    begin(here);
    for (int s = 1; s <= last; ++s) {
      for (int b = 0; b < blocks_; ++b)
        counts[static_cast<size_t>(b)] =
            Travelling::Words(RowsOf(After(b, s - 1)), whole_.features);
      ring_.Shift(1, here, counts, next);
      std::swap(here, next);
      meet(s, here);
    }
    for (int b = 0; b < blocks_; ++b)
      counts[static_cast<size_t>(b)] =
          Travelling::HomeWords(RowsOf(After(b, last)), whole_.features);
    ring_.Shift(-last, here, counts, next);
    return next;
  }

  // The rows of both that meet at step s: at the last of an even number of blocks the same pair
  // meets at the other's place, too, and each place takes a half of the first block's rows.
  std::pair<BlockRows, BlockRows> RowsAt(int s, const float* z) const {
    const int other = After(block_, s);
    std::pair<BlockRows, BlockRows> rows{All(block_, z_.data()), All(other, z)};
    if (2 * s != blocks_) return rows;
    if (block_ < other) {
      rows.first.end /= 2;
    } else {
      rows.second.begin = rows.second.end / 2;
    }
    return rows;
  }

  void MeetForward(const RowSums& own, const Scratch (&memory)[2]) {
    pair_.AddTerms(All(block_, z_.data()), All(block_, z_.data()), own, own);
    if (blocks_ == 1) return;
    const float* const home = Travel<Forward>(
        memory,
        [&](float* at) {
          const Forward travelling(at, rows_);
          std::uninitialized_fill_n(travelling.sums.terms, rows_, ShiftedSum());
          std::fill_n(travelling.sums.positives, rows_, 0.0);
          std::copy_n(z_.data(), rows_ * whole_.features, travelling.z);
        },
        [&](int s, float* at) {
          const Forward travelling(at, RowsOf(After(block_, s)));
          const auto [a, b] = RowsAt(s, travelling.z);
          pair_.AddTerms(a, b, own, travelling.sums);
        });
    const Forward come(const_cast<float*>(home), rows_);
    for (int64_t i = 0; i < rows_; ++i) {
      own.terms[i].Add(come.sums.terms[i]);
      own.positives[i] += come.sums.positives[i];
    }
  }

  void Judge(const std::vector<ShiftedSum>& terms, const std::vector<double>& positives,
             NtXentResult& result) {
    const int64_t first = first_[static_cast<size_t>(block_)], samples = rows_ / whole_.views;
    double own[2] = {};
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t members = sizes_.members[static_cast<size_t>(first + i % samples)];
      if (members == 1) continue;
      const double cosine = positives[static_cast<size_t>(i)] / static_cast<double>(members - 1);
      own[0] +=
          (HasTerms(whole_) ? terms[static_cast<size_t>(i)].Log() : 0) - cosine * pair_.scale();
      own[1] += cosine;
    }
    const double* const all = ring_.Gather(own, 2);
    for (int b = 0; b < blocks_; ++b) {
      result.loss += all[2 * b];
      result.positive_cosine += all[2 * b + 1];
    }
    const auto count = static_cast<double>(std::max<int64_t>(1, result.averaged_rows));
    result.loss /= count;
    result.positive_cosine /= count;
  }

  // What each own row pulls its positives with, and is pulled by them.
  std::vector<float> Pulls() const {
    const BlockRows rows = All(block_, nullptr);
    std::vector<float> pulls(static_cast<size_t>(rows.end));
    for (int64_t i = 0; i < rows.end; ++i) {
      const int64_t members = sizes_.members[static_cast<size_t>(rows.first + i % rows.samples)];
      if (members == 1) continue;
      pulls[static_cast<size_t>(i)] =
          static_cast<float>(pair_.scale() / (static_cast<double>(sizes_.rows_with_positives) *
                                              static_cast<double>(members - 1)));
    }
    return pulls;
  }

  void MeetBackward(const std::vector<ShiftedSum>& terms, const Scratch (&memory)[2],
                    float* gradient) {
    const Scratch scale(rows_), shift_memory(rows_);
    auto* const shift = reinterpret_cast<int32_t*>(shift_memory.data());
    const int64_t first = first_[static_cast<size_t>(block_)], samples = rows_ / whole_.views;
    for (int64_t i = 0; i < rows_; ++i) {
      const ShiftedSum& sum = terms[static_cast<size_t>(i)];
      const bool counts =
          HasTerms(whole_) && sizes_.members[static_cast<size_t>(first + i % samples)] > 1;
      const double weight = 1.0 / static_cast<double>(sizes_.rows_with_positives);
      scale.data()[i] = counts ? static_cast<float>(weight * pair_.scale() / sum.value) : 0;
      shift[i] = HasTerms(whole_) ? sum.shift : 0;
    }
    const std::vector<float> pulls = Pulls();
    const RowWeights own{scale.data(), shift};
    const BlockRows all = All(block_, z_.data());
    pair_.AddGradients(all, all, own, own, pulls.data(), gradient, gradient);
    if (blocks_ == 1) return;
    const float* const home = Travel<Backward>(
        memory,
        [&](float* at) {
          const Backward travelling(at, rows_, whole_.features);
          std::fill_n(travelling.gradient, rows_ * whole_.features, 0.0f);
          std::copy_n(scale.data(), rows_, travelling.scale);
          std::copy_n(shift, rows_, travelling.shift);
          std::copy_n(z_.data(), rows_ * whole_.features, travelling.z);
        },
        [&](int s, float* at) {
          const int other = After(block_, s);
          const Backward travelling(at, RowsOf(other), whole_.features);
          const auto [a, b] = RowsAt(s, travelling.z);
          pair_.AddGradients(a, b, own, {travelling.scale, travelling.shift}, pulls.data(),
                             gradient, travelling.gradient);
        });
    for (int64_t i = 0; i < rows_ * whole_.features; ++i) gradient[i] += home[i];
  }

  const NtXentProblem& whole_;
  const std::vector<int64_t>& first_;
  const int block_, blocks_;
  BlockRing& ring_;
  const ClassSizes sizes_;
  PairOfBlocks pair_;
  const int64_t rows_;
  int64_t most_rows_ = 0;
  const Scratch z_, inverse_length_;
};

}  // namespace

NtXentResult ComputeNtXentOfBlock(const NtXentProblem& whole, const std::vector<int64_t>& first,
                                  int block, const float* x, float* gradient, BlockRing& ring) {
  PRETEXT_CHECK(whole.temperature >= kLeastTemperature, "the temperature is in range");
  PRETEXT_CHECK(first.front() == 0 && first.back() == whole.samples, "the blocks are the batch");
  return Share(whole, first, block, ring).Compute(x, gradient);
}

double BytesOfNtXentBlock(int64_t rows, int64_t features, int blocks) {
  const int64_t across = (rows + kTileSize - 1) / kTileSize;
  const int64_t tiles = std::min(kKeptTiles / blocks, across * across * (int64_t{blocks} / 2 + 1));
  const int64_t copies = blocks == 1 ? 1 : 5;
  return sizeof(float) * (static_cast<double>(rows) * static_cast<double>(copies * features + 24) +
                          static_cast<double>(tiles * kTileSize * kTileStride));
}

}  // namespace pretext
