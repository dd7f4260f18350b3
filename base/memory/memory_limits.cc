#include "base/memory/memory_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace pretext {
namespace {

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A number in a file of its own; nothing for "max", and for the figures of v1 that mean no limit.
std::optional<double> LimitIn(const std::string& path) {
  constexpr double kNoLimit = 9e18;
  double bytes = 0;
  if (!absl::SimpleAtod(absl::StripSuffix(ReadAll(path), "\n"), &bytes)) return std::nullopt;
  return bytes < kNoLimit ? std::optional<double>(bytes) : std::nullopt;
}

// The least of the files called `name` in `folder`/`group` and the folders around it, down to
// `folder`. In a container the group may be one of the machine's that is not seen from inside: then
// `folder` alone counts.
std::optional<double> LeastUpwards(const std::string& folder, std::string group, const char* name) {
  std::optional<double> least;
  for (;;) {
    const std::optional<double> limit = LimitIn(absl::StrCat(folder, group, "/", name));
    if (limit) least = std::min(*limit, least.value_or(*limit));
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos) return least;
    group.resize(slash);
  }
}

// Of /proc/self/status, in bytes: "VmSize", "VmRSS", "VmData".
double StatusBytes(const std::string& field) {
  for (const absl::string_view line : absl::StrSplit(ReadAll("/proc/self/status"), '\n')) {
    if (!absl::StartsWith(line, absl::StrCat(field, ":"))) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    double kilobytes = 0;
    if (words.size() > 1 && absl::SimpleAtod(words[1], &kilobytes)) return 1024 * kilobytes;
  }
  return 0;
}

void AddResourceLimit(decltype(RLIMIT_AS) resource, const char* field, const char* whose,
                      std::vector<MemoryLimit>* limits) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  limits->push_back({static_cast<double>(limit.rlim_cur), whose, field});
}

}  // namespace

std::optional<double> CgroupLimit(const std::string& proc_self_cgroup, const std::string& root) {
  std::optional<double> least;
  const auto take = [&](std::optional<double> limit) {
    if (limit) least = std::min(*limit, least.value_or(*limit));
  };
  for (const absl::string_view line : absl::StrSplit(proc_self_cgroup, '\n')) {
    // "0::/user.slice" of v2; "4:memory:/docker/1f" of v1, perhaps with other controllers.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::string group = parts[2] == "/" ? "" : parts[2];
    if (parts[0] == "0" && parts[1].empty()) take(LeastUpwards(root, group, "memory.max"));
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      take(LeastUpwards(root + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

double MemoryLimit::used() const { return StatusBytes(field); }

std::vector<MemoryLimit> MemoryLimits() {
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  std::vector<MemoryLimit> limits = {{machine, "this machine has", "VmRSS"}};
  if (const auto group = CgroupLimit(ReadAll("/proc/self/cgroup"), "/sys/fs/cgroup")) {
    limits.push_back({*group, "its control group (a container) allows", "VmRSS"});
  }
  AddResourceLimit(RLIMIT_AS, "VmSize", "the limit of address space (ulimit -v) allows", &limits);
  AddResourceLimit(RLIMIT_DATA, "VmData", "the limit of data (ulimit -d) allows", &limits);
  return limits;
}

MemoryLimit TightestMemoryLimit() {
  const std::vector<MemoryLimit> limits = MemoryLimits();
  return *std::min_element(
      limits.begin(), limits.end(),
      [](const MemoryLimit& a, const MemoryLimit& b) { return a.left() < b.left(); });
}

}  // namespace pretext
