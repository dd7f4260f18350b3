#include "processes/sharing.h"

#include <algorithm>
#include <cstdint>

namespace pretext {

absl::Status Broadcast(Processes& processes, void* data, size_t bytes) {
  const int rank = processes.rank(), size = processes.size();
  if (bytes == 0) return absl::OkStatus();
  // A process takes from the one without its lowest bit, and gives to those with a lower one added.
  int lowest = 1;
  while (lowest < size && (rank & lowest) == 0) lowest *= 2;
  if (rank > 0) {
    if (absl::Status s = processes.Exchange({}, {{rank - lowest, data, bytes}}); !s.ok()) return s;
  }
  for (int bit = lowest / 2; bit > 0; bit /= 2) {
    if (rank + bit >= size) continue;
    if (absl::Status s = processes.Exchange({{rank + bit, data, bytes}}, {}); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> BroadcastText(Processes& processes, std::string text) {
  uint64_t size = text.size();
  if (absl::Status s = Broadcast(processes, &size, sizeof(size)); !s.ok()) return s;
  text.resize(size);
  if (absl::Status s = Broadcast(processes, text.data(), size); !s.ok()) return s;
  return text;
}

absl::Status ShareStatus(Processes& processes, const absl::Status& status) {
  if (processes.size() == 1) return status;
  int64_t code = static_cast<int64_t>(status.code());
  if (absl::Status s = Broadcast(processes, &code, sizeof(code)); !s.ok()) return s;
  if (code == 0) return absl::OkStatus();
  const absl::StatusOr<std::string> message =
      BroadcastText(processes, std::string(status.message()));
  if (!message.ok()) return message.status();
  return absl::Status(static_cast<absl::StatusCode>(code), *message);
}

absl::StatusOr<bool> AnyOf(Processes& processes, bool yes) {
  const auto size = static_cast<size_t>(processes.size());
  std::vector<char> all(size, yes ? 1 : 0);
  std::vector<Processes::Message> out, in;
  char own = yes ? 1 : 0;
  for (size_t r = 0; r < size; ++r) {
    const int peer = static_cast<int>(r);
    if (peer == processes.rank()) continue;
    out.push_back({peer, &own, 1});
    in.push_back({peer, &all[r], 1});
  }
  if (absl::Status s = processes.Exchange(out, in); !s.ok()) return s;
  return std::any_of(all.begin(), all.end(), [](char each) { return each != 0; });
}

absl::Status WaitForAll(Processes& processes) { return AnyOf(processes, false).status(); }

}  // namespace pretext
