// Where exceptions of libraries end: the program's own code has none.
//
// The standard library throws when there is no memory, no thread, or a path that cannot be looked
// at; oneDNN and Eigen when a primitive cannot be made. On the thread that runs a command they
// become its status. On another, where nobody could catch them, they end the process with the same
// message and exit status 1, without a core dump.
#pragma once

#include <exception>
#include <functional>

#include "absl/status/status.h"

namespace pretext {

// What was thrown, in words: ResourceExhausted for memory, the errno's code for the system's
// errors, Internal else.
absl::Status StatusOfException(std::exception_ptr thrown);

// What `act` returns, or the status of what it throws.
absl::Status CatchExceptions(const std::function<absl::Status()>& act);

// From now on an exception that nobody catches is said on standard error and ends the process with
// exit status 1.
void EndOnUncaughtExceptions();

}  // namespace pretext
