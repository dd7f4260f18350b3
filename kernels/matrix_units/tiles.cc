// On x86-64; tiles_absent.cc is what other processors have.
#if defined(__x86_64__)
#include "kernels/matrix_units/tiles.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <dnnl.hpp>

#include "kernels/scratch/scratch.h"

namespace pretext {

bool HasTiles() {
  static const bool has = [] {
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto needed = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_amx);
    if ((isa & needed) != needed) return false;
    constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return has;
}

namespace {

// As LDTILECFG reads it.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

}  // namespace

// Functions below use instructions that the program as a whole is not compiled for; lambdas and
// templates of headers are not among them.
#pragma GCC push_options
// GCC 12's own header leaves registers as they are where nothing is taken of them.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512f,avx512bw,avx512bf16,amx-tile,amx-bf16")

namespace {

// GCC 12 does not take the instructions above for a constructor's.
void LoadConfig(const TileConfig& config) {
  // Its header says that the instruction reads eight bytes of it: the rest must be there.
  asm volatile("" ::"r"(&config) : "memory");
  _tile_loadconfig(&config);
}
void Release() { _tile_release(); }

}  // namespace

// Sums are in tiles 0 to 3, A in 4 and 5: 2, 3 and 5 belong to rows from 16 on.
TileUse::TileUse(int64_t rows) {
  TileConfig config;
  const auto first = static_cast<uint8_t>(std::min<int64_t>(rows, 16)),
             second = static_cast<uint8_t>(rows - first);
  const uint8_t rows_of[8] = {first, first, second, second, first, second, 16, 16};
  for (int t = 0; t < 8; ++t) {
    config.rows[t] = rows_of[t];
    config.row_bytes[t] = rows_of[t] > 0 ? 64 : 0;
  }
  LoadConfig(config);
}

TileUse::~TileUse() { Release(); }

namespace {

// kBoth: rows from 16 on too.
template <bool kBoth>
void MultiplyRows(int64_t panels, const TilePanel* panel, int64_t depth, const Bfloat16* a,
                  const Bfloat16* b, bool accumulate, float* sums) {
  constexpr int64_t kRow = kTileSide * sizeof(float), kHalf = kTileBlock / 2;
  if (accumulate) {
    _tile_loadd(0, sums, kRow);
    _tile_loadd(1, sums + 16, kRow);
    if constexpr (kBoth) {
      _tile_loadd(2, sums + kHalf, kRow);
      _tile_loadd(3, sums + kHalf + 16, kRow);
    }
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if constexpr (kBoth) {
      _tile_zero(2);
      _tile_zero(3);
    }
  }
  for (int64_t p = 0; p < panels; ++p) {
    const Bfloat16* left = a + panel[p].a;
    const Bfloat16* right = b + panel[p].b;
    for (int64_t k = 0; k < depth; ++k, left += kTileBlock, right += kTileBlock) {
      _tile_loadd(4, left, 64);
      _tile_loadd(6, right, 64);
      _tile_loadd(7, right + kHalf, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      if constexpr (kBoth) {
        _tile_loadd(5, left + kHalf, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  _tile_stored(0, sums, kRow);
  _tile_stored(1, sums + 16, kRow);
  if constexpr (kBoth) {
    _tile_stored(2, sums + kHalf, kRow);
    _tile_stored(3, sums + kHalf + 16, kRow);
  }
}

}  // namespace

void MultiplyTiles(int64_t panels, const TilePanel* panel, int64_t depth, const Bfloat16* a,
                   const Bfloat16* b, bool accumulate, float* sums, int64_t rows) {
  (rows > 16 ? MultiplyRows<true> : MultiplyRows<false>)(panels, panel, depth, a, b, accumulate,
                                                         sums);
}

namespace {

// The lowest n lanes.
__mmask16 Lanes16(int64_t n) {
  return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1 << n) - 1);
}
__mmask32 Lanes32(int64_t n) {
  return n >= 32 ? 0xffffffffu : n <= 0 ? 0 : (__mmask32{1} << n) - 1;
}

// Up to 16 numbers, each in the lower half of 32 bits.
__m512i Widened(const Bfloat16* from, __mmask16 lanes) {
  return _mm512_cvtepu16_epi32(
      _mm512_castsi512_si256(_mm512_maskz_loadu_epi16(static_cast<__mmask32>(lanes), from)));
}

// Up to 16 numbers as float32.
__m512 Float32(const Bfloat16* from, __mmask16 lanes = 0xffff) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(Widened(from, lanes), 16));
}

// 16 numbers as float32.
__m512 Float32(__m256i numbers) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(numbers), 16));
}

// 32 numbers to bfloat16.
__m512i Rounded(__m512 low, __m512 high) {
  const __m512bh rounded = _mm512_cvtne2ps_pbh(high, low);
  __m512i bits;
  static_assert(sizeof(bits) == sizeof(rounded));
  __builtin_memcpy(&bits, &rounded, sizeof(bits));
  return bits;
}

// 16 numbers to bfloat16, each in the lower half of 32 bits.
__m512i RoundedWords(const float* from) {
  const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_loadu_ps(from));
  __m256i bits;
  static_assert(sizeof(bits) == sizeof(rounded));
  __builtin_memcpy(&bits, &rounded, sizeof(bits));
  return _mm512_cvtepu16_epi32(bits);
}

// Transposes 16×16 of 32 bits.
void Transpose16(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

// Rows 2p and 2p + 1 interleaved, 16 columns from `column` on.
__m512i Pair(int64_t rows, int64_t p, __mmask16 lanes, const Bfloat16* from, int64_t stride) {
  const Bfloat16* const even = from + 2 * p * stride;
  const __m512i low = 2 * p < rows ? Widened(even, lanes) : _mm512_setzero_si512();
  const __m512i high = 2 * p + 1 < rows ? Widened(even + stride, lanes) : _mm512_setzero_si512();
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

}  // namespace

void LeftBlock(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
               Bfloat16* block) {
  const __mmask32 lanes = Lanes32(columns);
  for (int64_t r = 0; r < kTileSide; ++r) {
    _mm512_store_si512(
        block + r * kTileSide,
        r < rows ? _mm512_maskz_loadu_epi16(lanes, from + r * stride) : _mm512_setzero_si512());
  }
}

void LeftBlockTransposed(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
                         Bfloat16* block) {
  for (int64_t half = 0; half < 2; ++half) {
    const __mmask16 lanes = Lanes16(rows - 16 * half);
    __m512i lines[16];
    for (int64_t p = 0; p < 16; ++p) lines[p] = Pair(columns, p, lanes, from + 16 * half, stride);
    Transpose16(lines);
    for (int64_t r = 0; r < 16; ++r)
      _mm512_store_si512(block + (16 * half + r) * kTileSide, lines[r]);
  }
}

void RightBlock(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
                Bfloat16* block) {
  for (int64_t half = 0; half < 2; ++half) {
    const __mmask16 lanes = Lanes16(columns - 16 * half);
    for (int64_t p = 0; p < 16; ++p) {
      _mm512_store_si512(block + half * kTileBlock / 2 + p * 32,
                         Pair(rows, p, lanes, from + 16 * half, stride));
    }
  }
}

void RightBlockTransposed(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
                          Bfloat16* block) {
  const __mmask32 lanes = Lanes32(rows);
  for (int64_t half = 0; half < 2; ++half) {
    __m512i lines[16];
    for (int64_t n = 0; n < 16; ++n) {
      const int64_t column = 16 * half + n;
      lines[n] = column < columns ? _mm512_maskz_loadu_epi16(lanes, from + column * stride)
                                  : _mm512_setzero_si512();
    }
    Transpose16(lines);
    for (int64_t p = 0; p < 16; ++p)
      _mm512_store_si512(block + half * kTileBlock / 2 + p * 32, lines[p]);
  }
}

void RightBlocksOfWindows(int64_t rows, int64_t columns, int64_t window, const float* from,
                          int64_t stride, const float* factor, int64_t apart, Bfloat16* blocks) {
  const int64_t numbers = rows * window;
  const Scratch turned((numbers + 15) / 16 * 16 * 16);  // [k · window + t][16 columns]
  for (int64_t half = 0; half < 2; ++half) {
    for (int64_t q = 0; q < numbers; q += 16) {
      const __mmask16 lanes = Lanes16(numbers - q);
      __m512i lines[16];
      for (int64_t n = 0; n < 16; ++n) {
        const int64_t column = 16 * half + n;
        lines[n] = _mm512_setzero_si512();
        if (column >= columns) continue;
        lines[n] = _mm512_castps_si512(
            _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, from + column * stride + q),
                          _mm512_set1_ps(factor[column])));
      }
      Transpose16(lines);
      for (int64_t i = 0; i < 16; ++i) _mm512_store_si512(turned + (q + i) * 16, lines[i]);
    }
    for (int64_t tap = 0; tap < window; ++tap) {
      Bfloat16* const to = blocks + tap * apart + half * kTileBlock / 2;
      for (int64_t p = 0; p < 16; ++p) {
        const float* const even = turned + (2 * p * window + tap) * 16;
        const __m512i low = 2 * p < rows ? RoundedWords(even) : _mm512_setzero_si512();
        const __m512i high =
            2 * p + 1 < rows ? RoundedWords(even + window * 16) : _mm512_setzero_si512();
        _mm512_store_si512(to + p * 32, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
      }
    }
  }
}

void StoreRounded(const float* sums, int64_t columns, bool accumulate, Bfloat16* to) {
  const __mmask32 lanes = Lanes32(columns);
  __m512 low = _mm512_loadu_ps(sums), high = _mm512_loadu_ps(sums + 16);
  if (accumulate) {
    low = _mm512_add_ps(low, Float32(to, Lanes16(columns)));
    high = _mm512_add_ps(high, Float32(to + 16, Lanes16(columns - 16)));
  }
  _mm512_mask_storeu_epi16(to, lanes, Rounded(low, high));
}

void StoreParts(int64_t n, const float* from, Bfloat16* high, Bfloat16* low) {
  for (int64_t i = 0; i < n; i += kTileSide) {
    const __mmask32 lanes = Lanes32(n - i);
    const __m512 first = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes), from + i),
                 second = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes >> 16), from + i + 16);
    const __m512i rounded = Rounded(first, second);
    _mm512_mask_storeu_epi16(high + i, lanes, rounded);
    if (low == nullptr) continue;
    const __m512 wide_first = Float32(_mm512_castsi512_si256(rounded)),
                 wide_second = Float32(_mm512_extracti64x4_epi64(rounded, 1));
    _mm512_mask_storeu_epi16(
        low + i, lanes,
        Rounded(_mm512_sub_ps(first, wide_first), _mm512_sub_ps(second, wide_second)));
  }
}

void StoreFinished(int64_t rows, const float* sums, const float* bias, const Bfloat16* residual,
                   bool relu, Bfloat16* to) {
  const __m512 low_bias = _mm512_loadu_ps(bias), high_bias = _mm512_loadu_ps(bias + 16);
  for (int64_t r = 0; r < rows; ++r, sums += kTileSide, to += kTileSide) {
    __m512 low = _mm512_add_ps(_mm512_loadu_ps(sums), low_bias);
    __m512 high = _mm512_add_ps(_mm512_loadu_ps(sums + 16), high_bias);
    if (residual != nullptr) {
      const Bfloat16* const there = residual + r * kTileSide;
      low = _mm512_add_ps(low, Float32(there));
      high = _mm512_add_ps(high, Float32(there + 16));
    }
    if (relu) {  // of NaN and 0 the instruction takes its second operand
      low = _mm512_max_ps(_mm512_setzero_ps(), low);
      high = _mm512_max_ps(_mm512_setzero_ps(), high);
    }
    _mm512_storeu_si512(to, Rounded(low, high));
  }
}

#pragma GCC pop_options

}  // namespace pretext
#endif
