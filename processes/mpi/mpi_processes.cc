#include "processes/mpi/mpi_processes.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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

// A call of the library: the threads of two lines call one after the other, which is all that
// MPI_THREAD_SERIALIZED allows.
std::mutex& CallMutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

template <class Function, class... Arguments>
int Call(Function function, Arguments... arguments) {
  const std::lock_guard lock(CallMutex());
  return function(arguments...);
}

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

absl::Status Fault(int result, const std::string& of) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  Call(MPI_Error_string, result, text, &length);
  return absl::UnavailableError(
      absl::StrCat("MPI: ", std::string(text, static_cast<size_t>(length)), ", of ", of));
}

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
  std::unique_ptr<MpiProcesses> all(new MpiProcesses(MPI_COMM_WORLD));
  MPI_Comm beside;
  if (const int result = MPI_Comm_dup(MPI_COMM_WORLD, &beside); result != MPI_SUCCESS)
    return Fault(result, "a second line between processes");
  all->beside_.reset(new MpiProcesses(beside));
  return all;
}

std::string MpiProcesses::Describe() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string whole(text, static_cast<size_t>(length));
  const std::vector<std::string> parts = absl::StrSplit(whole, absl::ByAnyChar("\n,"));
  // MPICH's is "MPICH Version:", a tab and the number.
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(parts[0]), {{":\t", " "}});
}

MpiProcesses::MpiProcesses(MPI_Comm line) : line_(line) {
  int size = 1;
  MPI_Comm_rank(line_, &rank_);
  MPI_Comm_size(line_, &size);
  constexpr int kName = 256;
  std::vector<char> names(static_cast<size_t>(size) * kName);
  char own[kName] = "";
  const std::string host = HostName();
  std::memcpy(own, host.data(), std::min<size_t>(host.size(), kName - 1));
  MPI_Allgather(own, kName, MPI_CHAR, names.data(), kName, MPI_CHAR, line_);
  for (int r = 0; r < size; ++r) hosts_.emplace_back(names.data() + static_cast<size_t>(r) * kName);
}

MpiProcesses::~MpiProcesses() {
  if (line_ != MPI_COMM_WORLD) return;
  // A sum that was given up is one that MPI_Finalize may wait for.
  const bool waits = beside_ != nullptr && beside_->adding_;
  if (!finished_ && (!told_ || waits)) {
    // The first has heard of it, and says it.
    if (rank_ > 0) absl::SleepFor(kLastWords);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}

void MpiProcesses::set_timeout(absl::Duration timeout) {
  timeout_ = timeout;
  if (beside_ != nullptr) beside_->set_timeout(timeout);
}

absl::Status MpiProcesses::LookForFailures() {
  int there = 0;
  MPI_Status status;
  Call(MPI_Iprobe, MPI_ANY_SOURCE, kFailure, line_, &there, &status);
  if (there == 0) return absl::OkStatus();
  int bytes = 0;
  Call(MPI_Get_count, &status, MPI_CHAR, &bytes);
  std::string text(static_cast<size_t>(bytes), '\0');
  Call(MPI_Recv, text.data(), bytes, MPI_CHAR, status.MPI_SOURCE, kFailure, line_,
       MPI_STATUS_IGNORE);
  // Its code, then its message.
  const auto code = static_cast<absl::StatusCode>(text.empty() ? 0 : text[0]);
  failed_ =
      FailureOf(*this, status.MPI_SOURCE, code, text.substr(std::min<size_t>(1, text.size())));
  told_ = true;
  return failed_;
}

absl::Status MpiProcesses::LookWhetherToWait(absl::Time heard, int peer) {
  if (cancelled_) return failed_ = absl::CancelledError("waits no more");
  if (absl::Status status = LookForFailures(); !status.ok()) return status;
  if (absl::Now() - heard <= timeout_) return absl::OkStatus();
  failed_ = peer >= 0 ? SilenceOf(*this, peer, timeout_)
                      : absl::UnavailableError(absl::StrCat("the sum over processes has come to "
                                                            "nothing for ",
                                                            absl::FormatDuration(timeout_)));
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
        Call(MPI_Isend, data, count, MPI_CHAR, message.peer, kData, line_, &requests.back());
      } else {
        Call(MPI_Irecv, data, count, MPI_CHAR, message.peer, kData, line_, &requests.back());
      }
    }
  };
  for (const Message& message : in) begin(message, false);
  const size_t receives = requests.size();
  for (const Message& message : out) begin(message, true);

  // However the exchange ends, nothing is written into the caller's memory after it. What it sends
  // may still be read where another does not take it: that lives until the process ends, soon.
  const auto give_up = [&](absl::Status status) {
    for (size_t i = 0; i < requests.size(); ++i) {
      if (requests[i] == MPI_REQUEST_NULL) continue;
      if (i >= receives) {
        Call(MPI_Request_free, &requests[i]);
        continue;
      }
      Call(MPI_Cancel, &requests[i]);
      Call(MPI_Wait, &requests[i], MPI_STATUS_IGNORE);
    }
    return status;
  };
  absl::Time heard = absl::Now();
  size_t left = requests.size();
  Patience patience;
  std::vector<int> done(requests.size());
  std::vector<MPI_Status> states(requests.size());
  while (left > 0) {
    int count = 0;
    const int result = Call(MPI_Testsome, static_cast<int>(requests.size()), requests.data(),
                            &count, done.data(), states.data());
    if (result != MPI_SUCCESS) {
      const int peer = peers[count > 0 ? static_cast<size_t>(done[0]) : 0];
      failed_ = Fault(result, absl::StrCat("messages with ", Name(peer)));
      return give_up(failed_);
    }
    if (count > 0) {
      left -= static_cast<size_t>(count);
      heard = absl::Now();
      patience.Renew();
      continue;
    }
    size_t first = 0;
    while (requests[first] == MPI_REQUEST_NULL) ++first;
    if (absl::Status status = LookWhetherToWait(heard, peers[first]); !status.ok())
      return give_up(status);
    patience.Wait();
  }
  return absl::OkStatus();
}

absl::Status MpiProcesses::AddUp(float* values, int64_t count) {
  if (!failed_.ok()) return failed_;
  constexpr int64_t kMostFloats = kMostBytes / sizeof(float);
  sum_.assign(values, values + count);
  for (int64_t at = 0; at < count; at += kMostFloats) {
    const int length = static_cast<int>(std::min(kMostFloats, count - at));
    MPI_Request request;
    int result = Call(MPI_Iallreduce, MPI_IN_PLACE, sum_.data() + at, length, MPI_FLOAT, MPI_SUM,
                      line_, &request);
    adding_ = true;
    const absl::Time begun = absl::Now();
    Patience patience;
    for (int done = 0; done == 0;) {
      if (result == MPI_SUCCESS) result = Call(MPI_Test, &request, &done, MPI_STATUS_IGNORE);
      if (result != MPI_SUCCESS) return failed_ = Fault(result, "a sum over processes");
      if (done != 0) break;
      if (absl::Status status = LookWhetherToWait(begun, -1); !status.ok()) return status;
      patience.Wait();
    }
    adding_ = false;
  }
  std::copy(sum_.begin(), sum_.end(), values);
  return absl::OkStatus();
}

void MpiProcesses::Fail(const absl::Status& status) {
  if (beside_ != nullptr) beside_->Fail(status);
  // Whoever has told this one, on either line, has told all.
  told_ = told_ || IsFailureOfAnother(status);
  if (told_ || finished_) return;
  // Found on either line.
  const bool silence = absl::IsUnavailable(status) || absl::IsUnavailable(failed_);
  failed_ = status;
  std::string text(1, static_cast<char>(status.code()));
  text += std::string(status.message());
  std::vector<MPI_Request> requests;
  for (int r = 0; r < size(); ++r) {
    if (r == rank_) continue;
    requests.emplace_back();
    Call(MPI_Isend, text.data(), static_cast<int>(text.size()), MPI_CHAR, r, kFailure, line_,
         &requests.back());
  }
  int all = 0;
  const absl::Time end = absl::Now() + kLastWords;
  Patience patience;
  while (all == 0 && absl::Now() < end) {
    Call(MPI_Testall, static_cast<int>(requests.size()), requests.data(), &all,
         MPI_STATUSES_IGNORE);
    patience.Wait();
  }
  // With one that is gone MPI_Finalize would wait for good.
  told_ = all != 0 && !silence;
}

absl::Status MpiProcesses::Finish() {
  const absl::Status status = Processes::Finish();
  finished_ = status.ok();
  return status;
}

}  // namespace pretext
