#include "pipelines/neighbours/nearest.h"

#include <algorithm>
#include <cmath>

#include "kernels/reduce/dot_product.h"

namespace pretext {
namespace {

// The best so far of one query.
class Best {
 public:
  explicit Best(int64_t top) : top_(static_cast<size_t>(top)) {}
  void Offer(const Neighbour& neighbour) {
    if (kept_.size() == top_ && !Before(neighbour, kept_.back())) return;
    kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), neighbour, Before), neighbour);
    if (kept_.size() > top_) kept_.pop_back();
  }
  const std::vector<Neighbour>& kept() const { return kept_; }

 private:
  static bool Before(const Neighbour& a, const Neighbour& b) {
    return a.cosine > b.cosine || (a.cosine == b.cosine && a.row < b.row);
  }
  const size_t top_;
  std::vector<Neighbour> kept_;
};

}  // namespace

std::vector<std::vector<Neighbour>> FindNearest(const VectorTable& table,
                                                const std::vector<float>& queries,
                                                const std::vector<std::string>& names,
                                                int64_t top) {
  const int64_t width = table.width();
  const auto count = static_cast<int64_t>(names.size());
  std::vector<double> lengths;
  for (int64_t q = 0; q < count; ++q) {
    const float* const query = queries.data() + q * width;
    lengths.push_back(std::sqrt(RowDot(width, query, query)));
  }
  std::vector<Best> best(names.size(), Best(top));
#pragma omp parallel
  {
    std::vector<Best> own(names.size(), Best(top));
#pragma omp for schedule(static)
    for (int64_t n = 0; n < table.count(); ++n) {
      const float* const row = table.row(n);
      const double length = std::sqrt(RowDot(width, row, row));
      for (int64_t q = 0; q < count; ++q) {
        if (table.name(n) == names[static_cast<size_t>(q)]) continue;
        const double both = length * lengths[static_cast<size_t>(q)];
        const double cosine = both > 0 ? RowDot(width, row, queries.data() + q * width) / both : 0;
        own[static_cast<size_t>(q)].Offer({n, cosine});
      }
    }
#pragma omp critical(pretext_nearest)
    for (size_t q = 0; q < own.size(); ++q) {
      for (const Neighbour& neighbour : own[q].kept()) best[q].Offer(neighbour);
    }
  }
  std::vector<std::vector<Neighbour>> nearest;
  for (const Best& of_one : best) nearest.push_back(of_one.kept());
  return nearest;
}

}  // namespace pretext
