#include "cli/openmp.h"

#include <omp.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kernels/team/team.h"

namespace pretext {
namespace {

constexpr char kSpins[] = "2000";

}  // namespace

void ChooseWaiting(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("GOMP_SPINCOUNT", kSpins, /*overwrite=*/1);
  execv("/proc/self/exe", argv);
  // Where that cannot be, the program goes on with libgomp's default.
}

std::string DescribeWaiting() {
  const char* const spins = std::getenv("GOMP_SPINCOUNT");
  const char* const policy = std::getenv("OMP_WAIT_POLICY");
  if (spins != nullptr) {
    return absl::StrCat("by spinning ", spins, " turns, then sleeping",
                        std::string(spins) == kSpins ? "" : " (GOMP_SPINCOUNT)");
  }
  if (policy == nullptr) return "by spinning for milliseconds, then sleeping (libgomp's default)";
  return absl::StrCat("by ", absl::EqualsIgnoreCase(policy, "passive") ? "sleeping" : "spinning",
                      " (OMP_WAIT_POLICY=", policy, ")");
}

absl::Status CheckTeams() {
  SettleTeam();
  const int told = omp_get_max_threads(), counted = CountTeam();
  if (counted == told) return absl::OkStatus();
  std::string settings;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (absl::StartsWith(*variable, "OMP_") || absl::StartsWith(*variable, "GOMP_"))
      absl::StrAppend(&settings, " ", *variable);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("OpenMP gives a team of ", counted, " threads where it tells of ", told,
                   ": results would be wrong. The environment has",
                   settings.empty() ? " no OMP_ variable" : "", settings));
}

}  // namespace pretext
