#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/attention/attention_reference.h"
#include "omp.h"

namespace pretext {

using namespace attention_reference;  // NOLINT: of the tests

namespace {

double Error(const Case& c, const Floats& ours, const Doubles& want) {
  return WorstError(ours, want, Tolerance(c));
}

// Q, K and V side by side in one matrix, as a packed projection has them; elements that must be
// written start as NaN.
Outputs<float> Ours(const Case& c, const Inputs<float>& in) {
  const int64_t f = c.features();
  const bool packed = c.positions.empty();
  const int64_t q_stride = packed ? 3 * f : f, kv_stride = packed ? 3 * f : 2 * f;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Floats kv(c.keys() * kv_stride), dkv(kv.size(), nan), q_apart(packed ? 0 : in.q.size()),
      dq_apart(q_apart.size(), nan);
  float* q = packed ? kv.data() : q_apart.data();
  float* dq = packed ? dkv.data() : dq_apart.data();
  float* k = kv.data() + (packed ? f : 0);
  float* dk = dkv.data() + (packed ? f : 0);
  for (int64_t r = 0; r < c.queries(); ++r) std::copy_n(&in.q[r * f], f, q + r * q_stride);
  for (int64_t r = 0; r < c.keys(); ++r) {
    std::copy_n(&in.k[r * f], f, k + r * kv_stride);
    std::copy_n(&in.v[r * f], f, k + f + r * kv_stride);
  }
  const DropoutMask mask = c.Mask();
  AttentionShape shape{
      .samples = c.samples, .tokens = c.tokens, .heads = c.heads, .head_width = c.width};
  shape.scale = c.scale();
  shape.lengths = c.lengths.empty() ? nullptr : c.lengths.data();
  shape.positions = packed ? nullptr : c.positions.data();
  shape.queries = c.queries();
  shape.dropout = &mask;
  shape.first_sample = Case::kFirstSample;
  Outputs<float> out{Floats(in.q.size(), nan), Floats(in.q.size()), Floats(in.k.size()),
                     Floats(in.k.size())};
  Floats statistics(c.queries() * c.heads * 2, nan);
  AttentionForward(shape, {q, q_stride}, {k, kv_stride}, {k + f, kv_stride}, {out.out.data(), f},
                   statistics.data());
  AttentionBackward(shape, {q, q_stride}, {k, kv_stride}, {k + f, kv_stride}, {out.out.data(), f},
                    statistics.data(), {in.dout.data(), f}, {dq, q_stride}, {dk, kv_stride},
                    {dk + f, kv_stride});
  for (int64_t r = 0; r < c.queries(); ++r) std::copy_n(dq + r * q_stride, f, &out.dq[r * f]);
  for (int64_t r = 0; r < c.keys(); ++r) {
    std::copy_n(dk + r * kv_stride, f, &out.dk[r * f]);
    std::copy_n(dk + f + r * kv_stride, f, &out.dv[r * f]);
  }
  return out;
}

TEST(Attention, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : Cases()) {
    const Inputs<float> in = RandomInputs(c);
    const Outputs<float> ours = Ours(c, in);
    const Outputs<double> want = Naive(c, ToDouble(in), true);
    EXPECT_LE(Error(c, ours.out, want.out), 1) << c.name;
    EXPECT_LE(Error(c, ours.dq, want.dq), 1) << c.name;
    EXPECT_LE(Error(c, ours.dk, want.dk), 1) << c.name;
    EXPECT_LE(Error(c, ours.dv, want.dv), 1) << c.name;
  }
}

// The reference's own gradients, by central differences of its forward pass.
TEST(Attention, ReferenceGradientsMatchFiniteDifferences) {
  const Case c{"", 2, 4, 2, 3, {4, 3}, {}, 0.3f};
  Inputs<double> in = ToDouble(RandomInputs(c));
  const Outputs<double> want = Naive(c, in, true);
  const auto objective = [&] {
    const Doubles out = Naive(c, in, false).out;
    double total = 0;
    for (size_t i = 0; i < out.size(); ++i) total += out[i] * in.dout[i];
    return total;
  };
  const auto check = [&](Doubles& input, const Doubles& gradient) {
    for (size_t i = 0; i < input.size(); ++i) {
      const double x = input[i], h = 1e-5;
      input[i] = x + h;
      const double up = objective();
      input[i] = x - h;
      const double down = objective();
      input[i] = x;
      // h² times a third derivative of order 1, and rounding of 1e-15 / h.
      ASSERT_TRUE(std::abs((up - down) / (2 * h) - gradient[i]) <= 1e-8) << i;
    }
  };
  check(in.q, want.dq);
  check(in.k, want.dk);
  check(in.v, want.dv);
}

TEST(Attention, PlantedFaultsAreCaught) {
  const Case c{"", 3, 40, 2, 16, {40, 33, 7}, {}, 0.25f};
  const Inputs<float> in = RandomInputs(c);
  const Outputs<double> want = Naive(c, ToDouble(in), true);
  ASSERT_LE(Error(c, Ours(c, in).dq, want.dq), 1);
  Case other = c;
  other.lengths[2] = 8;  // one key of padding seen
  EXPECT_GT(Error(c, Ours(other, in).out, want.out), 1);
  other = c;
  other.dropout = 0;
  EXPECT_GT(Error(c, Ours(other, in).dv, want.dv), 1);
  Inputs<float> changed = in;
  changed.k.front() *= 1.01f;
  EXPECT_GT(Error(c, Ours(c, changed).out, want.out), 1);
  Floats wrong = Ours(c, in).dk;
  wrong[9] += 1e-3f;
  EXPECT_GT(Error(c, wrong, want.dk), 1);
  wrong[9] = NAN;
  EXPECT_GT(Error(c, wrong, want.dk), 1);
}

// The masked queries of the last layer alone give what the full pass gives at their positions,
// dropout included.
TEST(Attention, QueriesAtPositionsGiveTheRowsOfAll) {
  const PickedQueries queries;
  queries.ExpectRowsOfAll(Ours(queries.some, queries.picked).out,
                          Ours(queries.all, queries.in).out);
}

TEST(Attention, NanInAKeyReachesItsSampleOnly) {
  const Case c{"", 2, 20, 1, 8, {}, {}};
  Inputs<float> in = RandomInputs(c);
  in.k[0] = NAN;
  const Floats out = Ours(c, in).out;
  EXPECT_TRUE(
      std::all_of(out.begin(), out.begin() + 20 * 8, [](float x) { return std::isnan(x); }));
  EXPECT_TRUE(std::none_of(out.begin() + 20 * 8, out.end(), [](float x) { return std::isnan(x); }));
}

TEST(Attention, SameBitsForAnyNumberOfThreads) {
  const Case c{"", 5, 70, 3, 16, {70, 3, 55, 70, 0}, {}, 0.1f};
  const Inputs<float> in = RandomInputs(c);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Outputs<float> one = Ours(c, in);
  omp_set_num_threads(4);
  const Outputs<float> four = Ours(c, in);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.out, four.out);
  EXPECT_EQ(one.dq, four.dq);
  EXPECT_EQ(one.dk, four.dk);
  EXPECT_EQ(one.dv, four.dv);
}

}  // namespace
}  // namespace pretext
