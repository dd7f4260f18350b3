#include "kernels/conv/tiled_conv.h"

#include <omp.h>

#include <algorithm>

#include "base/parallel/parallel.h"
#include "kernels/scratch/bfloat16_scratch.h"

namespace pretext::conv_internal {
namespace {

using Pass = ConvPlan::Pass;

// Of packed samples, half a second-level cache.
constexpr int64_t kPackedBytes = 1 << 20;
// Of weights that are multiplied with all of a unit's positions, most of a first-level cache: tiles
// that come from the second-level one alone take twice the time.
constexpr int64_t kRightBlocks = (36 << 10) / (kTileBlock * static_cast<int64_t>(sizeof(Bfloat16)));
// Of positions that are multiplied for one of the kernel's columns after another: as much, of both
// factors together.
constexpr int64_t kPositions = 8;
constexpr int64_t kBlockSamples = kTileSide;

}  // namespace

bool TiledConv::Suits(const ConvShape& s, Pass pass) {
  if (!s.bfloat16 || s.groups != 1 || s.in_channels % 16 != 0 || s.out_channels % 16 != 0 ||
      std::min(s.in_channels, s.out_channels) < 32 || !HasTiles()) {
    return false;
  }
  switch (pass) {
    case Pass::kForward: {
      const int64_t most = std::min(s.in_channels, s.out_channels) >= 256 ? 8 * 8 : 4 * 4;
      return s.kernel > 1 && s.out_height() * s.out_width() <= most;
    }
    case Pass::kBackwardData:
      return s.stride > 1 || (s.kernel > 1 && s.height * s.width <= 8 * 8);
    case Pass::kBackwardWeights:
      return true;
  }
  return false;
}

TiledConv::TiledConv(const ConvShape& s) : shape_(s), threads_(omp_get_max_threads()) {
  const Side x = {s.in_channels, s.height, s.width},
             y = {s.out_channels, s.out_height(), s.out_width()};
  const auto forward = [&](int64_t out, int64_t in) {
    Taps taps(static_cast<size_t>(out));
    for (int64_t i = 0; i < out; ++i) {
      for (int64_t k = 0; k < s.kernel; ++k) {
        const int64_t from = SourceOf(i, k);
        if (from >= 0 && from < in) taps[static_cast<size_t>(i)].push_back({k, from});
      }
    }
    return taps;
  };
  const auto backward = [&](int64_t out, int64_t in) {
    Taps taps(static_cast<size_t>(in));
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t k = 0; k < s.kernel; ++k) {
        const int64_t up = i + s.padding - k;
        if (up >= 0 && up % s.stride == 0 && up / s.stride < out)
          taps[static_cast<size_t>(i)].push_back({k, up / s.stride});
      }
    }
    return taps;
  };
  forward_ = {x, y, forward(y.height, x.height), forward(y.width, x.width)};
  backward_ = {y, x, backward(y.height, x.height), backward(y.width, x.width)};
}

int64_t TiledConv::chunk() const {
  constexpr int64_t kElements = 2 << 20;  // of the output: they are read again from a cache
  const int64_t team = kBlockSamples * threads_;
  const int64_t most = std::max(team, kElements / forward_.out.size() / team * team);
  const int64_t chunks = (shape_.n + most - 1) / most;
  const int64_t each = (shape_.n + chunks - 1) / chunks;
  return std::min(shape_.n, TileCount(each) * kBlockSamples);
}

int64_t TiledConv::sums_size() const {
  return shape_.kernel * shape_.kernel * forward_.in.blocks() * forward_.out.blocks() * kTileBlock;
}

size_t TiledConv::workspace_bytes(Pass pass) const {
  // The weights; or the sums over all samples, and each thread's over a call's.
  return pass == Pass::kBackwardWeights
             ? static_cast<size_t>(sums_size()) * sizeof(float) * (1 + threads_)
             : static_cast<size_t>(sums_size()) * sizeof(Bfloat16);
}

// Weights as right factors, [out block][k][l][in block]: in are what is summed over.
void TiledConv::Prepare(Pass pass, const float* weight, void* workspace) const {
  const Gathering& gathering = pass == Pass::kForward ? forward_ : backward_;
  const int64_t window = shape_.kernel * shape_.kernel, in_blocks = gathering.in.blocks();
  // Elements from one channel to the next in w [O, C, K, K].
  const int64_t of_out = shape_.in_channels * window, of_in = window;
  const int64_t in_stride = pass == Pass::kForward ? of_in : of_out;
  const int64_t out_stride = pass == Pass::kForward ? of_out : of_in;
  const Bfloat16Scratch rounded(shape_.weight_size());
  ToBfloat16(shape_.weight_size(), weight, rounded.data());
  auto* const blocks = static_cast<Bfloat16*>(workspace);
  ParallelFor(gathering.out.blocks() * in_blocks, window * kTileBlock, [&](int64_t i) {
    const int64_t out = i / in_blocks * kTileSide, in = i % in_blocks * kTileSide;
    const int64_t columns = std::min(kTileSide, gathering.out.channels - out),
                  rows = std::min(kTileSide, gathering.in.channels - in);
    alignas(64) Bfloat16 square[kTileBlock];
    for (int64_t tap = 0; tap < window; ++tap) {
      const Bfloat16* const from = rounded.data() + out * out_stride + in * in_stride + tap;
      for (int64_t n = 0; n < columns; ++n) {
        for (int64_t k = 0; k < rows; ++k)
          square[n * kTileSide + k] = from[n * out_stride + k * in_stride];
      }
      RightBlockTransposed(
          rows, columns, square, kTileSide,
          blocks + ((i / in_blocks * window + tap) * in_blocks + i % in_blocks) * kTileBlock);
    }
  });
}

// As many sample blocks as fit, of whole images; or some rows of one block.
std::vector<TiledConv::Unit> TiledConv::Cut(const Gathering& pass, int64_t count) {
  const int64_t sample_blocks = TileCount(count);
  const int64_t whole = pass.in.blocks() * pass.in.height * pass.in.width * kTileBlock *
                        static_cast<int64_t>(sizeof(Bfloat16));
  const int64_t height = pass.out.height;
  const int64_t blocks = std::max<int64_t>(1, kPackedBytes / whole);
  const int64_t strips =
      std::min(height, std::max<int64_t>(1, (whole + kPackedBytes - 1) / kPackedBytes));
  const int64_t rows = (height + strips - 1) / strips;
  std::vector<Unit> units;
  for (int64_t b = 0; b < sample_blocks; b += blocks) {
    for (int64_t r = 0; r < height; r += rows) {
      Unit unit = {
          b, std::min(blocks, sample_blocks - b), r, std::min(rows, height - r), pass.in.height, 0};
      for (int64_t i = r; i < r + unit.rows; ++i) {
        for (const Tap& tap : pass.rows[static_cast<size_t>(i)]) {
          unit.low = std::min(unit.low, tap.from);
          unit.high = std::max(unit.high, tap.from + 1);
        }
      }
      unit.low = std::min(unit.low, unit.high);
      units.push_back(unit);
    }
  }
  return units;
}

void TiledConv::GatherUnit(const Gathering& pass, const Unit& unit, int64_t count,
                           const Bfloat16* in, const Bfloat16* weights, bool accumulate,
                           Bfloat16* out) const {
  const Side &from = pass.in, &to = pass.out;
  const int64_t depth = from.blocks(), position = depth * kTileBlock, row = from.width * position,
                block = (unit.high - unit.low) * row;
  const Bfloat16Scratch packed(std::max<int64_t>(1, unit.blocks * block));
  for (int64_t b = 0; b < unit.blocks; ++b) {
    const int64_t first = (unit.first_block + b) * kBlockSamples;
    const int64_t samples = std::min(kBlockSamples, count - first);
    const Bfloat16* const at = in + first * from.size() + unit.low * from.width * from.channels;
    for (int64_t p = 0; p < (unit.high - unit.low) * from.width; ++p) {
      for (int64_t c = 0; c < depth; ++c) {
        LeftBlock(samples, std::min(kTileSide, from.channels - c * kTileSide),
                  at + p * from.channels + c * kTileSide, from.size(),
                  packed.data() + b * block + p * position + c * kTileBlock);
      }
    }
  }
  // What meets at each of the result's positions, for every block of channels alike.
  struct Place {
    size_t first_panel, panels;
    int64_t samples, at;  // in `out`
  };
  std::vector<TilePanel> panels;
  std::vector<Place> places;
  for (int64_t b = 0; b < unit.blocks; ++b) {
    const int64_t first = (unit.first_block + b) * kBlockSamples;
    for (int64_t i = unit.first_row; i < unit.first_row + unit.rows; ++i) {
      for (int64_t j = 0; j < to.width; ++j) {
        const size_t before = panels.size();
        for (const Tap& k : pass.rows[static_cast<size_t>(i)]) {
          for (const Tap& l : pass.columns[static_cast<size_t>(j)]) {
            panels.push_back({b * block + (k.from - unit.low) * row + l.from * position,
                              (k.k * shape_.kernel + l.k) * depth * kTileBlock});
          }
        }
        places.push_back({before, panels.size() - before, std::min(kBlockSamples, count - first),
                          first * to.size() + (i * to.width + j) * to.channels});
      }
    }
  }
  const int64_t window = shape_.kernel * shape_.kernel;
  // Channels that are summed up at once; sums of all places are kept in between.
  const int64_t share = std::clamp<int64_t>(kRightBlocks / window, 1, depth);
  const int64_t kept_apart = share < depth ? kTileBlock : 0;
  const Scratch kept(std::max(kTileBlock, static_cast<int64_t>(places.size()) * kept_apart));
  for (int64_t o = 0; o < to.blocks(); ++o) {
    const Bfloat16* const right = weights + o * window * depth * kTileBlock;
    const int64_t columns = std::min(kTileSide, to.channels - o * kTileSide);
    for (int64_t c = 0; c < depth; c += share) {
      float* sums = kept.data();
      for (const Place& place : places) {
        MultiplyTiles(static_cast<int64_t>(place.panels), panels.data() + place.first_panel,
                      std::min(share, depth - c), packed.data() + c * kTileBlock,
                      right + c * kTileBlock, c > 0, sums);
        if (c + share >= depth) {
          Bfloat16* at = out + place.at + o * kTileSide;
          for (int64_t n = 0; n < place.samples; ++n, at += to.size())
            StoreRounded(sums + n * kTileSide, columns, accumulate, at);
        }
        sums += kept_apart;
      }
    }
  }
}

void TiledConv::Gather(const Gathering& pass, int64_t count, const void* in, const void* weights,
                       bool accumulate, void* out) const {
  const std::vector<Unit> units = Cut(pass, count);
#pragma omp parallel
  {
    const TileUse use;
#pragma omp for schedule(static)
    for (size_t u = 0; u < units.size(); ++u)
      GatherUnit(pass, units[u], count, static_cast<const Bfloat16*>(in),
                 static_cast<const Bfloat16*>(weights), accumulate, static_cast<Bfloat16*>(out));
  }
}

void TiledConv::Forward(int64_t count, const void* x, void* y, void* workspace) const {
  Gather(forward_, count, x, workspace, false, y);
}

void TiledConv::BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                             void* workspace) const {
  Gather(backward_, count, dy, workspace, accumulate, dx);
}

// sums [k][l][in block][out block][32 c][32 o] += those over the unit's samples and positions.
void TiledConv::SumUnit(const Unit& unit, int64_t count, const Bfloat16* x, const Bfloat16* dy,
                        float* sums) const {
  const Side &from = forward_.in, &to = forward_.out;
  const int64_t ins = from.blocks(), outs = to.blocks(), height = unit.high - unit.low;
  // [sample block][row][column][block of channels][32 × 32]
  const int64_t x_block = height * from.width * ins * kTileBlock,
                dy_block = unit.rows * to.width * outs * kTileBlock;
  const Bfloat16Scratch left(std::max<int64_t>(1, unit.blocks * x_block)),
      right(unit.blocks * dy_block);
  for (int64_t b = 0; b < unit.blocks; ++b) {
    const int64_t first = (unit.first_block + b) * kBlockSamples;
    const int64_t samples = std::min(kBlockSamples, count - first);
    const Bfloat16* const x_at = x + first * from.size() + unit.low * from.width * from.channels;
    for (int64_t p = 0; p < height * from.width; ++p) {
      for (int64_t c = 0; c < ins; ++c) {
        LeftBlockTransposed(std::min(kTileSide, from.channels - c * kTileSide), samples,
                            x_at + p * from.channels + c * kTileSide, from.size(),
                            left.data() + b * x_block + (p * ins + c) * kTileBlock);
      }
    }
    const Bfloat16* const dy_at = dy + first * to.size() + unit.first_row * to.width * to.channels;
    for (int64_t p = 0; p < unit.rows * to.width; ++p) {
      for (int64_t o = 0; o < outs; ++o) {
        RightBlock(samples, std::min(kTileSide, to.channels - o * kTileSide),
                   dy_at + p * to.channels + o * kTileSide, to.size(),
                   right.data() + b * dy_block + (p * outs + o) * kTileBlock);
      }
    }
  }
  // What meets under each of the kernel's taps in a few positions, for every pair of blocks of
  // channels alike: positions by positions, so that a row of taps finds them in the cache.
  struct Run {
    int64_t tap;
    size_t first_panel, panels;
  };
  std::vector<TilePanel> panels;
  std::vector<Run> runs;
  const int64_t positions = unit.blocks * unit.rows * to.width;
  for (int64_t k = 0; k < shape_.kernel; ++k) {
    for (int64_t begin = 0; begin < positions; begin += kPositions) {
      for (int64_t l = 0; l < shape_.kernel; ++l) {
        const size_t before = panels.size();
        for (int64_t p = begin; p < std::min(positions, begin + kPositions); ++p) {
          const int64_t b = p / (unit.rows * to.width), i = p / to.width % unit.rows,
                        j = p % to.width;
          const int64_t row = SourceOf(unit.first_row + i, k), column = SourceOf(j, l);
          if (row < 0 || row >= from.height || column < 0 || column >= from.width) continue;
          panels.push_back(
              {b * x_block + ((row - unit.low) * from.width + column) * ins * kTileBlock,
               b * dy_block + (i * to.width + j) * outs * kTileBlock});
        }
        if (panels.size() > before)
          runs.push_back({k * shape_.kernel + l, before, panels.size() - before});
      }
    }
  }
  for (int64_t c = 0; c < ins; ++c) {
    for (int64_t o = 0; o < outs; ++o) {
      for (const Run& run : runs) {
        MultiplyTiles(static_cast<int64_t>(run.panels), panels.data() + run.first_panel, 1,
                      left.data() + c * kTileBlock, right.data() + o * kTileBlock, true,
                      sums + ((run.tap * ins + c) * outs + o) * kTileBlock);
      }
    }
  }
}

void TiledConv::BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                                void* workspace) const {
  const std::vector<Unit> units = Cut(forward_, count);
  const int64_t size = sums_size();
  auto* const total = static_cast<float*>(workspace);
  int team = 1;
#pragma omp parallel
  {
#pragma omp single
    team = omp_get_num_threads();
    float* const own = total + (1 + omp_get_thread_num()) * size;
    std::fill_n(own, size, 0.0f);
    const TileUse use;
#pragma omp for schedule(static)
    for (size_t u = 0; u < units.size(); ++u)
      SumUnit(units[u], count, static_cast<const Bfloat16*>(x), static_cast<const Bfloat16*>(dy),
              own);
  }
  ParallelElements(size, [=](int64_t i) {
    float sum = first ? 0.0f : total[i];
    for (int t = 1; t <= team; ++t) sum += total[t * size + i];
    total[i] = sum;
  });
}

void TiledConv::FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const {
  const auto* const sums = static_cast<const float*>(workspace);
  const int64_t window = shape_.kernel * shape_.kernel, ins = forward_.in.blocks(),
                outs = forward_.out.blocks();
  ParallelFor(shape_.out_channels, shape_.in_channels * window, [&](int64_t o) {
    for (int64_t c = 0; c < shape_.in_channels; ++c) {
      float* const to = dweight + (o * shape_.in_channels + c) * window;
      for (int64_t tap = 0; tap < window; ++tap) {
        const float sum = sums[((tap * ins + c / kTileSide) * outs + o / kTileSide) * kTileBlock +
                               c % kTileSide * kTileSide + o % kTileSide];
        to[tap] = accumulate ? to[tap] + sum : sum;
      }
    }
  });
}

}  // namespace pretext::conv_internal
