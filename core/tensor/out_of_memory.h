// What MemoryPool throws when the system has no memory for a tensor.
//
// The one exception of our own: a tensor is made in the middle of expressions that have no room for
// a Status. It is caught where those of the libraries are, at the top of the program.
#pragma once

#include <cstdint>
#include <new>
#include <string>

namespace pretext {

class OutOfMemory : public std::bad_alloc {
 public:
  // `needed` bytes in one piece, beside `in_use` in other tensors.
  OutOfMemory(int64_t needed, int64_t in_use)
      : message_("out of memory: a tensor needs " + std::to_string(needed) + " bytes, beside the " +
                 std::to_string(in_use) +
                 " of the others. A smaller batch_size, or train { chunk }, needs less") {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  const std::string message_;
};

}  // namespace pretext
