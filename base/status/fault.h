// What is wrong with a configuration, fault by fault, carried inside an absl::Status.
//
// A config is checked as a whole and every fault is reported at once. A Status holds one message;
// the list travels as its payload, so that whoever knows the file (the pipeline loader) can put
// file:line:column before each fault.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

struct Fault {
  // The field from the config down, "layer[2].width"; empty for a fault of the part itself.
  std::string path;
  // One sentence without the path: what is wrong, what is allowed, what to do.
  std::string message;

  // "path: message", or the message alone.
  std::string ToString() const;

  bool operator==(const Fault& other) const {
    return path == other.path && message == other.message;
  }
};

// InvalidArgument with every fault, or OK when there is none. The message has one fault a line.
absl::Status FaultsToStatus(const std::vector<Fault>& faults);

// The faults in a status: those of FaultsToStatus, or one without a path that holds the status's
// message. Empty for an OK status.
std::vector<Fault> FaultsOf(const absl::Status& status);

// "a.b" and "c" -> "a.b.c"; "a" and "[2]" -> "a[2]"; either may be empty.
std::string JoinPath(absl::string_view parent, absl::string_view child);

}  // namespace pretext
