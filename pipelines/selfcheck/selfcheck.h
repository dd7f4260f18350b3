// `pretext selfcheck`: whether this program computes on this machine what it computes in its tests,
// in about a minute.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace pretext {

struct CheckResult {
  bool passed = true;
  std::string text;  // what was found, in one line
};

struct SelfCheck {
  const char* name;
  std::function<CheckResult()> run;
};

// Files are tried in `folder`.
std::vector<SelfCheck> SelfChecks(const std::string& folder);

// Each by itself.

// Gradients of every encoder, head and loss that is linked in and can be built with its defaults:
// its length against differences of the values along it, parameters and input together.
CheckResult CheckPluginGradients();
// Passes forward and back with one thread and with all: own kernels give the same bits, the
// libraries' products the same within rounding.
CheckResult CheckThreads();
// NT-Xent by tiles against sums over all pairs in double precision: loss and gradient.
CheckResult CheckTiledNtXent();
// Shares of masked, replaced and kept tokens.
CheckResult CheckMaskingRates();
// A file written aside and renamed over another, a folder exchanged, a lock that a second one finds
// taken, in a folder of its own that is removed.
CheckResult CheckFiles(const std::string& folder);
// Speeds of a matrix product and of a convolution; they fail where a result is wrong.
CheckResult CheckProducts();
CheckResult CheckConvolutions();

}  // namespace pretext
