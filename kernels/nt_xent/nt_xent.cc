#include "kernels/nt_xent/nt_xent.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/matrix_units/tiles.h"
#include "kernels/nt_xent/bfloat16_products.h"
#include "kernels/nt_xent/block_pairs.h"
#include "kernels/nt_xent/float_products.h"
#include "kernels/nt_xent/positives.h"
#include "kernels/nt_xent/tiles.h"
#include "kernels/nt_xent/unit_rows.h"
#include "kernels/reduce/dot_product.h"
#include "kernels/scratch/scratch.h"

namespace pretext {
namespace {

using namespace nt_xent_internal;  // the package's own

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
template <class Products>
class Repulsion {
 public:
  Repulsion(const NtXentProblem& problem, const float* z, bool with_gradient)
      : problem_(problem),
        rows_(problem.rows()),
        block_size_(BlockSize(rows_)),
        blocks_((rows_ + block_size_ - 1) / block_size_),
        pairs_(blocks_),
        log2_scale_(Log2Scale(problem.temperature)),
        kept_count_(with_gradient ? std::min(kKeptTiles, pairs_.count()) : 0),
        products_(rows_, problem.features, z),
        kept_(kept_count_ * kTileFloats),
        sums_memory_(rows_ * static_cast<int64_t>(sizeof(ShiftedSum) / sizeof(float))),
        scale_(rows_),
        shift_memory_(rows_),
        sums_(reinterpret_cast<ShiftedSum*>(sums_memory_.data())),
        shift_(reinterpret_cast<int32_t*>(shift_memory_.data())) {
    std::uninitialized_fill_n(sums_, rows_, ShiftedSum());
  }

  // 1 / τ as the tiles have it.
  double scale() const { return Scale(log2_scale_); }

  void Forward() {
    ParallelFor(blocks_, 2 * block_size_ * problem_.features,
                [&](int64_t b) { products_.Prepare(Block(b)); });
    ForEachPair([&](BlockPairs::Pair pair, Thread& thread, float* tile, bool) {
      Cosines(pair, thread, tile);
      const RowBlock a = Block(pair.a), b = Block(pair.b);
      AddTerms({a.count, b.count}, log2_scale_, tile, sums_ + a.first,
               pair.a == pair.b ? nullptr : sums_ + b.first);
    });
  }

  // After Forward. Without a term in its sum a row counts as 0.
  double LogSum(int64_t row) const {
    if (!HasTerms(problem_)) return 0;
    return sums_[row].Log();
  }

  // After Forward: gradient_i += the gradient of Σ_j weight_j · LogSum(j) with respect to z_i.
  void Backward(const float* weight, float* gradient) {
    if (!HasTerms(problem_)) return;
    for (int64_t i = 0; i < rows_; ++i) {
      scale_.data()[i] = static_cast<float>(weight[i] * scale() / sums_[i].value);
      shift_[i] = sums_[i].shift;
    }
    ForEachPair([&](BlockPairs::Pair pair, Thread& thread, float* tile, bool kept) {
      if (!kept) Cosines(pair, thread, tile);
      const RowBlock a = Block(pair.a), b = Block(pair.b);
      // The tile becomes dloss/ds_ij + dloss/ds_ji, for the rows of both of its blocks.
      CosinesToWeights({a.count, b.count}, log2_scale_, scale_ + a.first, shift_ + a.first,
                       scale_ + b.first, shift_ + b.first, tile);
      products_.AddGradients(a, b, tile, thread.worker, gradient);
    });
  }

 private:
  // What a thread has of its own.
  struct Thread {
    explicit Thread(const Products& products) : worker(products), tile(kTileFloats) {}
    typename Products::Worker worker;
    const Scratch tile;
  };

  RowBlock Block(int64_t block) const {
    const int64_t first = block * block_size_;
    return {first, std::min(block_size_, rows_ - first)};
  }

  // function(pair, thread, tile, kept) for every pair of blocks; kept: the tile is the pair's own
  // from pass to pass, else it is the thread's. Products are computed by one thread each, since
  // they run inside a parallel region.
  template <class Function>
  void ForEachPair(Function&& function) {
    pairs_.ForEach([&] { return std::make_unique<Thread>(products_); },
                   [&](int64_t index, BlockPairs::Pair pair, const std::unique_ptr<Thread>& own) {
                     const bool kept = index < kept_count_;
                     function(pair, *own, kept ? kept_ + index * kTileFloats : own->tile.data(),
                              kept);
                   });
  }

  void Cosines(BlockPairs::Pair pair, Thread& thread, float* tile) {
    products_.Cosines(Block(pair.a), Block(pair.b), thread.worker, tile);
    Mask(pair, tile);
  }

  void Mask(BlockPairs::Pair pair, float* tile) const {
    const float masked = MaskedCosine(log2_scale_);
    if (!problem_.decoupled) {
      if (pair.a != pair.b) return;
      for (int64_t i = 0; i < Block(pair.a).count; ++i) tile[i * kTileStride + i] = masked;
      return;
    }
    const RowBlock a = Block(pair.a), b = Block(pair.b);
    for (int64_t i = 0; i < a.count; ++i) {
      const int64_t sample = (a.first + i) % problem_.samples;
      for (int64_t v = 0; v < problem_.views; ++v) {
        const int64_t j = v * problem_.samples + sample - b.first;
        if (j >= 0 && j < b.count) tile[i * kTileStride + j] = masked;
      }
    }
  }

  const NtXentProblem& problem_;
  const int64_t rows_, block_size_, blocks_;
  const BlockPairs pairs_;
  const float log2_scale_;  // k = log2(e) / τ: exp(s) = 2^(cosine · k)
  const int64_t kept_count_;
  const Products products_;
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
    own += RowDot(problem.features, row, row);
    for (int64_t f = 0; f < problem.features; ++f) sum[f] += row[f];
  }
  double square = 0;
  for (double s : sum) square += s * s;
  return (square - own) / (static_cast<double>(problem.rows()) * (problem.rows() - 1));
}

// What repels, beside what attracts: the losses, and gradient += its gradient with respect to z.
template <class Products>
void Repel(const NtXentProblem& problem, const float* z, const float* weight, const float* cosine,
           float* gradient, float* row_loss, NtXentResult& result) {
  Repulsion<Products> repulsion(problem, z, gradient != nullptr);
  repulsion.Forward();
  for (int64_t i = 0; i < problem.rows(); ++i) {
    const double w = weight[i], c = cosine[i];
    const double loss = w == 0 ? 0.0 : repulsion.LogSum(i) - c * repulsion.scale();
    result.loss += w * loss;
    result.positive_cosine += w * c;
    if (row_loss != nullptr) row_loss[i] = static_cast<float>(loss);
  }
  if (gradient != nullptr) repulsion.Backward(weight, gradient);
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
  const auto repel =
      problem.bfloat16 && HasTiles() ? Repel<Bfloat16Products> : Repel<FloatProducts>;
  repel(problem, z.data(), weight.data(), cosine.data(), gradient, row_loss, result);
  result.mean_cosine = MeanCosine(problem, z.data());
  if (gradient != nullptr)
    UnitRowsBackward(rows, problem.features, z.data(), inverse_length.data(), gradient);
  return result;
}

}  // namespace pretext
