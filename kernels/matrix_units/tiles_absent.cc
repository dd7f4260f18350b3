// Where the processor's family has no such tiles: HasTiles says so, and nothing else is called.
#if !defined(__x86_64__)
#include "base/check/check.h"
#include "kernels/matrix_units/tiles.h"

namespace pretext {
namespace {

[[noreturn]] void Absent() {
  PRETEXT_CHECK(false, "matrix units are asked for where HasTiles() is false");
  std::abort();
}

}  // namespace

bool HasTiles() { return false; }

TileUse::TileUse(int64_t) { Absent(); }
TileUse::~TileUse() = default;

void MultiplyTiles(int64_t, const TilePanel*, int64_t, const Bfloat16*, const Bfloat16*, bool,
                   float*, int64_t) {
  Absent();
}

void LeftBlock(int64_t, int64_t, const Bfloat16*, int64_t, Bfloat16*) { Absent(); }
void LeftBlockTransposed(int64_t, int64_t, const Bfloat16*, int64_t, Bfloat16*) { Absent(); }
void RightBlock(int64_t, int64_t, const Bfloat16*, int64_t, Bfloat16*) { Absent(); }
void RightBlockTransposed(int64_t, int64_t, const Bfloat16*, int64_t, Bfloat16*) { Absent(); }
void RightBlocksOfWindows(int64_t, int64_t, int64_t, const float*, int64_t, const float*, int64_t,
                          Bfloat16*) {
  Absent();
}
void StoreRounded(const float*, int64_t, bool, Bfloat16*) { Absent(); }
void StoreParts(int64_t, const float*, Bfloat16*, Bfloat16*) { Absent(); }
void StoreFinished(int64_t, const float*, const float*, const Bfloat16*, bool, Bfloat16*) {
  Absent();
}

}  // namespace pretext
#endif
