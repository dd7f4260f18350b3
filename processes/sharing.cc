#include "processes/sharing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

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
  if (size > kMostOfText) {
    return absl::InternalError(absl::StrCat(processes.Name(0), " sends a text of ", size,
                                            " bytes, and none has more than ", kMostOfText));
  }
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

absl::Status Gather(Processes& processes, void* all, size_t bytes) {
  const auto place = [&](int r) {
    return static_cast<char*>(all) + static_cast<size_t>(r) * bytes;
  };
  std::vector<Processes::Message> out, in;
  for (int r = 0; r < processes.size(); ++r) {
    if (r == processes.rank()) continue;
    out.push_back({r, place(processes.rank()), bytes});
    in.push_back({r, place(r), bytes});
  }
  return processes.Exchange(out, in);
}

absl::StatusOr<int32_t> MostOf(Processes& processes, int32_t number) {
  std::vector<int32_t> all(static_cast<size_t>(processes.size()), number);
  if (absl::Status s = Gather(processes, all.data(), sizeof(number)); !s.ok()) return s;
  return *std::max_element(all.begin(), all.end());
}

absl::Status AllWell(Processes& processes, const absl::Status& own) {
  const bool first = processes.rank() == 0;
  if (processes.size() == 1 || (first && !own.ok())) return own;
  const absl::StatusOr<int32_t> faults = MostOf(processes, own.ok() ? 0 : 1);
  if (!faults.ok()) return faults.status();
  if (!own.ok()) return own;
  return *faults == 0 ? absl::OkStatus() : WaitForAll(processes);
}

absl::Status WaitForAll(Processes& processes) { return MostOf(processes, 0).status(); }

}  // namespace pretext
