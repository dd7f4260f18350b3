#include "kernels/conv/winograd_conv.h"

#include <omp.h>

#include <algorithm>

#include "base/parallel/parallel.h"
#include "kernels/conv/conv_primitives.h"
#include "kernels/conv/winograd_lanes.h"
#include "kernels/conv/winograd_matrices.h"
#include "kernels/conv/winograd_products.h"
#include "kernels/scratch/scratch.h"

namespace pretext::conv_internal {
namespace {

using Pass = ConvPlan::Pass;

constexpr int64_t kPoints = kWinogradPoints, kBlock = kWinogradBlock, kPanel = kWinogradPanel;
constexpr int64_t kTaps = 9;

// In floats. Of a block's V and what is multiplied with it or made of it, a third of a second-level
// cache.
constexpr int64_t kBlockFloats = 160 << 10;
// The same where it comes from the third-level one.
constexpr int64_t kStageFloats = 5 << 20;
// Weights from which they are deep: 256 × 256.
constexpr int64_t kDeep = 1 << 16;
// Of tiles that are a share of a transform's work, or are summed up in registers.
constexpr int64_t kTileShare = 64, kTileSums = 112;

// dU's panel (+)= a point's sums over tiles.
void SumPanel(const TransformedTiles& v, const TransformedTiles& y, int64_t point, int64_t o,
              bool accumulate, const TransformedWeights& du) {
  const int64_t width = du.width(o);
  for (int64_t t = 0; t < v.tiles; t += kTileSums) {
    for (int64_t c = 0; c < v.channels; c += kBlock) {
      SumOverTiles(std::min(kTileSums, v.tiles - t), width, v.Of(point, c) + t * kBlock,
                   y.Of(point, o) + t * width, accumulate || t > 0, du.Panel(point, o) + c * width);
    }
  }
}

}  // namespace

double WinogradFill(const ConvShape& s) {
  if (s.kernel != 3 || s.stride != 1 || s.padding != 1 || s.groups != 1) return 0;
  const int64_t tiles = Ceiling(s.height, kWinogradTile) * Ceiling(s.width, kWinogradTile);
  if (s.n * tiles < 64) return 0;
  return static_cast<double>(s.height * s.width) /
         static_cast<double>(kWinogradTile * kWinogradTile * tiles);
}

bool WinogradConv::Suits(const ConvShape& s) {
  if (s.bfloat16 || s.in_channels % kBlock != 0 || s.out_channels % kBlock != 0) return false;
  const int64_t channels = std::min(s.in_channels, s.out_channels);
  // Wider vectors than oneDNN's are wider than its blocks of channels; narrower ones, of a build
  // for lesser processors than this, pay with many channels only.
  constexpr int64_t kLanes = lanes::kLanes<WinogradLanes>;
  const int64_t onednn = OnednnLanes();
  if (kLanes < 8 || kLanes > onednn || (kLanes < onednn && channels < 64)) return false;
  return WinogradFill(s) >= (channels < 32 || kLanes < onednn ? 0.75 : 0.55);
}

bool WinogradConv::Takes(const ChannelOrder& order) {
  return order.valid() && order.lanes % lanes::kLanes<WinogradLanes> == 0;
}

WinogradConv::WinogradConv(const ConvShape& s, const ChannelOrder& x, const ChannelOrder& y)
    : shape_(s),
      x_{s.height, s.width, x},
      y_{s.height, s.width, y},
      threads_(omp_get_max_threads()) {}

int64_t WinogradConv::weights_size() const {
  return kPoints * shape_.in_channels * shape_.out_channels;
}
bool WinogradConv::deep() const { return shape_.in_channels * shape_.out_channels >= kDeep; }

int64_t WinogradConv::stage_tiles() const {
  if (!deep()) return 0;
  const int64_t most = kStageFloats / (kPoints * (shape_.in_channels + shape_.out_channels));
  return std::clamp<int64_t>(shape_.n * x_.tiles_of_sample(), 1, std::max(kTileShare, most));
}

size_t WinogradConv::workspace_bytes(Pass pass) const {
  // Weights, or each thread's sums; what is between the steps of a stage.
  const int64_t parts = pass == Pass::kBackwardWeights && !deep() ? threads_ : 1;
  const int64_t tiles = stage_tiles();
  const int64_t stage = deep() ? TransformedTiles::Size(tiles, shape_.in_channels) +
                                     TransformedTiles::Size(tiles, shape_.out_channels)
                               : 0;
  return static_cast<size_t>(parts * weights_size() + stage) * sizeof(float);
}

void WinogradConv::Prepare(Pass pass, const float* weight, void* workspace) const {
  const bool forward = pass == Pass::kForward;
  const int64_t of_c = kTaps, of_o = kTaps * shape_.in_channels;
  const WinogradWeights order =
      forward ? WinogradWeights{of_c, of_o, false} : WinogradWeights{of_o, of_c, true};
  const TransformedWeights u = {static_cast<float*>(workspace),
                                forward ? shape_.in_channels : shape_.out_channels,
                                forward ? shape_.out_channels : shape_.in_channels};
  u.ForEachBlock([&](int64_t i, int64_t o) {
    TransformWeights(order, weight + i * order.in_stride + o * order.out_stride, u.At(i, o));
  });
}

// One block of tiles, on the calling thread.
void WinogradConv::GatherBlock(const Gathering& pass, int64_t first, int64_t count) const {
  const int64_t ins = pass.from.order.channels, outs = pass.to.order.channels;
  const Scratch v_memory(TransformedTiles::Size(count, ins)),
      m_memory(TransformedTiles::Size(count, kPanel));
  const TransformedTiles v = {v_memory.data(), count, ins, kBlock};
  const TransformedWeights u = {const_cast<float*>(pass.u), ins, outs};
  for (int64_t c = 0; c < ins; c += kBlock)
    TransformWindows(pass.from, pass.in, c, first, count, v.At(c, 0));
  for (int64_t o = 0; o < outs; o += kPanel) {
    const TransformedTiles m = {m_memory.data(), count, u.width(o), kPanel};
    for (int64_t p = 0; p < kPoints; ++p)
      MultiplyPoint(count, ins, u.width(o), v.Of(p, 0), count * kBlock, u.Panel(p, o), m.Of(p, 0));
    for (int64_t k = 0; k < u.width(o); k += kBlock)
      TransformBack(m.At(k, 0), first, count, pass.accumulate, pass.to, o + k, pass.out);
  }
}

// More tiles, by the team.
void WinogradConv::GatherStage(const Gathering& pass, int64_t first, int64_t count,
                               float* stage) const {
  const int64_t ins = pass.from.order.channels, outs = pass.to.order.channels;
  const TransformedTiles v = {stage, count, ins, kBlock},
                         m = {stage + TransformedTiles::Size(count, ins), count, outs, kPanel};
  const TransformedWeights u = {const_cast<float*>(pass.u), ins, outs};
  const int64_t shares = Ceiling(count, kTileShare), panels = Ceiling(outs, kPanel);
  const int64_t cost = kTileShare * kPoints * kBlock;
  ParallelFor(ins / kBlock * shares, cost, [&](int64_t i) {
    const int64_t c = i / shares * kBlock;
    const TileShare share(count, shares, i % shares);
    TransformWindows(pass.from, pass.in, c, first + share.first, share.count, v.At(c, share.first));
  });
  ParallelFor(kPoints * panels, count * ins, [&](int64_t i) {
    const int64_t p = i / panels, o = i % panels * kPanel;
    MultiplyPoint(count, ins, u.width(o), v.Of(p, 0), count * kBlock, u.Panel(p, o), m.Of(p, o));
  });
  ParallelFor(outs / kBlock * shares, cost, [&](int64_t i) {
    const int64_t o = i / shares * kBlock;
    const TileShare share(count, shares, i % shares);
    TransformBack(m.At(o, share.first), first + share.first, share.count, pass.accumulate, pass.to,
                  o, pass.out);
  });
}

void WinogradConv::Gather(const Gathering& pass, int64_t count, float* stage) const {
  const int64_t tiles = count * x_.tiles_of_sample();
  if (deep()) {
    const int64_t stages = Ceiling(tiles, stage_tiles());
    for (int64_t s = 0; s < stages; ++s) {
      const TileShare share(tiles, stages, s);
      GatherStage(pass, share.first, share.count, stage);
    }
    return;
  }
  const int64_t ins = pass.from.order.channels;
  const int64_t most = std::max<int64_t>(
      kWinogradRows, kBlockFloats / (kPoints * (ins + kPanel)) / kWinogradRows * kWinogradRows);
  // As many for each thread.
  const int64_t blocks = Ceiling(Ceiling(tiles, most), threads_) * threads_;
  ParallelFor(std::min(blocks, tiles), most * kPoints * ins, [&](int64_t b) {
    const TileShare share(tiles, std::min(blocks, tiles), b);
    GatherBlock(pass, share.first, share.count);
  });
}

void WinogradConv::Forward(int64_t count, const void* x, void* y, void* workspace) const {
  auto* const u = static_cast<float*>(workspace);
  Gather({x_, y_, static_cast<const float*>(x), u, static_cast<float*>(y), false}, count,
         u + weights_size());
}

void WinogradConv::BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                                void* workspace) const {
  auto* const u = static_cast<float*>(workspace);
  Gather({y_, x_, static_cast<const float*>(dy), u, static_cast<float*>(dx), accumulate}, count,
         u + weights_size());
}

// One block of tiles, on the calling thread.
void WinogradConv::SumBlock(const Summing& pass, int64_t first, int64_t count) const {
  const int64_t ins = shape_.in_channels, outs = shape_.out_channels;
  const Scratch v_memory(TransformedTiles::Size(count, ins)),
      y_memory(TransformedTiles::Size(count, outs));
  const TransformedTiles v = {v_memory.data(), count, ins, kBlock},
                         y = {y_memory.data(), count, outs, kPanel};
  const TransformedWeights du = {pass.du, ins, outs};
  for (int64_t c = 0; c < ins; c += kBlock)
    TransformWindows(x_, pass.x, c, first, count, v.At(c, 0));
  for (int64_t o = 0; o < outs; o += kBlock)
    TransformGradientTiles(y_, pass.dy, o, first, count, y.At(o, 0));
  for (int64_t o = 0; o < outs; o += kPanel) {
    for (int64_t p = 0; p < kPoints; ++p) SumPanel(v, y, p, o, pass.accumulate, du);
  }
}

// More tiles, by the team.
void WinogradConv::SumStage(const Summing& pass, int64_t first, int64_t count, float* stage) const {
  const int64_t ins = shape_.in_channels, outs = shape_.out_channels;
  const TransformedTiles v = {stage, count, ins, kBlock},
                         y = {stage + TransformedTiles::Size(count, ins), count, outs, kPanel};
  const TransformedWeights du = {pass.du, ins, outs};
  const int64_t shares = Ceiling(count, kTileShare), panels = Ceiling(outs, kPanel);
  ParallelFor((ins + outs) / kBlock * shares, kTileShare * kPoints * kBlock, [&](int64_t i) {
    const int64_t c = i / shares * kBlock;
    const TileShare share(count, shares, i % shares);
    if (c < ins) {
      TransformWindows(x_, pass.x, c, first + share.first, share.count, v.At(c, share.first));
    } else {
      TransformGradientTiles(y_, pass.dy, c - ins, first + share.first, share.count,
                             y.At(c - ins, share.first));
    }
  });
  ParallelFor(kPoints * panels, count * ins, [&](int64_t i) {
    SumPanel(v, y, i / panels, i % panels * kPanel, pass.accumulate, du);
  });
}

void WinogradConv::BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                                   void* workspace) const {
  const int64_t tiles = count * x_.tiles_of_sample(), size = weights_size();
  Summing pass = {static_cast<const float*>(x), static_cast<const float*>(dy), !first,
                  static_cast<float*>(workspace)};
  if (deep()) {
    const int64_t stages = Ceiling(tiles, stage_tiles());
    for (int64_t s = 0; s < stages; ++s) {
      const TileShare share(tiles, stages, s);
      SumStage(pass, share.first, share.count, pass.du + size);
      pass.accumulate = true;
    }
    return;
  }
  // Each thread has sums of its own over all calls.
  const int64_t channels = shape_.in_channels + shape_.out_channels;
  const int64_t most = std::max<int64_t>(kBlock, kBlockFloats / (kPoints * channels));
  ParallelFor(threads_, Ceiling(tiles, threads_) * kPoints * channels, [&](int64_t t) {
    const TileShare part(tiles, threads_, t);
    Summing own = pass;
    own.du += t * size;
    const int64_t blocks = Ceiling(part.count, most);
    if (blocks == 0 && first) std::fill_n(own.du, size, 0.0f);
    for (int64_t b = 0; b < blocks; ++b) {
      const TileShare share(part.count, blocks, b);
      SumBlock(own, part.first + share.first, share.count);
      own.accumulate = true;
    }
  });
}

void WinogradConv::FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const {
  const int64_t size = weights_size(), parts = deep() ? 1 : threads_;
  auto* const sums = static_cast<float*>(workspace);
  ParallelElements(parts > 1 ? size : 0, [=](int64_t i) {
    float sum = sums[i];
    for (int64_t t = 1; t < parts; ++t) sum += sums[t * size + i];
    sums[i] = sum;
  });
  const TransformedWeights du = {sums, shape_.in_channels, shape_.out_channels};
  const WinogradWeights order = {kTaps, kTaps * shape_.in_channels, false};
  du.ForEachBlock([&](int64_t i, int64_t o) {
    TransformWeightsBack(du.At(i, o), order, accumulate,
                         dweight + i * order.in_stride + o * order.out_stride);
  });
}

}  // namespace pretext::conv_internal
