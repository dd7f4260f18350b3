// How a long computation tells how far it has come, and hears that it is to stop.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

class Work {
 public:
  // Called now and then, on the thread that computes, with what is being done and which share of it
  // is done, in [0, 1]. False: it is to stop.
  using Listener = std::function<bool(absl::string_view what, double share)>;

  Work() = default;  // nobody listens
  explicit Work(Listener listener) : listener_(std::move(listener)) {}

  // Cancelled when the listener wants no more of it; to be returned at once.
  absl::Status Tell(absl::string_view what, double share) const {
    if (listener_ == nullptr || listener_(what, share)) return absl::OkStatus();
    return absl::CancelledError("was told to stop");
  }

 private:
  Listener listener_;
};

}  // namespace pretext
