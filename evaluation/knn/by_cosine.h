// The nearest rows by cosine, whatever the rows' lengths are and wherever they lie.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/features/features.h"

namespace pretext {

// Finds neighbours of the first `queries` rows of one matrix among the rows of another (kernels/knn
// has the order of equal ones). Scores of a query order the rows as cosines do, and
//
//   cosine = score · scale(query) + offset(query)
//
// with 0 for a zero row. Products are in single precision. Where that cannot hold them, of lengths
// whose products leave its range, or cannot tell them apart, of rows that nearly all point the same
// way, they are of copies: with m the mean of the base's unit vectors, and a and b unit vectors,
//
//   a·b = (a - m)·(b - m) + m·(b - m) + a·m
//
// whose first two terms are small where a and b are near m, and whose last is the query's offset.
class ByCosine {
 public:
  // Keeps references to both, which are finite and of the same width.
  ByCosine(const Features& base, const Features& of, int64_t queries);

  // Of queries [first, first + rows): `indices` and `scores` [rows, k], 1 <= k <= rows of the base.
  void Nearest(int64_t first, int64_t rows, int64_t k, int32_t* indices, float* scores) const;

  double scale(int64_t query) const { return copied_ ? 1 : inverse_[query]; }
  double offset(int64_t query) const { return copied_ ? offset_[query] : 0; }

 private:
  void Copy(const std::vector<double>& mean, const std::vector<double>& base_lengths,
            const std::vector<double>& lengths);

  const Features &base_, &of_;
  int64_t queries_;
  bool copied_ = false;
  std::vector<float> base_inverse_, inverse_;  // 1 / length, of what is not copied
  std::vector<float> base_rows_;               // [N, D + 1]: b - m, m·(b - m)
  std::vector<float> rows_;                    // [queries, D + 1]: a - m, 1
  std::vector<double> offset_;                 // a·m
};

}  // namespace pretext
