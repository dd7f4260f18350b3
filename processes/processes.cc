#include "processes/processes.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "processes/sharing.h"

namespace pretext {

absl::Status Processes::Finish() { return WaitForAll(*this); }

std::string Processes::Name(int rank) const {
  return absl::StrCat("process ", rank, " on host ", host(rank));
}

int Processes::processes_here() const {
  int count = 0;
  for (int r = 0; r < size(); ++r) count += host(r) == host(rank()) ? 1 : 0;
  return count;
}

int Processes::rank_here() const {
  int before = 0;
  for (int r = 0; r < rank(); ++r) before += host(r) == host(rank()) ? 1 : 0;
  return before;
}

const std::string& Alone::host(int) const {
  static const std::string* const name = new std::string(HostName());
  return *name;
}

absl::Status Alone::Exchange(const std::vector<Message>& out, const std::vector<Message>& in) {
  PRETEXT_CHECK(out.empty() && in.empty(), "a process by itself has nobody to talk to");
  return absl::OkStatus();
}

std::string HostName() {
  char name[256] = "";
  if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return "unknown";
  return name;
}

absl::Status FailureOf(const Processes& processes, int rank, const std::string& message) {
  return absl::AbortedError(absl::StrCat(processes.Name(rank), ": ", message));
}

absl::Status SilenceOf(const Processes& processes, int rank, absl::Duration timeout) {
  return absl::UnavailableError(
      absl::StrCat(processes.Name(rank), " has said nothing for ", absl::FormatDuration(timeout)));
}

absl::Status LossOf(const Processes& processes, int rank) {
  return absl::UnavailableError(absl::StrCat(processes.Name(rank), " is gone without a word"));
}

}  // namespace pretext
