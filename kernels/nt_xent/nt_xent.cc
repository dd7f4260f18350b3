#include "kernels/nt_xent/nt_xent.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <optional>
#include <vector>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/gemm/gemm.h"
#include "kernels/nt_xent/block_pairs.h"
#include "kernels/nt_xent/positives.h"
#include "kernels/nt_xent/tiles.h"
#include "kernels/nt_xent/unit_rows.h"
#include "kernels/scratch/scratch.h"
#include "kernels/transpose/transpose.h"

namespace pretext {
namespace {

using namespace nt_xent_internal;  // the package's own

constexpr int64_t kTileFloats = kTileSize * kTileStride;
constexpr int64_t kKeptTiles = (24 << 20) / static_cast<int64_t>(kTileFloats * sizeof(float));

int64_t BlockSize(int64_t rows) {
  // Small problems are cut, too, so that there is something to share.
  return rows <= 64 ? 32 : rows <= 256 ? 64 : kTileSize;
}

// While it lives, work of this thread stays on this thread.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(threads_); }

 private:
  const int threads_ = omp_get_max_threads();
};

// The repelling half of the loss: log Σ exp(s_ij) of every row and its gradient, tile by tile.
class Repulsion {
 public:
  Repulsion(const NtXentProblem& problem, const float* z, bool with_gradient)
      : problem_(problem),
        rows_(problem.rows()),
        features_(problem.features),
        block_size_(BlockSize(rows_)),
        blocks_((rows_ + block_size_ - 1) / block_size_),
        pairs_(blocks_),
        log2_scale_(std::numbers::log2e_v<float> / problem.temperature),
        kept_count_(with_gradient ? std::min(kKeptTiles, pairs_.count()) : 0),
        z_(z),
        transposed_(rows_ * features_),
        kept_(kept_count_ * kTileFloats),
        sums_memory_(rows_ * static_cast<int64_t>(sizeof(ShiftedSum) / sizeof(float))),
        scale_(rows_),
        shift_memory_(rows_),
        sums_(reinterpret_cast<ShiftedSum*>(sums_memory_.data())),
        shift_(reinterpret_cast<int32_t*>(shift_memory_.data())) {
    std::uninitialized_fill_n(sums_, rows_, ShiftedSum());
  }

  // 1 / τ as the tiles have it.
  double scale() const { return log2_scale_ * std::numbers::ln2; }

  void Forward() {
    ParallelFor(blocks_, 2 * block_size_ * features_, [&](int64_t b) {
      TransposeRows(Size(b), features_, 0, Size(b), z_ + Row(b) * features_,
                    transposed_ + Row(b) * features_);
    });
    ForEachPair([&](BlockPairs::Pair pair, float* tile, bool) {
      Cosines(pair, tile);
      AddTerms({Size(pair.a), Size(pair.b)}, log2_scale_, tile, sums_ + Row(pair.a),
               pair.a == pair.b ? nullptr : sums_ + Row(pair.b));
    });
  }

  // After Forward. Without a term in its sum a row counts as 0.
  double LogSum(int64_t row) const {
    if (!HasTerms()) return 0;
    return sums_[row].Log();
  }

  // After Forward: gradient_i += the gradient of Σ_j weight_j · LogSum(j) with respect to z_i.
  void Backward(const float* weight, float* gradient) {
    if (!HasTerms()) return;
    for (int64_t i = 0; i < rows_; ++i) {
      scale_.data()[i] = static_cast<float>(weight[i] * scale() / sums_[i].value);
      shift_[i] = sums_[i].shift;
    }
    ForEachPair([&](BlockPairs::Pair pair, float* tile, bool kept) {
      if (!kept) Cosines(pair, tile);
      const int64_t a = Row(pair.a), b = Row(pair.b), m = Size(pair.a), n = Size(pair.b);
      // The tile becomes dloss/ds_ij + dloss/ds_ji, for the rows of both of its blocks.
      CosinesToWeights({m, n}, log2_scale_, scale_ + a, shift_ + a, scale_ + b, shift_ + b, tile);
      Gemm(Transpose::kNo, Transpose::kNo, m, features_, n, 1.0f, tile, kTileStride,
           z_ + b * features_, features_, 1.0f, gradient + a * features_, features_);
      if (pair.a == pair.b) return;
      Gemm(Transpose::kYes, Transpose::kNo, n, features_, m, 1.0f, tile, kTileStride,
           z_ + a * features_, features_, 1.0f, gradient + b * features_, features_);
    });
  }

 private:
  int64_t Row(int64_t block) const { return block * block_size_; }
  int64_t Size(int64_t block) const { return std::min(block_size_, rows_ - Row(block)); }
  bool HasTerms() const { return problem_.decoupled ? problem_.samples > 1 : rows_ > 1; }

  // function(pair, tile, kept) for every pair of blocks; kept: the tile is the pair's own from pass
  // to pass, else it is the thread's. Products are computed by one thread each, since they run
  // inside a parallel region.
  template <class Function>
  void ForEachPair(Function&& function) {
    pairs_.ForEach([] { return std::make_unique<Scratch>(kTileFloats); },
                   [&](int64_t index, BlockPairs::Pair pair, const std::unique_ptr<Scratch>& own) {
                     const bool kept = index < kept_count_;
                     function(pair, kept ? kept_ + index * kTileFloats : own->data(), kept);
                   });
  }

  void Cosines(BlockPairs::Pair pair, float* tile) {
    const int64_t m = Size(pair.a), n = Size(pair.b);
    Gemm(Transpose::kNo, Transpose::kNo, m, n, features_, 1.0f, z_ + Row(pair.a) * features_,
         features_, transposed_ + Row(pair.b) * features_, n, 0.0f, tile, kTileStride);
    Mask(pair, tile);
  }

  void Mask(BlockPairs::Pair pair, float* tile) const {
    const float masked = MaskedCosine(log2_scale_);
    if (!problem_.decoupled) {
      if (pair.a != pair.b) return;
      for (int64_t i = 0; i < Size(pair.a); ++i) tile[i * kTileStride + i] = masked;
      return;
    }
    for (int64_t i = 0; i < Size(pair.a); ++i) {
      const int64_t sample = (Row(pair.a) + i) % problem_.samples;
      for (int64_t v = 0; v < problem_.views; ++v) {
        const int64_t j = v * problem_.samples + sample - Row(pair.b);
        if (j >= 0 && j < Size(pair.b)) tile[i * kTileStride + j] = masked;
      }
    }
  }

  const NtXentProblem& problem_;
  const int64_t rows_, features_, block_size_, blocks_;
  const BlockPairs pairs_;
  const float log2_scale_;  // k = log2(e) / τ: exp(s) = 2^(cosine · k)
  const int64_t kept_count_;
  const float* const z_;
  Scratch transposed_;  // block by block [D, rows of the block]: products without a transpose are
                        // faster
  Scratch kept_, sums_memory_, scale_, shift_memory_;
  ShiftedSum* const sums_;
  int32_t* const shift_;
};

// Mean of z_i · z_j over i ≠ j, from |Σ z|².
double MeanCosine(const NtXentProblem& problem, const float* z) {
  if (problem.rows() == 1) return 0;
  std::vector<double> sum(problem.features);
  double own = 0;
  for (int64_t i = 0; i < problem.rows(); ++i) {
    const float* row = z + i * problem.features;
    own += Dot(problem.features, row, row);
    for (int64_t f = 0; f < problem.features; ++f) sum[f] += row[f];
  }
  double square = 0;
  for (double s : sum) square += s * s;
  return (square - own) / (static_cast<double>(problem.rows()) * (problem.rows() - 1));
}

}  // namespace

NtXentResult ComputeNtXent(const NtXentProblem& problem, const float* x, float* gradient,
                           float* row_loss) {
  PRETEXT_CHECK(problem.samples >= 1 && problem.features >= 1, "a batch has samples and features");
  PRETEXT_CHECK(problem.views >= (problem.labels == nullptr ? 2 : 1),
                "positives need a second view or labels");
  PRETEXT_CHECK(problem.temperature >= kLeastTemperature, "the temperature is in range");
  const int64_t rows = problem.rows();
  // Up to 128 rows of 128, a tenth of a millisecond, other threads would not help.
  std::optional<OneThread> one_thread;
  if (rows * rows * problem.features <= 128 * 128 * 128) one_thread.emplace();
  const Scratch z(rows * problem.features), inverse_length(rows), weight(rows), cosine(rows);
  const Classes classes(problem);
  NtXentResult result;
  result.averaged_rows = classes.rows_with_positives;
  if (!UnitRows(rows, problem.features, x, z.data(), inverse_length.data())) {
    result.status = NtXentStatus::kNonFinite;
    result.loss = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  Attract(problem, classes, z.data(), weight.data(), cosine.data(), gradient);
  Repulsion repulsion(problem, z.data(), gradient != nullptr);
  repulsion.Forward();
  for (int64_t i = 0; i < rows; ++i) {
    const double w = weight.data()[i], c = cosine.data()[i];
    const double loss = w == 0 ? 0.0 : repulsion.LogSum(i) - c * repulsion.scale();
    result.loss += w * loss;
    result.positive_cosine += w * c;
    if (row_loss != nullptr) row_loss[i] = static_cast<float>(loss);
  }
  result.mean_cosine = MeanCosine(problem, z.data());
  if (gradient != nullptr) {
    repulsion.Backward(weight.data(), gradient);
    UnitRowsBackward(rows, problem.features, z.data(), inverse_length.data(), gradient);
  }
  return result;
}

}  // namespace pretext
