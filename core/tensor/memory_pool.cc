#include "core/tensor/memory_pool.h"

#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "base/check/check.h"

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
};

// Never destroyed: tensors in static objects may outlive any order of destruction.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

}  // namespace

void* MemoryPool::Allocate(size_t bytes, size_t* capacity) {
  *capacity = SizeClass(bytes);
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.stats.bytes_in_use += static_cast<int64_t>(*capacity);
  if (p.stats.bytes_in_use > p.stats.peak_in_use) p.stats.peak_in_use = p.stats.bytes_in_use;
  std::vector<void*>& list = p.free[*capacity];
  if (!list.empty()) {
    void* block = list.back();
    list.pop_back();
    return block;
  }
  ++p.stats.misses;
  p.stats.bytes_held += static_cast<int64_t>(*capacity);
  void* block = std::aligned_alloc(kAlignment, *capacity);
  PRETEXT_CHECK(block != nullptr, "out of memory");
  return block;
}

void MemoryPool::Free(void* block, size_t capacity) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.stats.bytes_in_use -= static_cast<int64_t>(capacity);
  p.free[capacity].push_back(block);
}

MemoryPool::Stats MemoryPool::stats() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return p.stats;
}

void MemoryPool::Trim() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  for (auto& [capacity, blocks] : p.free) {
    for (void* block : blocks) {
      std::free(block);
      p.stats.bytes_held -= static_cast<int64_t>(capacity);
    }
    blocks.clear();
  }
}

}  // namespace pretext
