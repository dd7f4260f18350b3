#include "processes/processes.h"

#include <unistd.h>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "processes/sharing.h"

namespace pretext {
namespace {

// Of a status that another process has told this one of. Its code does not say so: it is any.
constexpr char kOfAnother[] = "pretext/failure_of_another_process";

}  // namespace

absl::Status Processes::Finish() { return WaitForAll(*this); }

absl::Status Processes::AddUp(float* values, int64_t count) {
  const int k = size(), own = rank();
  if (k == 1) return absl::OkStatus();
  const auto slice = [&](int r) { return count * r / k; };
  const auto part = [&](int r) {
    return Message{r, values + slice(r),
                   static_cast<size_t>(slice(r + 1) - slice(r)) * sizeof(float)};
  };
  const int64_t length = slice(own + 1) - slice(own);
  others_.resize(static_cast<size_t>(length) * static_cast<size_t>(k - 1));
  std::vector<Message> out, in;
  for (int r = 0; r < k; ++r) {
    if (r == own) continue;
    out.push_back(part(r));
    in.push_back({r, others_.data() + static_cast<int64_t>(in.size()) * length, part(own).bytes});
  }
  if (absl::Status status = Exchange(out, in); !status.ok()) return status;
  float* const sum = values + slice(own);
  for (int other = 0; other < k - 1; ++other) {
    const float* const from = others_.data() + other * length;
#pragma omp simd
    for (int64_t i = 0; i < length; ++i) sum[i] += from[i];
  }
  for (size_t i = 0; i < out.size(); ++i) {
    in[i] = out[i];
    out[i] = {out[i].peer, sum, part(own).bytes};
  }
  return Exchange(out, in);
}

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

absl::Status FailureOf(const Processes& processes, int rank, absl::StatusCode code,
                       const std::string& message) {
  // What is no failure is not told as one; a number that is no code is one of another version.
  const bool known =
      code != absl::StatusCode::kOk && absl::StatusCodeToString(code) != std::string();
  absl::Status status(known ? code : absl::StatusCode::kAborted,
                      absl::StrCat(processes.Name(rank), ": ", message));
  status.SetPayload(kOfAnother, absl::Cord());
  return status;
}

bool IsFailureOfAnother(const absl::Status& status) {
  return status.GetPayload(kOfAnother).has_value();
}

absl::Status SilenceOf(const Processes& processes, int rank, absl::Duration timeout) {
  return absl::UnavailableError(
      absl::StrCat(processes.Name(rank), " has said nothing for ", absl::FormatDuration(timeout)));
}

absl::Status LossOf(const Processes& processes, int rank) {
  return absl::UnavailableError(absl::StrCat(processes.Name(rank), " is gone without a word"));
}

}  // namespace pretext
