#include "core/flow/by_class.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/check/check.h"
#include "base/random/permutation.h"

namespace pretext {
namespace {

// The class of those for which `may` holds whose share is the farthest above (sign 1) or below
// (sign -1) what it would be in proportion; -1: there is none.
template <typename May>
int64_t Farthest(const std::vector<int64_t>& shares, const std::vector<double>& quotas, double sign,
                 const May& may) {
  int64_t best = -1;
  double most = 0;
  for (size_t c = 0; c < shares.size(); ++c) {
    const double above = sign * (static_cast<double>(shares[c]) - quotas[c]);
    if (!may(c) || (best >= 0 && above <= most)) continue;
    best = static_cast<int64_t>(c);
    most = above;
  }
  return best;
}

}  // namespace

std::vector<int64_t> SharesOfClasses(const std::vector<int64_t>& sizes, int64_t count,
                                     bool leaves_one) {
  const int64_t all = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  PRETEXT_CHECK(count >= 0 && count <= all, "a part of the samples");
  std::vector<int64_t> shares(sizes.size());
  if (all == 0) return shares;
  std::vector<double> quotas(sizes.size());
  for (size_t c = 0; c < sizes.size(); ++c) {
    quotas[c] =
        static_cast<double>(count) * static_cast<double>(sizes[c]) / static_cast<double>(all);
    shares[c] = std::min(sizes[c], static_cast<int64_t>(quotas[c]));
  }
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto rest = [&](size_t c) { return quotas[c] - static_cast<double>(shares[c]); };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rest(a) > rest(b); });
  int64_t left = count - std::accumulate(shares.begin(), shares.end(), int64_t{0});
  for (size_t i = 0; left > 0; i = (i + 1) % order.size()) {
    if (shares[order[i]] == sizes[order[i]]) continue;
    ++shares[order[i]];
    --left;
  }
  const int64_t least = leaves_one ? 2 : 1;  // of a class that is to have one in the part
  const bool all_have = count >= std::count_if(sizes.begin(), sizes.end(),
                                               [&](int64_t size) { return size >= least; });
  for (size_t c = 0; all_have && c < sizes.size(); ++c) {
    if (shares[c] > 0 || sizes[c] < least) continue;
    const int64_t from = Farthest(shares, quotas, 1, [&](size_t d) { return shares[d] > 1; });
    if (from < 0) break;
    --shares[static_cast<size_t>(from)];
    ++shares[c];
  }
  for (size_t c = 0; leaves_one && c < sizes.size(); ++c) {
    if (shares[c] < sizes[c] || sizes[c] == 0) continue;
    const int64_t to =
        Farthest(shares, quotas, -1, [&](size_t d) { return sizes[d] - shares[d] > 1; });
    if (to < 0) break;
    ++shares[static_cast<size_t>(to)];
    --shares[c];
  }
  return shares;
}

std::vector<int64_t> DrawByClass(const std::vector<int32_t>& labels, int64_t count, bool leaves_one,
                                 const RandomKey& key) {
  std::map<int32_t, size_t> classes;
  std::vector<int64_t> sizes;
  std::vector<size_t> class_of;
  for (const int32_t label : labels) {
    const auto [at, is_new] = classes.emplace(label, sizes.size());
    if (is_new) sizes.push_back(0);
    ++sizes[at->second];
    class_of.push_back(at->second);
  }
  std::vector<int64_t> left = SharesOfClasses(sizes, count, leaves_one);
  std::vector<int64_t> drawn;
  const auto n = static_cast<int64_t>(labels.size());
  const Permutation order(key, n);
  for (int64_t place = 0; place < n && static_cast<int64_t>(drawn.size()) < count; ++place) {
    const int64_t index = order[place];
    int64_t& of_class = left[class_of[static_cast<size_t>(index)]];
    if (of_class == 0) continue;
    --of_class;
    drawn.push_back(index);
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

}  // namespace pretext
