// How much memory this process may have: the machine's, and what a shell or a container allows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pretext {

struct MemoryLimit {
  double bytes = 0;        // that the process may have in all
  std::string whose;       // "this machine has", "the limit of address space (ulimit -v) allows"
  const char* field = "";  // of /proc/self/status, what of the process counts: "VmRSS"

  // What the process has of it now.
  double used() const;
  double left() const { return bytes - used(); }
  // Whether it is of what is resident, not of what is mapped.
  bool counts_resident() const { return std::string_view(field) == "VmRSS"; }
};

// Every limit there is, the machine's memory first:
//
//   the machine          its physical memory, beside what is resident
//   cgroups, v1 and v2   the least of the process's group and those around it, likewise
//   RLIMIT_AS            the address space (ulimit -v), beside what is mapped
//   RLIMIT_DATA          private memory (ulimit -d), beside what is mapped of it
std::vector<MemoryLimit> MemoryLimits();

// The limit that leaves least.
MemoryLimit TightestMemoryLimit();

// Of the groups that /proc/self/cgroup lists, below `root` (/sys/fs/cgroup); nothing without a
// limit.
std::optional<double> CgroupLimit(const std::string& proc_self_cgroup, const std::string& root);

}  // namespace pretext
