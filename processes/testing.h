// Several processes for tests: threads of this program, each with an end of sockets to the others.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/check/check.h"
#include "processes/sockets.h"

namespace pretext {

// Runs act(processes) as each of k, and waits for all.
inline void AsProcesses(int k, const std::function<void(Processes&)>& act) {
  const absl::StatusOr<std::vector<std::vector<int>>> sockets = SocketProcesses::Pairs(k);
  const absl::StatusOr<std::vector<std::vector<int>>> beside = SocketProcesses::Pairs(k);
  PRETEXT_CHECK(sockets.ok() && beside.ok(), "sockets");
  std::vector<std::thread> threads;
  for (size_t r = 0; r < sockets->size(); ++r) {
    threads.emplace_back([&, r] {
      SocketProcesses processes(static_cast<int>(r), (*sockets)[r], (*beside)[r]);
      act(processes);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace pretext
