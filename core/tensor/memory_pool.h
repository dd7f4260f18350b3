// The pool that every tensor's memory comes from.
//
// A training step asks for the same sizes again and again, so freed blocks are kept in free lists
// by size class and handed out again: after the first step no operation allocates
// (MemoryPool::stats().misses stays still; tested). Blocks are 64-byte aligned. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pretext {

class MemoryPool {
 public:
  struct Stats {
    int64_t misses = 0;        // blocks that had to come from the system
    int64_t bytes_held = 0;    // from the system, in use or free
    int64_t bytes_in_use = 0;  // in live tensors
    int64_t peak_in_use = 0;
  };

  // A block of at least `bytes`, its size class in *capacity (to be given back to Free). Throws
  // OutOfMemory, after which nothing is changed.
  static void* Allocate(size_t bytes, size_t* capacity);
  static void Free(void* block, size_t capacity);
  static Stats stats();
  // From now on a block that would bring bytes_held above `bytes` is refused as if the system had
  // refused it; 0: no limit. For trying what might not fit.
  static void SetLimit(int64_t bytes);
  // From now on a block after which the system could not give `bytes` more is refused likewise, so
  // that libraries find some where address space is limited; 0: any is taken.
  static void SetHeadroom(size_t bytes);
  static size_t headroom();
  // Compact: before a block comes from the system, free ones of other sizes go back to it, so that
  // no more is held than was ever in use at once, where sizes differ from phase to phase of a step;
  // for the time that the system takes to hand out memory anew.
  static void SetCompact(bool compact);
  // Gives the free blocks back to the system (after an evaluation with other shapes, for example).
  static void Trim();
};

}  // namespace pretext
