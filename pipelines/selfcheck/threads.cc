#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/check/worse.h"
#include "core/autograd/autograd.h"
#include "core/ops/basic.h"
#include "kernels/nt_xent/nt_xent.h"
#include "pipelines/selfcheck/numbers.h"
#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {
namespace {

Tensor Filled(const Shape& shape, uint64_t seed) {
  Tensor tensor = Tensor::Uninitialized(shape);
  const std::vector<float> values = Uniform(tensor.size(), seed);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

// Sums and losses of own kernels, on so many rows that all threads have some.
std::vector<float> OwnKernels() {
  constexpr int64_t kRows = 512, kWidth = 64;
  std::vector<float> out(kRows * kWidth);
  const std::vector<float> x = Uniform(kRows * kWidth, 1);
  ComputeNtXent({.samples = kRows / 2, .features = kWidth}, x.data(), out.data(), nullptr);
  Tape tape;
  const Var in = tape.Leaf(Filled({kRows, kWidth}, 2));
  const Var loss =
      Mean(tape, Square(tape, StandardizeColumns(tape, NormalizeRows(tape, in), 1e-5f)));
  tape.Backward(loss);
  const Tensor gradient = tape.LeafGradient(in);
  out.insert(out.end(), gradient.data(), gradient.data() + gradient.size());
  return out;
}

// A product of the libraries.
std::vector<float> Product() {
  Tape tape(/*recording=*/false);
  const Var y = MatMul(tape, tape.Constant(Filled({512, 384}, 3)), Transpose::kNo,
                       tape.Constant(Filled({384, 256}, 4)), Transpose::kNo);
  return {y.value().data(), y.value().data() + y.value().size()};
}

}  // namespace

CheckResult CheckThreads() {
  const int threads = omp_get_max_threads();
  std::vector<float> own[2], product[2];
  for (const int i : {0, 1}) {
    omp_set_num_threads(i == 0 ? 1 : std::max(2, threads));
    own[i] = OwnKernels();
    product[i] = Product();
  }
  omp_set_num_threads(threads);
  const bool same = std::memcmp(own[0].data(), own[1].data(), own[0].size() * sizeof(float)) == 0;
  double worst = 0, squares = 0;
  for (size_t i = 0; i < product[0].size(); ++i) {
    worst = Worse(worst, double{std::abs(product[0][i] - product[1][i])});
    squares += double{product[0][i]} * product[0][i];
  }
  worst /= std::sqrt(squares / static_cast<double>(product[0].size()));
  // Sums of 384 products in another order.
  const bool close = worst <= 1e-5;
  return {
      same && close,
      absl::StrFormat("1 against %d: own kernels give %s, the libraries' products differ by %.1e",
                      std::max(2, threads), same ? "the same bits" : "OTHER BITS", worst)};
}

}  // namespace pretext
