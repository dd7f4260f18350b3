#include "core/layers/patch_positions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/ops/basic.h"

namespace pretext {

Tensor SinCosPositions(const PatchGrid& grid, int64_t width, bool class_token) {
  const int64_t prefix = class_token ? 1 : 0, quarter = width / 4;
  Tensor table = Tensor::Zeros({prefix + grid.patches(), width});
  for (int64_t p = 0; p < grid.patches(); ++p) {
    float* const row = table.data() + (prefix + p) * width;
    for (int64_t k = 0; k < quarter; ++k) {
      const double frequency =
          std::pow(10000.0, -static_cast<double>(k) / static_cast<double>(quarter));
      const double x = static_cast<double>(p % grid.columns) * frequency;
      const double y = static_cast<double>(p / grid.columns) * frequency;
      row[k] = static_cast<float>(std::sin(x));
      row[quarter + k] = static_cast<float>(std::cos(x));
      row[2 * quarter + k] = static_cast<float>(std::sin(y));
      row[3 * quarter + k] = static_cast<float>(std::cos(y));
    }
  }
  return table;
}

namespace {

// What each of `to` positions of a line takes of `from` ones: [to][from].
std::vector<std::vector<double>> CubicWeights(int64_t from, int64_t to) {
  constexpr double kA = -0.75;
  const auto near = [](double t) { return ((kA + 2) * t - (kA + 3)) * t * t + 1; };  // |t| <= 1
  const auto far = [](double t) { return ((kA * t - 5 * kA) * t + 8 * kA) * t - 4 * kA; };
  std::vector<std::vector<double>> weights(static_cast<size_t>(to));
  for (int64_t o = 0; o < to; ++o) {
    std::vector<double>& line = weights[static_cast<size_t>(o)];
    line.resize(static_cast<size_t>(from));
    const double at =
        (static_cast<double>(o) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const auto first = static_cast<int64_t>(std::floor(at));
    const double t = at - static_cast<double>(first);
    const std::array<double, 4> parts = {far(t + 1), near(t), near(1 - t), far(2 - t)};
    for (int64_t i = 0; i < 4; ++i)
      line[static_cast<size_t>(std::clamp<int64_t>(first - 1 + i, 0, from - 1))] +=
          parts[static_cast<size_t>(i)];
  }
  return weights;
}

}  // namespace

Var ResizePositions(Tape& tape, Var table, bool class_token, const PatchGrid& from,
                    const PatchGrid& to) {
  if (from == to) return table;
  const auto rows = CubicWeights(from.rows, to.rows),
             columns = CubicWeights(from.columns, to.columns);
  Tensor map = Tensor::Uninitialized({to.patches(), from.patches()});
  float* at = map.data();
  for (const std::vector<double>& row : rows) {
    for (const std::vector<double>& column : columns) {
      for (const double r : row) {
        for (const double c : column) *at++ = static_cast<float>(r * c);
      }
    }
  }
  const int64_t prefix = class_token ? 1 : 0;
  const Var patches = MatMul(tape, tape.Constant(map), Transpose::kNo,
                             Slice(tape, table, prefix, prefix + from.patches()), Transpose::kNo);
  if (!class_token) return patches;
  const Var parts[] = {Slice(tape, table, 0, 1), patches};
  return Concat(tape, parts);
}

}  // namespace pretext
