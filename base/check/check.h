// Checks of our own invariants. A failed check is a bug of ours, never a user's mistake:
// those are absl::Status.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace pretext::internal {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition,
                                     const char* message) {
  std::fprintf(stderr, "%s:%d: internal error: %s (%s)\n", file, line, message, condition);
  std::abort();
}

}  // namespace pretext::internal

// PRETEXT_CHECK(rows > 0, "a batch has rows"): aborts with the place and the message.
#define PRETEXT_CHECK(condition, message)                                        \
  do {                                                                           \
    if (!(condition)) [[unlikely]]                                               \
      ::pretext::internal::CheckFailed(__FILE__, __LINE__, #condition, message); \
  } while (false)
