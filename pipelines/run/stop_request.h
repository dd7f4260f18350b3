// That a run is to end early: what a signal handler says, and what it may know.
#pragma once

#include <atomic>

namespace pretext {

// Members are free of locks: a handler may use them.
struct StopRequest {
  // The signal that asks for it; 0 before one came. A training looks at it after every step, an
  // evaluation wherever it tells of its progress.
  std::atomic<int> signal{0};
  // Whether all that is to be kept is on the disk and nothing is being written (as during an
  // evaluation): then the process may be ended without waiting for the run to look.
  std::atomic<bool> all_is_saved{false};

  bool is_made() const { return signal.load(std::memory_order_relaxed) != 0; }
};

}  // namespace pretext
