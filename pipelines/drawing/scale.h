// An axis: from values to places, and the values that are written beside it.
#pragma once

#include <string>
#include <vector>

namespace pretext {

class Scale {
 public:
  // [low, high] is shown from `from` to `to`. With `log` by logarithms; both are above 0 then.
  // Equal ends are moved apart.
  Scale(double low, double high, double from, double to, bool log);

  double operator()(double value) const;
  // From about `count` / 2 to twice as many round values within the range: 1, 2 or 5 times a power
  // of ten apart; by logarithms powers of ten, or 1, 2 and 5 times these.
  std::vector<double> Ticks(int count) const;

 private:
  double low_, high_, from_, to_;
  bool log_;
};

// "0.05", "2000", "3e-07": as short as it can be.
std::string TickText(double value);

}  // namespace pretext
