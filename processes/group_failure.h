// How a pass through a model ends where another process or block of the group has failed: thrown
// where values of others are waited for, in the middle of an operation, and made a status at the
// boundary (cli/boundary.h) or where the pass began.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace pretext {

class GroupFailure : public std::runtime_error {
 public:
  explicit GroupFailure(absl::Status status)
      : std::runtime_error(std::string(status.message())), status_(std::move(status)) {}
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace pretext
