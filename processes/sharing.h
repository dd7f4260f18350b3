// What all processes are to know: from one to all, and of all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "processes/processes.h"

namespace pretext {

// `bytes` at `data` of process 0 to all, along a binary tree.
absl::Status Broadcast(Processes& processes, void* data, size_t bytes);

// The text of process 0, of at most kMostOfText bytes; a longer one is an error of all.
inline constexpr uint64_t kMostOfText = uint64_t{64} << 20;
absl::StatusOr<std::string> BroadcastText(Processes& processes, std::string text);

// One status for all, of process 0: what it alone does went well, or not. Others get the code and
// the message as they are.
absl::Status ShareStatus(Processes& processes, const absl::Status& status);

// `bytes` of each, process r's at r · bytes: the own ones are there, the others' come.
absl::Status Gather(Processes& processes, void* all, size_t bytes);

// The largest of their numbers.
absl::StatusOr<int32_t> MostOf(Processes& processes, int32_t number);

// OK where what each did for itself went well in all; else the own fault, or another's. Who gets
// its own back is to tell the others (Processes::Fail), which wait for that here. A fault that all
// find is so the first process's own: the others keep theirs until it is known that it has none.
absl::Status AllWell(Processes& processes, const absl::Status& own);

// Until all are there.
absl::Status WaitForAll(Processes& processes);

}  // namespace pretext
