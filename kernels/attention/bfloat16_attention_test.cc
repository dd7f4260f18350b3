#include "kernels/attention/bfloat16_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/attention/attention_reference.h"
#include "omp.h"

namespace pretext {

using namespace attention_reference;  // NOLINT: of the tests

namespace {

using Narrow = std::vector<Bfloat16>;

struct Result {
  Outputs<float> values;
  Floats column_sums;
};

// Elements that must be written start as NaN.
Result Ours(const Case& c, const Inputs<float>& in) {
  const int64_t f = c.features(), stride = 2 * f;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Floats kv(c.keys() * stride);
  Narrow dkv(kv.size(), ToBfloat16(nan)), dq(in.q.size(), ToBfloat16(nan));
  for (int64_t r = 0; r < c.keys(); ++r) {
    std::copy_n(&in.k[r * f], f, &kv[r * stride]);
    std::copy_n(&in.v[r * f], f, &kv[r * stride + f]);
  }
  const DropoutMask mask = c.Mask();
  AttentionShape shape{
      .samples = c.samples, .tokens = c.tokens, .heads = c.heads, .head_width = c.width};
  shape.scale = c.scale();
  shape.lengths = c.lengths.empty() ? nullptr : c.lengths.data();
  shape.positions = c.positions.empty() ? nullptr : c.positions.data();
  shape.queries = c.queries();
  shape.dropout = &mask;
  shape.first_sample = Case::kFirstSample;
  Result result{
      {Floats(in.q.size(), nan), Floats(dq.size()), Floats(in.k.size()), Floats(in.k.size())},
      Floats(c.samples * 3 * f, nan)};
  Outputs<float>& out = result.values;
  Floats statistics(c.queries() * c.heads * 2, nan);
  Bfloat16AttentionForward(shape, {in.q.data(), f}, {kv.data(), stride}, {kv.data() + f, stride},
                           {out.out.data(), f}, statistics.data());
  Bfloat16AttentionBackward(shape, {in.q.data(), f}, {kv.data(), stride}, {kv.data() + f, stride},
                            {out.out.data(), f}, statistics.data(), {in.dout.data(), f},
                            {dq.data(), f}, {dkv.data(), stride}, {dkv.data() + f, stride},
                            result.column_sums.data());
  ToFloat(dq.size(), dq.data(), out.dq.data());
  for (int64_t r = 0; r < c.keys(); ++r) {
    ToFloat(f, &dkv[r * stride], &out.dk[r * f]);
    ToFloat(f, &dkv[r * stride + f], &out.dv[r * f]);
  }
  return result;
}

struct Wanted {
  explicit Wanted(const Case& c, const Inputs<float>& in)
      : values(Naive(c, ToDouble(in), true, &terms)) {}
  Outputs<double> terms, values;
};

// The largest error over its bound: each term by half a unit in the last place of bfloat16 as often
// as it is rounded, gradients once more as they are written; beside the error of float32.
double Error(const Case& c, const Floats& ours, const Doubles& want, const Doubles& terms,
             int writes) {
  Largest worst;
  for (size_t i = 0; i < want.size(); ++i) {
    const double bound = kBfloat16Rounding * (terms[i] + writes * std::abs(want[i]));
    // 1.02: a term that is rounded twice, and a bound that is rounded with what it bounds.
    worst.Add(std::abs(ours[i] - want[i]) / (1.02 * bound + Tolerance(c)));
  }
  return worst.value();
}
double Error(const Case& c, const Outputs<float>& ours, const Wanted& want) {
  Largest worst;
  worst.Add(Error(c, ours.out, want.values.out, want.terms.out, 0));
  worst.Add(Error(c, ours.dq, want.values.dq, want.terms.dq, 1));
  worst.Add(Error(c, ours.dk, want.values.dk, want.terms.dk, 1));
  worst.Add(Error(c, ours.dv, want.values.dv, want.terms.dv, 1));
  return worst.value();
}

TEST(Bfloat16Attention, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : Cases()) {
    const Inputs<float> in = RandomInputs(c);
    const double error = Error(c, Ours(c, in).values, Wanted(c, in));
    EXPECT_FALSE(!(error <= 1)) << c.name << " " << error;
  }
}

TEST(Bfloat16Attention, ColumnSumsAreThoseOfEachSamplesGradients) {
  for (const Case& c : Cases()) {
    const Inputs<float> in = RandomInputs(c);
    const Floats ours = Ours(c, in).column_sums;
    const Wanted want(c, in);
    const int64_t f = c.features();
    Doubles sums(ours.size()), terms(ours.size());
    const auto add = [&](int64_t sample, int64_t part, const Doubles& values, const Doubles& sizes,
                         int64_t row) {
      for (int64_t i = 0; i < f; ++i) {
        sums[(sample * 3 + part) * f + i] += values[row * f + i];
        terms[(sample * 3 + part) * f + i] += sizes[row * f + i];
      }
    };
    for (int64_t r = 0; r < c.queries(); ++r) {
      const int64_t position = c.positions.empty() ? r : c.positions[r];
      add(position / c.tokens, 0, want.values.dq, want.terms.dq, r);
    }
    for (int64_t r = 0; r < c.keys(); ++r) {
      add(r / c.tokens, 1, want.values.dk, want.terms.dk, r);
      add(r / c.tokens, 2, want.values.dv, want.terms.dv, r);
    }
    Largest worst;
    for (size_t i = 0; i < sums.size(); ++i) {
      worst.Add(std::abs(ours[i] - sums[i]) /
                (1.02 * kBfloat16Rounding * terms[i] + c.tokens * Tolerance(c)));
    }
    EXPECT_FALSE(!(worst.value() <= 1)) << c.name << " " << worst.value();
  }
}

TEST(Bfloat16Attention, PlantedFaultsAreCaught) {
  const Case c{"", 3, 40, 2, 16, {40, 33, 7}, {}, 0.25f};
  const Inputs<float> in = RandomInputs(c);
  const Wanted want(c, in);
  ASSERT_LE(Error(c, Ours(c, in).values, want), 1);
  Case other = c;
  other.lengths[2] = 8;  // one key of padding seen
  EXPECT_GT(Error(c, Ours(other, in).values, want), 1);
  other = c;
  other.dropout = 0;
  EXPECT_GT(Error(c, Ours(other, in).values, want), 1);
  Inputs<float> changed = in;
  changed.k.front() += 0.5f;
  EXPECT_GT(Error(c, Ours(c, changed).values, want), 1);
  Outputs<float> wrong = Ours(c, in).values;
  wrong.dk[9] += 0.1f;
  EXPECT_GT(Error(c, wrong, want), 1);
  wrong.dk[9] = NAN;
  EXPECT_GT(Error(c, wrong, want), 1);
}

TEST(Bfloat16Attention, QueriesAtPositionsGiveTheRowsOfAll) {
  const PickedQueries queries;
  queries.ExpectRowsOfAll(Ours(queries.some, queries.picked).values.out,
                          Ours(queries.all, queries.in).values.out);
}

TEST(Bfloat16Attention, NanInAKeyReachesItsSampleOnly) {
  const Case c{"", 2, 20, 1, 8, {}, {}};
  Inputs<float> in = RandomInputs(c);
  in.k[0] = NAN;
  const Floats out = Ours(c, in).values.out;
  const auto is_nan = [](float x) { return std::isnan(x); };
  EXPECT_TRUE(std::all_of(out.begin(), out.begin() + 20 * 8, is_nan));
  EXPECT_TRUE(std::none_of(out.begin() + 20 * 8, out.end(), is_nan));
}

TEST(Bfloat16Attention, SameBitsForAnyNumberOfThreads) {
  const Case c{"", 5, 140, 3, 16, {140, 3, 55, 70, 0}, {}, 0.1f};
  const Inputs<float> in = RandomInputs(c);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Result one = Ours(c, in);
  omp_set_num_threads(4);
  const Result four = Ours(c, in);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.values.out, four.values.out);
  EXPECT_EQ(one.values.dq, four.values.dq);
  EXPECT_EQ(one.values.dk, four.values.dk);
  EXPECT_EQ(one.values.dv, four.values.dv);
  EXPECT_EQ(one.column_sums, four.column_sums);
}

}  // namespace
}  // namespace pretext
