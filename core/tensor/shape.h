// Dimensions of a tensor, at most five, kept in place (no allocation).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "base/check/check.h"

namespace pretext {

class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) {
    for (int64_t d : dims) Append(d);
  }

  int rank() const { return rank_; }
  int64_t operator[](int i) const { return dims_[i]; }
  int64_t& operator[](int i) { return dims_[i]; }
  const int64_t* begin() const { return dims_.data(); }
  const int64_t* end() const { return dims_.data() + rank_; }
  void Append(int64_t dim) {
    PRETEXT_CHECK(rank_ < kMaxRank, "a shape has at most five dimensions");
    dims_[static_cast<size_t>(rank_++)] = dim;
  }
  // Number of elements; 1 for rank 0.
  int64_t size() const {
    int64_t n = 1;
    for (int64_t d : *this) n *= d;
    return n;
  }
  // "128×784"
  std::string ToString() const {
    std::string text;
    for (int i = 0; i < rank_; ++i) text += (i ? "×" : "") + std::to_string(dims_[i]);
    return text;
  }
  friend bool operator==(const Shape& a, const Shape& b) {
    return a.rank_ == b.rank_ && a.dims_ == b.dims_;  // dims beyond the rank are always zero
  }

 private:
  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

}  // namespace pretext
