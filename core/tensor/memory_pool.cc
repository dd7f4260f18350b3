#include "core/tensor/memory_pool.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "core/tensor/out_of_memory.h"

namespace pretext {
namespace {

constexpr size_t kAlignment = 64;

// Eight size classes an octave: at most 12.5 % of a block is unused.
size_t SizeClass(size_t bytes) {
  if (bytes <= 512)
    return (bytes + kAlignment - 1) / kAlignment * kAlignment + (bytes == 0) * kAlignment;
  const size_t step = std::bit_floor(bytes - 1) / 8;
  return (bytes + step - 1) / step * step;
}

struct Pool {
  std::mutex mutex;
  std::map<size_t, std::vector<void*>> free;  // by size class
  MemoryPool::Stats stats;
  int64_t limit = 0;  // of stats.bytes_held; 0: none
  size_t headroom = 0;
  bool compact = false;
};

// Never destroyed: tensors in static objects may outlive any order of destruction.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

// Frees free blocks, the largest first, until no more than `most` bytes are held. With the pool's
// lock held.
void FreeDownTo(Pool& p, int64_t most) {
  for (auto it = p.free.rbegin(); it != p.free.rend(); ++it) {
    auto& [capacity, blocks] = *it;
    while (!blocks.empty() && p.stats.bytes_held > most) {
      std::free(blocks.back());
      blocks.pop_back();
      p.stats.bytes_held -= static_cast<int64_t>(capacity);
    }
  }
}

// Whether the system would give so much more; it is not touched.
bool IsLeft(size_t bytes) {
  void* const probe =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return false;
  munmap(probe, bytes);
  return true;
}

// A block of the system's; null where it has none, or would have less than the headroom left.
void* BlockOf(const Pool& p, size_t capacity) {
  void* const block = std::aligned_alloc(kAlignment, capacity);
  if (block == nullptr || p.headroom == 0 || IsLeft(p.headroom)) return block;
  std::free(block);
  return nullptr;
}

// A new block, for `bytes`. With the pool's lock held.
void* FromSystem(Pool& p, size_t bytes, size_t capacity) {
  if (p.compact) {
    const auto more = static_cast<int64_t>(capacity);
    FreeDownTo(p, std::max(p.stats.peak_in_use, p.stats.bytes_in_use + more) - more);
  }
  if (p.limit > 0 && p.stats.bytes_held + static_cast<int64_t>(capacity) > p.limit) {
    throw OutOfMemory(static_cast<int64_t>(bytes), p.stats.bytes_in_use);
  }
  void* block = BlockOf(p, capacity);
  if (block == nullptr) {
    // Free blocks of other sizes may stand where there is no room.
    FreeDownTo(p, 0);
    block = BlockOf(p, capacity);
  }
  if (block == nullptr) throw OutOfMemory(static_cast<int64_t>(bytes), p.stats.bytes_in_use);
  ++p.stats.misses;
  p.stats.bytes_held += static_cast<int64_t>(capacity);
  return block;
}

}  // namespace

void* MemoryPool::Allocate(size_t bytes, size_t* capacity) {
  *capacity = SizeClass(bytes);
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  std::vector<void*>& list = p.free[*capacity];
  void* block = nullptr;
  if (list.empty()) {
    block = FromSystem(p, bytes, *capacity);
  } else {
    block = list.back();
    list.pop_back();
  }
  p.stats.bytes_in_use += static_cast<int64_t>(*capacity);
  if (p.stats.bytes_in_use > p.stats.peak_in_use) p.stats.peak_in_use = p.stats.bytes_in_use;
  return block;
}

void MemoryPool::Free(void* block, size_t capacity) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.stats.bytes_in_use -= static_cast<int64_t>(capacity);
  p.free[capacity].push_back(block);
}

void MemoryPool::SetLimit(int64_t bytes) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.limit = bytes;
}

void MemoryPool::SetHeadroom(size_t bytes) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.headroom = bytes;
}

size_t MemoryPool::headroom() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return p.headroom;
}

void MemoryPool::SetCompact(bool compact) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.compact = compact;
}

MemoryPool::Stats MemoryPool::stats() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return p.stats;
}

void MemoryPool::Trim() {
  Pool& p = pool();
  {
    const std::lock_guard lock(p.mutex);
    FreeDownTo(p, 0);
  }
  malloc_trim(0);  // glibc keeps what lies between blocks in use
}

}  // namespace pretext
