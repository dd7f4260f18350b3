// Several processes for tests: threads of this program, each with an end of sockets to the others.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/check/check.h"
#include "processes/sockets.h"

namespace pretext {

// Runs act(processes) as each of k, and waits for all.
inline void AsProcesses(int k, const std::function<void(Processes&)>& act) {
  const auto count = static_cast<size_t>(k);
  std::vector<std::vector<int>> sockets(count, std::vector<int>(count, -1));
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = 0; b < a; ++b) {
      int pair[2];
      PRETEXT_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "sockets");
      sockets[a][b] = pair[0];
      sockets[b][a] = pair[1];
    }
  }
  std::vector<std::thread> threads;
  for (size_t r = 0; r < count; ++r) {
    threads.emplace_back([&, r] {
      SocketProcesses processes(static_cast<int>(r), sockets[r]);
      act(processes);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace pretext
