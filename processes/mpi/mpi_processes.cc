#include "processes/mpi/mpi_processes.h"

#include <mpi.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/check/check.h"

namespace pretext {
namespace {

constexpr int kData = 0, kFailure = 1;  // tags
// MPI counts in int: what is longer goes in pieces.
constexpr size_t kMostBytes = size_t{1} << 30;
// How long a process that failed waits for its message to be taken.
constexpr absl::Duration kLastWords = absl::Seconds(5);

// More processes than cores are no reason to stand in one another's way.
class Patience {
 public:
  void Wait() {
    if (++turns_ < 2000) {
      sched_yield();
    } else {
      usleep(100);
    }
  }
  void Renew() { turns_ = 0; }

 private:
  int turns_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Processes>> MpiProcesses::Start() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size == 1) {
    MPI_Finalize();
    return std::make_unique<Alone>();
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (provided < MPI_THREAD_SERIALIZED) {
    MPI_Finalize();
    return absl::FailedPreconditionError(
        "this MPI takes calls from the first thread alone, and those that train wait for others "
        "where they are: an MPI with MPI_THREAD_SERIALIZED is needed");
  }
  return std::unique_ptr<Processes>(new MpiProcesses);
}

std::string MpiProcesses::Describe() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string whole(text, static_cast<size_t>(length));
  const std::vector<std::string> parts = absl::StrSplit(whole, absl::ByAnyChar("\n,"));
  return std::string(absl::StripAsciiWhitespace(parts[0]));
}

MpiProcesses::MpiProcesses() {
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  constexpr int kName = 256;
  std::vector<char> names(static_cast<size_t>(size) * kName);
  char own[kName] = "";
  const std::string host = HostName();
  std::memcpy(own, host.data(), std::min<size_t>(host.size(), kName - 1));
  MPI_Allgather(own, kName, MPI_CHAR, names.data(), kName, MPI_CHAR, MPI_COMM_WORLD);
  for (int r = 0; r < size; ++r) hosts_.emplace_back(names.data() + static_cast<size_t>(r) * kName);
}

MpiProcesses::~MpiProcesses() {
  if (finished_ || told_) {
    MPI_Finalize();
    return;
  }
  // MPI_Abort does not come back, and the message is not said yet.
  std::atexit([] { MPI_Abort(MPI_COMM_WORLD, 1); });
}

absl::Status MpiProcesses::LookForFailures() {
  int there = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, kFailure, MPI_COMM_WORLD, &there, &status);
  if (there == 0) return absl::OkStatus();
  int bytes = 0;
  MPI_Get_count(&status, MPI_CHAR, &bytes);
  std::string text(static_cast<size_t>(bytes), '\0');
  MPI_Recv(text.data(), bytes, MPI_CHAR, status.MPI_SOURCE, kFailure, MPI_COMM_WORLD,
           MPI_STATUS_IGNORE);
  failed_ = FailureOf(*this, status.MPI_SOURCE, text);
  told_ = true;
  return failed_;
}

absl::Status MpiProcesses::Exchange(const std::vector<Message>& out,
                                    const std::vector<Message>& in) {
  if (!failed_.ok()) return failed_;
  std::vector<MPI_Request> requests;
  std::vector<int> peers;
  const auto begin = [&](const Message& message, bool sends) {
    PRETEXT_CHECK(message.peer != rank_ && message.peer < size(), "a message to another process");
    for (size_t at = 0; at < message.bytes; at += kMostBytes) {
      const int count = static_cast<int>(std::min(kMostBytes, message.bytes - at));
      char* const data = static_cast<char*>(message.data) + at;
      requests.emplace_back();
      peers.push_back(message.peer);
      if (sends) {
        MPI_Isend(data, count, MPI_CHAR, message.peer, kData, MPI_COMM_WORLD, &requests.back());
      } else {
        MPI_Irecv(data, count, MPI_CHAR, message.peer, kData, MPI_COMM_WORLD, &requests.back());
      }
    }
  };
  for (const Message& message : in) begin(message, false);
  for (const Message& message : out) begin(message, true);

  absl::Time heard = absl::Now();
  size_t left = requests.size();
  Patience patience;
  std::vector<int> done(requests.size());
  std::vector<MPI_Status> states(requests.size());
  while (left > 0) {
    int count = 0;
    const int result = MPI_Testsome(static_cast<int>(requests.size()), requests.data(), &count,
                                    done.data(), states.data());
    if (result != MPI_SUCCESS) {
      char text[MPI_MAX_ERROR_STRING];
      int length = 0;
      MPI_Error_string(result, text, &length);
      return failed_ = absl::UnavailableError(absl::StrCat(
                 "MPI: ", std::string(text, static_cast<size_t>(length)), ", of messages with ",
                 Name(peers[count > 0 ? static_cast<size_t>(done[0]) : 0])));
    }
    if (count > 0) {
      left -= static_cast<size_t>(count);
      heard = absl::Now();
      patience.Renew();
      continue;
    }
    if (absl::Status status = LookForFailures(); !status.ok()) return status;
    if (absl::Now() - heard > timeout_) {
      size_t first = 0;
      while (requests[first] == MPI_REQUEST_NULL) ++first;
      return failed_ = SilenceOf(*this, peers[first], timeout_);
    }
    patience.Wait();
  }
  return absl::OkStatus();
}

void MpiProcesses::Fail(const absl::Status& status) {
  if (told_ || finished_) return;
  const bool silence = absl::IsUnavailable(failed_);
  failed_ = status;
  std::string text(status.message());
  std::vector<MPI_Request> requests;
  for (int r = 0; r < size(); ++r) {
    if (r == rank_) continue;
    requests.emplace_back();
    MPI_Isend(text.data(), static_cast<int>(text.size()), MPI_CHAR, r, kFailure, MPI_COMM_WORLD,
              &requests.back());
  }
  int all = 0;
  const absl::Time end = absl::Now() + kLastWords;
  Patience patience;
  while (all == 0 && absl::Now() < end) {
    MPI_Testall(static_cast<int>(requests.size()), requests.data(), &all, MPI_STATUSES_IGNORE);
    patience.Wait();
  }
  // With one that is gone MPI_Finalize would wait for good.
  told_ = all != 0 && !silence;
}

absl::Status MpiProcesses::Finish() {
  char there = 1;
  std::vector<char> all(hosts_.size());
  std::vector<Message> out, in;
  for (int r = 0; r < size(); ++r) {
    if (r == rank_) continue;
    out.push_back({r, &there, 1});
    in.push_back({r, &all[static_cast<size_t>(r)], 1});
  }
  const absl::Status status = Exchange(out, in);
  finished_ = status.ok();
  return status;
}

}  // namespace pretext
