#include "core/tensor/memory_pool.h"

#include <malloc.h>

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
};

// Never destroyed: tensors in static objects may outlive any order of destruction.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

// With the pool's lock held.
void FreeAll(Pool& p) {
  for (auto& [capacity, blocks] : p.free) {
    for (void* block : blocks) {
      std::free(block);
      p.stats.bytes_held -= static_cast<int64_t>(capacity);
    }
    blocks.clear();
  }
}

// A new block, for `bytes`. With the pool's lock held.
void* FromSystem(Pool& p, size_t bytes, size_t capacity) {
  if (p.limit > 0 && p.stats.bytes_held + static_cast<int64_t>(capacity) > p.limit) {
    throw OutOfMemory(static_cast<int64_t>(bytes), p.stats.bytes_in_use);
  }
  void* block = std::aligned_alloc(kAlignment, capacity);
  if (block == nullptr) {
    // Free blocks of other sizes may stand where there is no room.
    FreeAll(p);
    block = std::aligned_alloc(kAlignment, capacity);
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

MemoryPool::Stats MemoryPool::stats() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return p.stats;
}

void MemoryPool::Trim() {
  Pool& p = pool();
  {
    const std::lock_guard lock(p.mutex);
    FreeAll(p);
  }
  malloc_trim(0);  // glibc keeps what lies between blocks in use
}

}  // namespace pretext
