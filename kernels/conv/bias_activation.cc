#include "kernels/conv/bias_activation.h"

#include <type_traits>

#include "kernels/activation/activation_functions.h"
#include "kernels/layout/channel_loops.h"

namespace pretext {
namespace {

using namespace channel_loops;

// One sum for each (block of channels, sample, piece of positions), the block's lanes innermost.
struct Partials {
  int64_t ranges, pieces, lanes;
  explicit Partials(const ChannelOrder& o)
      : ranges((o.positions + kPiecePositions - 1) / kPiecePositions),
        pieces(o.samples * ranges),
        lanes(o.lanes) {}
  int64_t At(int64_t sample, const Piece& piece) const {
    return (piece.channel / lanes * pieces + sample * ranges + piece.begin / kPiecePositions) *
               lanes +
           piece.channel % lanes;
  }
};

// Calls visit(index in the data, bias) for all values of a piece, a vector of them at a time: of
// channels, or of positions where these are side by side and the piece has one channel.
template <class V, class Visit>
[[gnu::always_inline]] inline void ForEachVectorOf(const ChannelOrder& o, const Piece& piece,
                                                   const float* bias, const Visit& visit) {
  const V b = LoadChannels<V>(bias, piece.channel, o.channels, 0);
  if constexpr (kLanes<V> == 1) {
    if (o.position_stride == 1) {
      int64_t i = piece.offset + piece.begin;
      const int64_t end = piece.offset + piece.end;
      for (; i + kLanes<Lanes16> <= end; i += kLanes<Lanes16>) visit(i, Splat<Lanes16>(b));
      for (; i < end; ++i) visit(i, b);
      return;
    }
  }
  for (int64_t s = piece.begin; s < piece.end; ++s) visit(piece.offset + s * o.position_stride, b);
}

}  // namespace

template <class T>
void ChannelBiasActivation(const ChannelOrder& o, int64_t samples, Activation activation,
                           const T* z, const float* bias, Of<T>* sum, Of<T>* y) {
  activation_internal::Dispatch(activation, [&]<class F>(F) {
    ForEachStrip(
        o, samples,
        [&]<class V>(const Piece& piece) {
          if (sum != nullptr) {
            ForEachVectorOf<V>(o, piece, bias, [&]<class U>(int64_t i, U b) {
              const U v = Load<U>(z + i) + b;
              Store(sum + i, v);
              Store(y + i, ByLanes<F::Value>(v));
            });
          } else {
            ForEachVectorOf<V>(o, piece, bias, [&]<class U>(int64_t i, U b) {
              Store(y + i, ByLanes<F::Value>(static_cast<U>(Load<U>(z + i) + b)));
            });
          }
        },
        Padding::kSkip);
  });
}

size_t ChannelBiasPartials(const ChannelOrder& order) {
  const Partials at(order);
  return static_cast<size_t>(order.blocks() * at.pieces * at.lanes);
}

template <class T>
void ChannelBiasActivationBackward(const ChannelOrder& o, int64_t begin, int64_t count,
                                   Activation activation, const Of<T>* saved, const T* dy,
                                   Of<T>* dz, float* partials) {
  const Partials at(o);
  activation_internal::Dispatch(activation, [&]<class F>(F) {
    constexpr bool kIdentity =
        std::is_same_v<F, activation_internal::Function<Activation::kIdentity>>;
    ForEachSums<1>(
        o, count, kPiecePositions,
        [&]<class V>(const Piece& piece, V(&sum)[1]) {
          if (kLanes<V> == 1 && o.position_stride == 1) {
            // GCC 12 makes no vectors of a sum over what a lambda holds.
            const T *const g = dy, *const s = saved;
            T* const to = dz;
            const int64_t end = piece.offset + piece.end;
            float total = 0;
#pragma omp simd reduction(+ : total)
            for (int64_t i = piece.offset + piece.begin; i < end; ++i) {
              const float slope = kIdentity ? 1.0f : F::Slope(Load<Lanes1>(s + i));
              const float d = Load<Lanes1>(g + i) * slope;
              Store(to + i, d);
              total += d;
            }
            sum[0] += total;
            return;
          }
          for (int64_t s = piece.begin; s < piece.end; ++s) {
            const int64_t i = piece.offset + s * o.position_stride;
            V d = Load<V>(dy + i);
            if constexpr (!kIdentity) d *= ByLanes<F::Slope>(Load<V>(saved + i));
            Store(dz + i, d);
            sum[0] += d;
          }
        },
        [&]<class V>(const Piece& piece, const V(&sum)[1]) {
          if (partials != nullptr) Store(partials + at.At(begin + piece.sample, piece), sum[0]);
        });
  });
}

void FinishChannelBias(const ChannelOrder& o, const float* partials, bool accumulate,
                       float* dbias) {
  const Partials at(o);
  for (int64_t channel = 0; channel < o.channels; ++channel) {
    const float* lane = partials + channel / o.lanes * at.pieces * o.lanes + channel % o.lanes;
    double sum = accumulate ? dbias[channel] : 0;
    for (int64_t piece = 0; piece < at.pieces; ++piece) sum += lane[piece * o.lanes];
    dbias[channel] = static_cast<float>(sum);
  }
}

#define PRETEXT_CHANNEL_BIAS_OF(T)                                                               \
  template void ChannelBiasActivation(const ChannelOrder&, int64_t, Activation, const T*,        \
                                      const float*, T*, T*);                                     \
  template void ChannelBiasActivationBackward(const ChannelOrder&, int64_t, int64_t, Activation, \
                                              const T*, const T*, T*, float*);
PRETEXT_CHANNEL_BIAS_OF(float)
PRETEXT_CHANNEL_BIAS_OF(Bfloat16)
#undef PRETEXT_CHANNEL_BIAS_OF

}  // namespace pretext
