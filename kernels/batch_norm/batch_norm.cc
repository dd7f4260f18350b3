#include "kernels/batch_norm/batch_norm.h"

#include <cmath>
#include <vector>

#include "base/parallel/parallel.h"
#include "kernels/layout/channel_loops.h"

namespace pretext {
namespace {

using namespace channel_loops;

// Two sums for each (block of channels, sample, segment of positions), the block's lanes innermost.
struct Partials {
  int64_t segments, pieces, lanes;

  explicit Partials(const ChannelOrder& o)
      : segments((o.positions + kSegment - 1) / kSegment),
        pieces(o.samples * segments),
        lanes(o.lanes) {}
  int64_t At(int64_t sample, int64_t segment, int which, int64_t channel) const {
    return ((channel / lanes * pieces + sample * segments + segment) * 2 + which) * lanes +
           channel % lanes;
  }
  // Calls body(positions, first sum, second sum) for every piece of a block of channels, in order.
  template <class Body>
  void ForEach(const ChannelOrder& o, const float* partials, int64_t block,
               const Body& body) const {
    const float* at = partials + block * pieces * 2 * lanes;
    for (int64_t piece = 0; piece < pieces; ++piece, at += 2 * lanes) {
      body(static_cast<double>(std::min(kSegment, o.positions - piece % segments * kSegment)), at,
           at + lanes);
    }
  }
};

constexpr int64_t kMergeCost = 64;  // of a piece's two sums of up to 16 lanes, in double

// Calls body(segment, begin, end) for the segments of a piece.
template <class Body>
[[gnu::always_inline]] inline void ForEachSegment(const Piece& piece, const Body& body) {
  for (int64_t begin = piece.begin; begin < piece.end; begin += kSegment) {
    body(begin / kSegment, begin, std::min(piece.end, begin + kSegment));
  }
}

// γ / σ · (x - μ) + β. One place, so that the forward pass and the recomputed mask round alike.
template <class V>
struct Affine {
  V mean, scale, beta;

  [[gnu::always_inline]] Affine(const BatchNormParameters& p, int64_t channel, int64_t channels)
      : mean(LoadChannels<V>(p.mean, channel, channels, 0)),
        scale(LoadChannels<V>(p.inverse_deviation, channel, channels, 0) *
              LoadChannels<V>(p.gamma, channel, channels, 1)),
        beta(LoadChannels<V>(p.beta, channel, channels, 0)) {}
  [[gnu::always_inline]] V operator()(V x) const { return (x - mean) * scale + beta; }
};

template <class V, BatchNormMask mask, class T>
[[gnu::always_inline]] inline V PastRelu(const Affine<V>& affine, V x, const T* y, V dy) {
  if constexpr (mask == BatchNormMask::kRecompute) return affine(x) > 0.0f ? dy : V{};
  if constexpr (mask == BatchNormMask::kOutput) return Load<V>(y) > 0.0f ? dy : V{};
  return dy;
}

// Calls visitor.operator()<mask>().
template <class Visitor>
void DispatchMask(BatchNormMask mask, const Visitor& visitor) {
  switch (mask) {
    case BatchNormMask::kNone:
      return visitor.template operator()<BatchNormMask::kNone>();
    case BatchNormMask::kRecompute:
      return visitor.template operator()<BatchNormMask::kRecompute>();
    case BatchNormMask::kOutput:
      return visitor.template operator()<BatchNormMask::kOutput>();
  }
}

}  // namespace

size_t BatchNormPartials(const ChannelOrder& order) {
  const Partials at(order);
  return static_cast<size_t>(order.blocks() * at.pieces * 2 * at.lanes);
}

template <class T>
void BatchNormMoments(const ChannelOrder& o, int64_t begin, int64_t count, const T* x,
                      float* partials) {
  const Partials at(o);
  ForEachPiece(o, count, [&]<class V>(const Piece& piece) {
    ForEachSegment(piece, [&](int64_t segment, int64_t first, int64_t last) {
      const T* data = x + piece.offset;
      // Four sums hide the latency of addition.
      V sum[4] = {};
      int64_t s = first;
      for (; s + 4 <= last; s += 4) {
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) sum[j] += Load<V>(data + (s + j) * o.position_stride);
      }
      for (; s < last; ++s) sum[0] += Load<V>(data + s * o.position_stride);
      const V mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / static_cast<float>(last - first);
      // The segment is in the cache by now.
      V square[4] = {};
      for (s = first; s + 4 <= last; s += 4) {
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) {
          const V deviation = Load<V>(data + (s + j) * o.position_stride) - mean;
          square[j] += deviation * deviation;
        }
      }
      for (; s < last; ++s) {
        const V deviation = Load<V>(data + s * o.position_stride) - mean;
        square[0] += deviation * deviation;
      }
      Store(partials + at.At(begin + piece.sample, segment, 0, piece.channel), mean);
      Store(partials + at.At(begin + piece.sample, segment, 1, piece.channel),
            (square[0] + square[1]) + (square[2] + square[3]));
    });
  });
}

void FinishBatchNormMoments(const ChannelOrder& o, const float* partials, float* mean,
                            float* variance) {
  const Partials at(o);
  const double count = static_cast<double>(o.count());
  ParallelFor(o.blocks(), kMergeCost * at.pieces, [&](int64_t block) {
    double sum[16] = {}, square[16] = {};
    at.ForEach(o, partials, block, [&](double positions, const float* means, const float*) {
      for (int64_t l = 0; l < o.lanes; ++l) sum[l] += positions * means[l];
    });
    for (int64_t l = 0; l < o.lanes; ++l) sum[l] /= count;
    at.ForEach(o, partials, block, [&](double positions, const float* means, const float* squares) {
      for (int64_t l = 0; l < o.lanes; ++l) {
        const double deviation = means[l] - sum[l];
        square[l] += squares[l] + positions * deviation * deviation;
      }
    });
    for (int64_t l = 0; l < o.width(block); ++l) {
      mean[block * o.lanes + l] = static_cast<float>(sum[l]);
      variance[block * o.lanes + l] = static_cast<float>(square[l] / count);
    }
  });
}

void InverseDeviation(int64_t channels, const float* variance, float epsilon,
                      float* inverse_deviation) {
  for (int64_t c = 0; c < channels; ++c) {
    inverse_deviation[c] =
        static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance[c]) + epsilon));
  }
}

void UpdateRunningStatistics(int64_t channels, int64_t count, float momentum, const float* mean,
                             const float* variance, float* running_mean, float* running_variance) {
  const float unbiased =
      count > 1 ? static_cast<float>(static_cast<double>(count) / static_cast<double>(count - 1))
                : 1;
  for (int64_t c = 0; c < channels; ++c) {
    running_mean[c] = (1 - momentum) * running_mean[c] + momentum * mean[c];
    running_variance[c] =
        (1 - momentum) * running_variance[c] + momentum * (variance[c] * unbiased);
  }
}

template <class T>
void BatchNormForward(const ChannelOrder& o, const BatchNormParameters& p, const T* x,
                      const Of<T>* residual, bool relu, Of<T>* y) {
  const auto run = [&]<bool kRelu, bool kResidual>() {
    ForEachStrip(o, o.samples, [&]<class V>(const Piece& piece) {
      const Affine<V> affine(p, piece.channel, o.channels);
      const T* in = x + piece.offset;
      const T* r = kResidual ? residual + piece.offset : nullptr;
      T* out = y + piece.offset;
      for (int64_t s = piece.begin; s < piece.end; ++s) {
        V v = affine(Load<V>(in + s * o.position_stride));
        if constexpr (kResidual) v += Load<V>(r + s * o.position_stride);
        if constexpr (kRelu) v = v < 0.0f ? V{} : v;
        Store(out + s * o.position_stride, v);
      }
    });
  };
  if (residual != nullptr)
    return relu ? run.template operator()<true, true>() : run.template operator()<false, true>();
  return relu ? run.template operator()<true, false>() : run.template operator()<false, false>();
}

template <class T>
void BatchNormGradientSums(const ChannelOrder& o, int64_t begin, int64_t count,
                           const BatchNormParameters& p, BatchNormMask mask, const T* x,
                           const Of<T>* y, const Of<T>* dy, Of<T>* masked, float* partials) {
  const Partials at(o);
  DispatchMask(mask, [&]<BatchNormMask kMask>() {
    // Of g and of g (x - μ), over even positions and over odd ones.
    ForEachSums<4>(
        o, count, kSegment,
        [&]<class V>(const Piece& piece, V(&sums)[4]) {
          const Affine<V> affine(p, piece.channel, o.channels);
          const T* in = x + piece.offset;
          const T* out = kMask == BatchNormMask::kOutput ? y + piece.offset : nullptr;
          const T* gradient = dy + piece.offset;
          T* past = masked != nullptr ? masked + piece.offset : nullptr;
          const auto step = [&](int64_t s, int odd) {
            const int64_t i = s * o.position_stride;
            const V value = Load<V>(in + i);
            const V g = PastRelu<V, kMask>(affine, value, out + i, Load<V>(gradient + i));
            if (past != nullptr) Store(past + i, g);
            sums[odd] += g;
            sums[2 + odd] += g * (value - affine.mean);
          };
          int64_t s = piece.begin;
          for (; s + 2 <= piece.end; s += 2) step(s, 0), step(s + 1, 1);
          if (s < piece.end) step(s, 0);
        },
        [&]<class V>(const Piece& piece, const V(&sums)[4]) {
          const int64_t segment = piece.begin / kSegment;
          Store(partials + at.At(begin + piece.sample, segment, 0, piece.channel),
                sums[0] + sums[1]);
          Store(partials + at.At(begin + piece.sample, segment, 1, piece.channel),
                sums[2] + sums[3]);
        });
  });
}

void FinishBatchNormGradientSums(const ChannelOrder& o, const BatchNormParameters& p,
                                 const float* partials, float* dgamma, float* dbeta) {
  const Partials at(o);
  ParallelFor(o.blocks(), kMergeCost * at.pieces, [&](int64_t block) {
    double sum[16] = {}, product[16] = {};
    at.ForEach(o, partials, block, [&](double, const float* sums, const float* products) {
      for (int64_t l = 0; l < o.lanes; ++l) sum[l] += sums[l], product[l] += products[l];
    });
    for (int64_t l = 0; l < o.width(block); ++l) {
      const int64_t channel = block * o.lanes + l;
      dbeta[channel] = static_cast<float>(sum[l]);
      dgamma[channel] = static_cast<float>(product[l] * p.inverse_deviation[channel]);
    }
  });
}

template <class T>
void BatchNormBackward(const ChannelOrder& o, int64_t samples, const BatchNormParameters& p,
                       BatchNormMask mask, const T* x, const Of<T>* y, const Of<T>* dy,
                       const float* dgamma, const float* dbeta, Of<T>* dx) {
  const float inverse_count = 1.0f / static_cast<float>(o.count());
  DispatchMask(mask, [&]<BatchNormMask kMask>() {
    ForEachStrip(o, samples, [&]<class V>(const Piece& piece) {
      const Affine<V> affine(p, piece.channel, o.channels);
      // dx = scale · g - shift - slope · (x - μ)
      const V shift =
          affine.scale * LoadChannels<V>(dbeta, piece.channel, o.channels, 0) * inverse_count;
      const V slope = affine.scale *
                      LoadChannels<V>(p.inverse_deviation, piece.channel, o.channels, 0) *
                      LoadChannels<V>(dgamma, piece.channel, o.channels, 0) * inverse_count;
      const T* in = x + piece.offset;
      const T* out = kMask == BatchNormMask::kOutput ? y + piece.offset : nullptr;
      const T* gradient = dy + piece.offset;
      T* result = dx + piece.offset;
      for (int64_t s = piece.begin; s < piece.end; ++s) {
        const int64_t i = s * o.position_stride;
        const V value = Load<V>(in + i);
        const V g = PastRelu<V, kMask>(affine, value, out + i, Load<V>(gradient + i));
        Store(result + i, affine.scale * g - shift - slope * (value - affine.mean));
      }
    });
  });
}

#define PRETEXT_BATCH_NORM_OF(T)                                                             \
  template void BatchNormMoments(const ChannelOrder&, int64_t, int64_t, const T*, float*);   \
  template void BatchNormForward(const ChannelOrder&, const BatchNormParameters&, const T*,  \
                                 const T*, bool, T*);                                        \
  template void BatchNormGradientSums(const ChannelOrder&, int64_t, int64_t,                 \
                                      const BatchNormParameters&, BatchNormMask, const T*,   \
                                      const T*, const T*, T*, float*);                       \
  template void BatchNormBackward(const ChannelOrder&, int64_t, const BatchNormParameters&,  \
                                  BatchNormMask, const T*, const T*, const T*, const float*, \
                                  const float*, T*);
PRETEXT_BATCH_NORM_OF(float)
PRETEXT_BATCH_NORM_OF(Bfloat16)
#undef PRETEXT_BATCH_NORM_OF

}  // namespace pretext
