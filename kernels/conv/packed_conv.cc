#include "kernels/conv/packed_conv.h"

#include <omp.h>

#include <algorithm>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/scratch/scratch.h"

namespace pretext {
namespace {

// Of weights that are multiplied with all of a unit's positions, most of a first-level cache.
constexpr int64_t kRightBlocks = (36 << 10) / (kTileBlock * static_cast<int64_t>(sizeof(Bfloat16)));
// A unit's positions, if its rows of x leave half of a second-level cache free: enough to outweigh
// the passage of those weights.
constexpr int64_t kPositions = 32;
constexpr int64_t kSourceBytes = 1 << 20;
// Places from the one that is multiplied to the one whose result is fetched to be written: the time
// of two products is more than memory takes.
constexpr int64_t kPlacesAhead = 2;
constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(Bfloat16));

// Into the second-level cache.
void FetchToRead(const Bfloat16* from, int64_t elements) {
  for (int64_t i = 0; i < elements; i += kLine) __builtin_prefetch(from + i, 0, 2);
}
void FetchToWrite(const Bfloat16* to, int64_t elements) {
  for (int64_t i = 0; i < elements; i += kLine) __builtin_prefetch(to + i, 1, 2);
}

}  // namespace

int64_t PackedSize(int64_t samples, int64_t channels, int64_t positions) {
  return TileCount(samples) * positions * TileCount(channels) * kTileBlock;
}

void PackImages(int64_t samples, int64_t channels, int64_t positions, const Bfloat16* images,
                Bfloat16* packed) {
  const int64_t blocks = TileCount(channels), size = channels * positions;
  ParallelFor(TileCount(samples) * positions, blocks * kTileBlock, [&](int64_t i) {
    const int64_t first = i / positions * kTileSide, position = i % positions;
    for (int64_t c = 0; c < blocks; ++c) {
      LeftBlock(std::min(kTileSide, samples - first), std::min(kTileSide, channels - c * kTileSide),
                images + first * size + position * channels + c * kTileSide, size,
                packed + (i * blocks + c) * kTileBlock);
    }
  });
}

void AverageOfPacked(int64_t samples, int64_t channels, int64_t positions, const Bfloat16* packed,
                     float* mean) {
  const int64_t blocks = TileCount(channels);
  const float share = 1.0f / static_cast<float>(positions);
  ParallelFor(TileCount(samples) * blocks, positions * kTileBlock, [&](int64_t i) {
    const int64_t first = i / blocks * kTileSide, c = i % blocks;
    const int64_t rows = std::min(kTileSide, samples - first),
                  columns = std::min(kTileSide, channels - c * kTileSide);
    const Bfloat16* const block = packed + (i / blocks * positions * blocks + c) * kTileBlock;
    for (int64_t r = 0; r < rows; ++r) {
      float sums[kTileSide] = {};
      for (int64_t p = 0; p < positions; ++p) {
        const Bfloat16* const row = block + p * blocks * kTileBlock + r * kTileSide;
#pragma omp simd
        for (int64_t k = 0; k < kTileSide; ++k) sums[k] += ToFloat(row[k]);
      }
      float* const to = mean + (first + r) * channels + c * kTileSide;
      for (int64_t k = 0; k < columns; ++k) to[k] = sums[k] * share;
    }
  });
}

PackedConv::PackedConv(const ConvShape& s)
    : shape_(s), in_blocks_(TileCount(s.in_channels)), out_blocks_(TileCount(s.out_channels)) {
  PRETEXT_CHECK(s.groups == 1, "a convolution of one group");
  const int64_t position = in_blocks_ * kTileBlock;
  for (int64_t i = 0; i < s.out_height(); ++i) {
    for (int64_t j = 0; j < s.out_width(); ++j) {
      const auto first = static_cast<int64_t>(panels_.size());
      for (int64_t k = 0; k < s.kernel; ++k) {
        for (int64_t l = 0; l < s.kernel; ++l) {
          const int64_t row = i * s.stride + k - s.padding, column = j * s.stride + l - s.padding;
          if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
          panels_.push_back({(row * s.width + column) * position, (k * s.kernel + l) * position});
        }
      }
      places_.push_back({first, static_cast<int64_t>(panels_.size()) - first});
    }
  }
}

int64_t PackedConv::weight_elements() const {
  return shape_.kernel * shape_.kernel * in_blocks_ * out_blocks_ * kTileBlock;
}

// As right factors, [out block][k][l][in block].
void PackedConv::Prepare(const float* weight, const float* factor, Bfloat16* prepared) const {
  const int64_t window = shape_.kernel * shape_.kernel, outs = shape_.out_channels,
                ins = shape_.in_channels;
  ParallelFor(out_blocks_ * in_blocks_, window * kTileBlock, [&](int64_t i) {
    const int64_t out = i / in_blocks_ * kTileSide, in = i % in_blocks_ * kTileSide;
    RightBlocksOfWindows(
        std::min(kTileSide, ins - in), std::min(kTileSide, outs - out), window,
        weight + (out * ins + in) * window, ins * window, factor + out, in_blocks_ * kTileBlock,
        prepared + (i / in_blocks_ * window * in_blocks_ + i % in_blocks_) * kTileBlock);
  });
}

std::vector<PackedConv::Unit> PackedConv::Cut(int64_t samples) const {
  const int64_t threads = omp_get_max_threads(), blocks = TileCount(samples),
                whole = samples / kTileSide, height = shape_.out_height(),
                width = shape_.out_width();
  const int64_t row_bytes =
      shape_.width * in_blocks_ * kTileBlock * static_cast<int64_t>(sizeof(Bfloat16));
  const int64_t fit = (kSourceBytes / row_bytes - shape_.kernel) / shape_.stride + 1;
  const int64_t rows =
      std::clamp<int64_t>(std::min((kPositions + width - 1) / width, fit), 1, height);
  const int64_t strips = (height + rows - 1) / rows;
  // Small images: several blocks of samples, while there are enough for all threads.
  const int64_t together =
      std::clamp<int64_t>(kPositions / (rows * width), 1, std::max<int64_t>(1, blocks / threads));
  const int64_t groups = (whole + together - 1) / together + (whole < blocks);
  const int64_t parts =
      std::clamp<int64_t>(threads / std::max<int64_t>(1, groups * strips), 1, out_blocks_);
  const int64_t outs = (out_blocks_ + parts - 1) / parts;
  std::vector<Unit> units;
  // A block that is not full stays by itself: its tiles have other rows.
  for (int64_t b = 0; b < blocks;) {
    const int64_t count = b < whole ? std::min(together, whole - b) : 1;
    for (int64_t r = 0; r < height; r += rows) {
      for (int64_t o = 0; o < out_blocks_; o += outs) {
        units.push_back(
            {b, count, r, std::min(rows, height - r), o, std::min(outs, out_blocks_ - o)});
      }
    }
    b += count;
  }
  return units;
}

void PackedConv::RunUnit(const Unit& unit, const Operands& op) const {
  const int64_t width = shape_.out_width(), window = shape_.kernel * shape_.kernel;
  const int64_t x_block = shape_.height * shape_.width * in_blocks_ * kTileBlock,
                positions = shape_.out_height() * width;
  const int64_t samples = std::min(kTileSide, op.samples - unit.first_block * kTileSide);
  const int64_t first = unit.first_row * width, last = first + unit.rows * width;
  // Channels that are summed up at once; sums of all places are kept in between.
  const int64_t share = std::clamp<int64_t>(kRightBlocks / window, 1, in_blocks_);
  const int64_t kept_apart = share < in_blocks_ ? kTileBlock : 0;
  const Scratch kept(std::max(kTileBlock, unit.blocks * (last - first) * kept_apart));
  const TileUse use(samples);
  for (int64_t o = unit.first_out; o < unit.first_out + unit.outs; ++o) {
    const Bfloat16* const right = op.prepared + o * window * in_blocks_ * kTileBlock;
    for (int64_t c = 0; c < in_blocks_; c += share) {
      const int64_t depth = std::min(share, in_blocks_ - c);
      float* sums = kept.data();
      for (int64_t b = unit.first_block; b < unit.first_block + unit.blocks; ++b) {
        const Bfloat16* const left = op.x + b * x_block + c * kTileBlock;
        for (int64_t p = first; p < last; ++p, sums += kept_apart) {
          const Place& place = places_[static_cast<size_t>(p)];
          const bool finishes = c + depth >= in_blocks_;
          if (shape_.kernel > 1 && o == unit.first_out && p + width < positions) {
            // What the place below reads that this one does not: the row that its window ends in.
            const Place& below = places_[static_cast<size_t>(p + width)];
            if (below.count > 0)
              FetchToRead(left + panels_[static_cast<size_t>(below.first + below.count - 1)].a,
                          depth * kTileBlock);
          }
          if (finishes && p + kPlacesAhead < positions) {
            FetchToWrite(op.y + ((b * positions + p + kPlacesAhead) * out_blocks_ + o) * kTileBlock,
                         samples * kTileSide);
          }
          MultiplyTiles(place.count, panels_.data() + place.first, depth, left,
                        right + c * kTileBlock, c > 0, sums, samples);
          if (!finishes) continue;
          const int64_t at = ((b * positions + p) * out_blocks_ + o) * kTileBlock;
          StoreFinished(samples, sums, op.bias + o * kTileSide,
                        op.residual != nullptr ? op.residual + at : nullptr, op.relu, op.y + at);
        }
      }
    }
  }
}

void PackedConv::Run(int64_t samples, const Bfloat16* x, const Bfloat16* prepared,
                     const float* bias, const Bfloat16* residual, bool relu, Bfloat16* y) const {
  const std::vector<Unit> units = Cut(samples);
  const Operands operands = {samples, x, prepared, bias, residual, relu, y};
  // Units are long: worth a team at any number.
#pragma omp parallel for schedule(static)
  for (size_t u = 0; u < units.size(); ++u) RunUnit(units[u], operands);
}

}  // namespace pretext
