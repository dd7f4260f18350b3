// The operations that losses are composed of, each against loops in double precision.
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"

namespace pretext {
namespace {

using Vars = std::vector<Var>;
using Points = std::vector<Doubles>;

// A matrix [rows, columns] of doubles, row-major.
struct Matrix {
  size_t rows, columns;
  Doubles values;
  double& at(size_t r, size_t c) { return values[r * columns + c]; }
  double at(size_t r, size_t c) const { return values[r * columns + c]; }
};

Matrix Transposed(const Matrix& x) {
  Matrix y{x.columns, x.rows, Doubles(x.values.size())};
  for (size_t r = 0; r < x.rows; ++r) {
    for (size_t c = 0; c < x.columns; ++c) y.at(c, r) = x.at(r, c);
  }
  return y;
}

Doubles Map(Doubles x, const std::function<double(double)>& f) {
  for (double& v : x) v = f(v);
  return x;
}

// Every column of x, changed in place.
Doubles MapColumns(const Doubles& x, size_t columns, const std::function<void(Doubles&)>& f) {
  Matrix t = Transposed({x.size() / columns, columns, x});
  for (size_t c = 0; c < columns; ++c) {
    const auto begin = t.values.begin() + static_cast<int64_t>(c * t.columns);
    Doubles column(begin, begin + static_cast<int64_t>(t.columns));
    f(column);
    std::copy(column.begin(), column.end(), begin);
  }
  return Transposed(t).values;
}

double MeanOf(const Doubles& x) {
  double sum = 0;
  for (double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

void Center(Doubles& column) {
  const double mean = MeanOf(column);
  for (double& v : column) v -= mean;
}

// Values that are all at least 1/2.
Tensor Positive(const Shape& shape, uint64_t number) {
  Tensor x = RandomTensor(shape, number);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = 0.5f + std::abs(x.data()[i]);
  return x;
}

TEST(ComposedOps, ElementByElement) {
  const Tensor a = RandomTensor({3, 4, 2}, 1), b = RandomTensor({3, 4, 2}, 2);
  const struct {
    std::function<Var(Tape&, Var, Var)> operation;
    std::function<double(double, double)> reference;
  } pairs[] = {
      {Add, [](double x, double y) { return x + y; }},
      {Subtract, [](double x, double y) { return x - y; }},
      {Multiply, [](double x, double y) { return x * y; }},
      // The gradient of an input that is used twice is the sum of both.
      {[](Tape& t, Var x, Var y) { return Multiply(t, Subtract(t, y, x), Add(t, x, x)); },
       [](double x, double y) { return (y - x) * 2 * x; }},
  };
  for (const auto& pair : pairs) {
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const Vars& in) { return pair.operation(tape, in[0], in[1]); }, {a, b},
        [&](const Points& at) {
          Doubles y = at[0];
          for (size_t i = 0; i < y.size(); ++i) y[i] = pair.reference(y[i], at[1][i]);
          return y;
        }));
  }
  const struct {
    std::function<Var(Tape&, Var)> operation;
    std::function<double(double)> reference;
  } singles[] = {
      {[](Tape& t, Var x) { return Scale(t, x, -2.5f); }, [](double x) { return -2.5 * x; }},
      {[](Tape& t, Var x) { return Offset(t, x, 1.5f); }, [](double x) { return x + 1.5; }},
      {Square, [](double x) { return x * x; }},
      {Sqrt, [](double x) { return std::sqrt(x); }},
  };
  for (const auto& single : singles) {
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const Vars& in) { return single.operation(tape, in[0]); },
        {Positive({5, 3}, 3)}, [&](const Points& at) { return Map(at[0], single.reference); }));
  }
}

TEST(ComposedOps, MatMulInEveryTransposition) {
  constexpr size_t kM = 4, kK = 5, kN = 3;
  for (const Transpose ta : {Transpose::kNo, Transpose::kYes}) {
    for (const Transpose tb : {Transpose::kNo, Transpose::kYes}) {
      const bool at = ta == Transpose::kYes, bt = tb == Transpose::kYes;
      EXPECT_TRUE(CheckGradients(
          [&](Tape& tape, const Vars& in) { return MatMul(tape, in[0], ta, in[1], tb, 0.5f); },
          {RandomTensor(at ? Shape{kK, kM} : Shape{kM, kK}, 1),
           RandomTensor(bt ? Shape{kN, kK} : Shape{kK, kN}, 2)},
          [&](const Points& x) {
            const Matrix a = at ? Transposed({kK, kM, x[0]}) : Matrix{kM, kK, x[0]};
            const Matrix b = bt ? Transposed({kN, kK, x[1]}) : Matrix{kK, kN, x[1]};
            Matrix y{kM, kN, Doubles(kM * kN)};
            for (size_t i = 0; i < kM; ++i) {
              for (size_t j = 0; j < kN; ++j) {
                for (size_t k = 0; k < kK; ++k) y.at(i, j) += 0.5 * a.at(i, k) * b.at(k, j);
              }
            }
            return y.values;
          }))
          << at << bt;
    }
  }
}

// xᵀ x: both sides' gradients meet in one.
TEST(ComposedOps, MatMulWithItself) {
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const Vars& in) {
        return MatMul(tape, in[0], Transpose::kYes, in[0], Transpose::kNo);
      },
      {RandomTensor({6, 3}, 1)},
      [](const Points& x) {
        Doubles y(9);
        for (size_t i = 0; i < 9; ++i) {
          for (size_t r = 0; r < 6; ++r) y[i] += x[0][r * 3 + i / 3] * x[0][r * 3 + i % 3];
        }
        return y;
      }));
}

// Slices overlap and leave rows out; parts of other sizes, one twice, one that wants no gradient.
TEST(ComposedOps, SliceAndConcat) {
  const Tensor constant = RandomTensor({1, 2, 3}, 5);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const Vars& in) {
        const Var parts[] = {tape.Constant(constant), Slice(tape, in[0], 1, 4),
                             Slice(tape, in[1], 0, 1), Slice(tape, in[0], 3, 5),
                             Slice(tape, in[0], 2, 2)};
        return Concat(tape, parts);
      },
      {RandomTensor({6, 2, 3}, 1), RandomTensor({2, 2, 3}, 2)},
      [&](const Points& x) {
        Doubles y = ToDoubles(constant);
        y.insert(y.end(), x[0].begin() + 6, x[0].begin() + 24);
        y.insert(y.end(), x[1].begin(), x[1].begin() + 6);
        y.insert(y.end(), x[0].begin() + 18, x[0].begin() + 30);
        return y;
      }));
}

TEST(ComposedOps, SumsAreScalars) {
  const struct {
    std::function<Var(Tape&, Var)> operation;
    std::function<double(const Doubles&)> reference;
  } sums[] = {
      {Sum, [](const Doubles& x) { return MeanOf(x) * static_cast<double>(x.size()); }},
      {Mean, MeanOf},
      {SumOfSquares,
       [](const Doubles& x) {
         double sum = 0;
         for (double v : x) sum += v * v;
         return sum;
       }},
  };
  for (const auto& sum : sums) {
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const Vars& in) {
          const Var y = sum.operation(tape, in[0]);
          EXPECT_EQ(y.shape(), Shape());
          return y;
        },
        {Positive({3, 5, 2}, 4)}, [&](const Points& at) { return Doubles{sum.reference(at[0])}; }));
  }
}

TEST(ComposedOps, NormalizeRows) {
  EXPECT_TRUE(CheckGradients([](Tape& tape, const Vars& in) { return NormalizeRows(tape, in[0]); },
                             {RandomTensor({5, 4}, 1)},
                             [](const Points& at) {
                               Doubles y = at[0];
                               for (size_t r = 0; r < 5; ++r) {
                                 double square = 0;
                                 for (size_t c = 0; c < 4; ++c)
                                   square += y[r * 4 + c] * y[r * 4 + c];
                                 for (size_t c = 0; c < 4; ++c) y[r * 4 + c] /= std::sqrt(square);
                               }
                               return y;
                             }));
  // Shorter than ε, a row is divided by ε.
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const Vars& in) { return NormalizeRows(tape, in[0], 100); },
      {RandomTensor({5, 4}, 1)},
      [](const Points& at) { return Map(at[0], [](double x) { return x / 100; }); }));
  Tape tape;
  const Var zero = tape.Leaf(Tensor::Zeros({2, 3}));
  const Var y = NormalizeRows(tape, zero);
  EXPECT_EQ(ToDoubles(y.value()), Doubles(6, 0.0));
  EXPECT_EQ(FirstNonFinite(y.value()), -1);
}

TEST(ComposedOps, ColumnsOfAMatrix) {
  const Tensor x = RandomTensor({7, 20}, 6, 2);
  EXPECT_TRUE(CheckGradients([](Tape& tape, const Vars& in) { return ColumnMean(tape, in[0]); },
                             {x},
                             [](const Points& at) {
                               Doubles means = MapColumns(at[0], 20, [](Doubles& column) {
                                 std::fill(column.begin(), column.end(), MeanOf(column));
                               });
                               means.resize(20);
                               return means;
                             }));
  EXPECT_TRUE(CheckGradients([](Tape& tape, const Vars& in) { return CenterColumns(tape, in[0]); },
                             {x}, [](const Points& at) { return MapColumns(at[0], 20, Center); }));
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const Vars& in) { return StandardizeColumns(tape, in[0], 0.1f); }, {x},
      [](const Points& at) {
        return MapColumns(at[0], 20, [](Doubles& column) {
          Center(column);
          const double variance = MeanOf(Map(column, [](double v) { return v * v; }));
          for (double& v : column) v /= std::sqrt(variance + 0.1f);
        });
      }));
}

TEST(ComposedOps, DiagonalAndWhatIsBeside) {
  const Tensor x = RandomTensor({5, 5}, 8);
  // Both at once: their gradients meet in one matrix.
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const Vars& in) {
        const Var parts[] = {Diagonal(tape, in[0]),
                             Reshape(tape, OffDiagonalSquares(tape, in[0]), {1})};
        return Concat(tape, parts);
      },
      {x},
      [](const Points& at) {
        Doubles y(6);
        for (size_t i = 0; i < 25; ++i) {
          if (i % 6 == 0) {
            y[i / 6] = at[0][i];
          } else {
            y[5] += at[0][i] * at[0][i];
          }
        }
        return y;
      }));
}

TEST(ComposedOps, NoGradientPassesDetach) {
  Tape tape;
  const Var x = tape.Leaf(Tensor::Full({2}, 3));
  const Var detached = Detach(tape, x);
  EXPECT_FALSE(detached.requires_gradient());
  EXPECT_EQ(ToDoubles(detached.value()), ToDoubles(x.value()));
  tape.Backward(Sum(tape, Multiply(tape, x, detached)));
  EXPECT_EQ(ToDoubles(tape.LeafGradient(x)), Doubles(2, 3.0));  // not 6
}

// Everything but products, large enough for several threads: the same bits.
TEST(ComposedOps, TheSameBitsWhateverTheThreads) {
  const Tensor input = RandomTensor({500, 300}, 9), square = RandomTensor({300, 300}, 10);
  const auto run = [&] {
    Tape tape;
    const Var x = tape.Leaf(input), y = tape.Leaf(square);
    const Var rows = Slice(tape, x, 100, 500);
    const Var parts[] = {NormalizeRows(tape, rows), StandardizeColumns(tape, rows, 1e-5f),
                         CenterColumns(tape, Sqrt(tape, Offset(tape, Square(tape, rows), 1)))};
    const Var all = Concat(tape, parts);
    const Var loss = Add(tape,
                         Add(tape, SumOfSquares(tape, Subtract(tape, all, Scale(tape, all, 0.3f))),
                             Mean(tape, Multiply(tape, all, all))),
                         Add(tape, Sum(tape, ColumnMean(tape, all)), OffDiagonalSquares(tape, y)));
    tape.Backward(loss);
    Doubles result = ToDoubles(tape.LeafGradient(x));
    const Doubles more = ToDoubles(tape.LeafGradient(y));
    result.insert(result.end(), more.begin(), more.end());
    result.push_back(loss.value().item());
    return result;
  };
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Doubles one = run();
  for (const int t : {2, 3, 7}) {
    omp_set_num_threads(t);
    EXPECT_TRUE(run() == one) << t;
  }
  omp_set_num_threads(threads);
}

// A shape that does not fit is named.
TEST(ComposedOpsDeathTest, WrongShapesAreNamed) {
  Tape tape;
  const auto zeros = [&](const Shape& shape) { return tape.Constant(Tensor::Zeros(shape)); };
  const Var matrix = zeros({3, 4}), other = zeros({4, 3}), cube = zeros({2, 2, 2}), one = zeros({});
  const auto no = Transpose::kNo;
  EXPECT_DEATH(Add(tape, matrix, other),
               "Add takes two tensors of one shape; it is given 3×4 and 4×3");
  EXPECT_DEATH(Subtract(tape, matrix, one), "Subtract .* it is given 3×4 and a scalar");
  EXPECT_DEATH(Multiply(tape, matrix, other), "Multiply .* 3×4 and 4×3");
  EXPECT_DEATH(MatMul(tape, cube, no, matrix, no), "MatMul takes matrices; it is given 2×2×2 and");
  EXPECT_DEATH(MatMul(tape, matrix, no, matrix, no), "MatMul .* fit each other; .* 3×4 and 3×4");
  EXPECT_DEATH(Slice(tape, matrix, 2, 4), "Slice takes rows that are there; it is given 3×4");
  EXPECT_DEATH(Slice(tape, one, 0, 1), "Slice .* a scalar");
  const Var parts[] = {matrix, other};
  EXPECT_DEATH(Concat(tape, parts), "Concat .* 3×4 and 4×3");
  EXPECT_DEATH(Mean(tape, zeros({0, 3})), "Mean takes at least one element; it is given 0×3");
  EXPECT_DEATH(NormalizeRows(tape, cube), "NormalizeRows takes a matrix with rows; .* 2×2×2");
  EXPECT_DEATH(ColumnMean(tape, one), "ColumnMean");
  EXPECT_DEATH(CenterColumns(tape, zeros({0, 3})), "CenterColumns");
  EXPECT_DEATH(StandardizeColumns(tape, cube, 1), "StandardizeColumns");
  EXPECT_DEATH(Diagonal(tape, matrix), "Diagonal takes a square matrix; it is given 3×4");
  EXPECT_DEATH(OffDiagonalSquares(tape, matrix), "OffDiagonalSquares .* 3×4");
}

}  // namespace
}  // namespace pretext
