#include "losses/sig_reg/epps_pulley.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "base/check/check.h"
#include "core/ops/record_loss.h"
#include "losses/slices/slice_blocks.h"

namespace pretext {
namespace {

constexpr int64_t kLanes = kSliceLanes;

// Cosine and sine, within 2e-7 for |x| <= kFar: reduced by quarters of a turn, π/2 in three parts
// (Cephes, sinf and cosf). NaN gives NaN.
constexpr float kFar = 8192;

[[gnu::always_inline]] inline void CosSin(float x, float& cosine, float& sine) {
  constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, kept in the low bits
  const float shifted = std::fma(x, 0.636619772367581343f, kRound);
  const float n = shifted - kRound;
  float r = std::fma(n, -1.5703125f, x);
  r = std::fma(n, -4.837512969970703125e-4f, r);
  r = std::fma(n, -7.54978995489188216e-8f, r);
  const float z = r * r;
  float s = std::fma(-1.9515295891e-4f, z, 8.3321608736e-3f);
  s = std::fma(s, z, -1.6666654611e-1f);
  s = std::fma(s * z, r, r);
  float c = std::fma(2.443315711809948e-5f, z, -1.388731625493765e-3f);
  c = std::fma(c, z, 4.166664568298827e-2f);
  c = std::fma(c, z * z, std::fma(-0.5f, z, 1.0f));
  const int32_t quarter = std::bit_cast<int32_t>(shifted);
  const bool odd = (quarter & 1) != 0;
  const float first = odd ? s : c, second = odd ? c : s;
  cosine = ((quarter + 1) & 2) != 0 ? -first : first;
  sine = (quarter & 2) != 0 ? -second : second;
}

// Of the first knot's angle, for the lanes of a row.
void CosSinOfRow(float step, const float* p, int64_t lanes, float* cosine, float* sine) {
  float farthest = 0, angle[kLanes] = {};
  for (int64_t i = 0; i < lanes; ++i) {
    angle[i] = step * p[i];
    farthest = std::max(farthest, std::abs(angle[i]));
  }
  if (farthest > kFar) {  // vectors that have run away: slowly
    for (int64_t i = 0; i < kLanes; ++i)
      cosine[i] = std::cos(angle[i]), sine[i] = std::sin(angle[i]);
    return;
  }
#pragma omp simd
  for (int64_t i = 0; i < kLanes; ++i) CosSin(angle[i], cosine[i], sine[i]);
}

struct Knot {
  float frequency;
  double weight;  // of the trapezoidal rule, twice, times the window
  double normal;  // the characteristic function of the standard normal distribution
};

std::vector<Knot> Knots(int64_t count, float range) {
  std::vector<Knot> knots;
  const double step = range / static_cast<double>(count - 1);
  for (int64_t k = 0; k < count; ++k) {
    const double t = step * static_cast<double>(k), window = std::exp(-0.5 * t * t);
    const bool end = k == 0 || k + 1 == count;
    knots.push_back({static_cast<float>(t), (end ? 1 : 2) * step * window, window});
  }
  return knots;
}

// Some slices of one view: their statistics' sum, and their rows of the gradient of the mean over
// `terms` statistics.
struct Block {
  const std::vector<Knot>& knots;
  int64_t samples, columns;  // of a row of p
  int64_t lanes;             // that are slices
  double terms;

  // Calls `visit(k, lane cosines, lane sines)` for each knot but the first, whose angle is 0.
  template <class Visit>
  void Rotate(const float* row, const Visit& visit) const {
    float c1[kLanes], s1[kLanes], c[kLanes], s[kLanes];
    CosSinOfRow(knots[1].frequency, row, lanes, c1, s1);
    std::copy_n(c1, kLanes, c);
    std::copy_n(s1, kLanes, s);
    for (size_t k = 1; k < knots.size(); ++k) {
      visit(k, c, s);
#pragma omp simd
      for (int64_t i = 0; i < kLanes; ++i) {
        const float next = c[i] * c1[i] - s[i] * s1[i];
        s[i] = s[i] * c1[i] + c[i] * s1[i];
        c[i] = next;
      }
    }
  }

  double Run(const float* p, float* gradient) const {
    // At each knot and lane, first the sums, then what the gradient takes of sine and cosine.
    std::vector<double> cosines(knots.size() * kLanes), sines(knots.size() * kLanes);
    for (int64_t n = 0; n < samples; ++n) {
      Rotate(p + n * columns, [&](size_t k, const float* c, const float* s) {
#pragma omp simd
        for (int64_t i = 0; i < kLanes; ++i) {
          cosines[k * kLanes + i] += c[i];
          sines[k * kLanes + i] += s[i];
        }
      });
    }
    const auto count = static_cast<double>(samples);
    std::vector<float> of_sine(sines.size()), of_cosine(sines.size());
    double statistic = 0;
    for (size_t k = 1; k < knots.size(); ++k) {  // at frequency 0 both are 1
      const Knot& knot = knots[k];
      const double slope = 2 * knot.weight * knot.frequency / terms;
      for (int64_t i = 0; i < lanes; ++i) {
        const size_t at = k * kLanes + static_cast<size_t>(i);
        const double real = cosines[at] / count - knot.normal, imaginary = sines[at] / count;
        statistic += count * knot.weight * (real * real + imaginary * imaginary);
        of_sine[at] = static_cast<float>(-slope * real);
        of_cosine[at] = static_cast<float>(slope * imaginary);
      }
    }
    if (gradient == nullptr) return statistic;
    for (int64_t n = 0; n < samples; ++n) {
      float sum[kLanes] = {};
      Rotate(p + n * columns, [&](size_t k, const float* c, const float* s) {
        const float *const a = of_sine.data() + k * kLanes, *const b =
                                                                of_cosine.data() + k * kLanes;
#pragma omp simd
        for (int64_t i = 0; i < kLanes; ++i) sum[i] += a[i] * s[i] + b[i] * c[i];
      });
      std::copy_n(sum, lanes, gradient + n * columns);
    }
    return statistic;
  }
};

}  // namespace

Var EppsPulley::operator()(Tape& tape, Var p) const {
  const Tensor rows = p.value().Plain();
  const int64_t columns = rows.dim(1), views = rows.dim(0) / samples;
  PRETEXT_CHECK(rows.dim(0) == views * samples && knots >= 2, "as many samples in each view");
  const std::vector<Knot> places = Knots(knots, range);
  const bool wanted = tape.recording() && p.requires_gradient();
  Tensor gradient = wanted ? Tensor::Uninitialized(rows.shape()) : Tensor();
  const double terms = static_cast<double>(views) * static_cast<double>(columns);
  const double sum =
      SumOverSliceBlocks(views, samples, columns, 8 * knots, [&](int64_t at, int64_t lanes) {
        const Block block{places, samples, columns, lanes, terms};
        return block.Run(rows.data() + at, wanted ? gradient.data() + at : nullptr);
      });
  return RecordLoss(tape, "epps_pulley", sum / terms, p, std::move(gradient));
}

}  // namespace pretext
