#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/testing/testing.h"
#include "omp.h"

namespace pretext {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

struct Case {
  std::string name;
  int64_t samples, tokens, heads, width;
  std::vector<int32_t> lengths;    // empty: all full
  std::vector<int32_t> positions;  // empty: all queries
  float dropout = 0;
  float size = 1;  // deviation of q and k: the scores' goes with its square

  int64_t features() const { return heads * width; }
  int64_t keys() const { return samples * tokens; }
  int64_t queries() const { return positions.empty() ? keys() : positions.size(); }
  float scale() const { return 1 / std::sqrt(static_cast<float>(width)); }
  DropoutMask Mask() const {
    return MakeDropout({.seed = 5, .purpose = Purpose::kDropout}, dropout);
  }
  static constexpr int64_t kFirstSample = 3;
};

template <class T>
struct Inputs {
  std::vector<T> q, k, v, dout;
};
template <class T>
struct Outputs {
  std::vector<T> out, dq, dk, dv;
};

Inputs<float> RandomInputs(const Case& c) {
  const int64_t query_size = c.queries() * c.features(), key_size = c.keys() * c.features();
  return {Normals(query_size, 1, c.size), Normals(key_size, 2, c.size), Normals(key_size, 3),
          Normals(query_size, 4)};
}

Inputs<double> ToDouble(const Inputs<float>& in) {
  return {Doubles(in.q.begin(), in.q.end()), Doubles(in.k.begin(), in.k.end()),
          Doubles(in.v.begin(), in.v.end()), Doubles(in.dout.begin(), in.dout.end())};
}

// The definition in double, one query at a time. Gradients when `backward`.
Outputs<double> Naive(const Case& c, const Inputs<double>& in, bool backward) {
  const int64_t f = c.features();
  Outputs<double> out{Doubles(c.queries() * f), Doubles(c.queries() * f), Doubles(c.keys() * f),
                      Doubles(c.keys() * f)};
  const DropoutMask mask = c.Mask();
  Floats m(c.tokens);
  for (int64_t i = 0; i < c.queries(); ++i) {
    const int64_t position = c.positions.empty() ? i : c.positions[i];
    const int64_t sample = position / c.tokens, token = position % c.tokens;
    const int64_t length = c.lengths.empty() ? c.tokens : c.lengths[sample];
    if (token >= length) continue;
    for (int64_t head = 0; head < c.heads; ++head) {
      DropoutRow(mask, (Case::kFirstSample * c.tokens + position) * c.heads + head, c.tokens,
                 m.data());
      const auto query = [&](int64_t w) { return i * f + head * c.width + w; };
      const auto key = [&](int64_t j, int64_t w) {
        return (sample * c.tokens + j) * f + head * c.width + w;
      };
      Doubles p(length), dp(length);
      double largest = -std::numeric_limits<double>::infinity(), total = 0, product = 0;
      for (int64_t j = 0; j < length; ++j) {
        for (int64_t w = 0; w < c.width; ++w) p[j] += in.q[query(w)] * in.k[key(j, w)];
        p[j] *= c.scale();
        largest = std::max(largest, p[j]);
      }
      for (double& value : p) total += value = std::exp(value - largest);
      for (double& value : p) value /= total;
      for (int64_t j = 0; j < length; ++j) {
        for (int64_t w = 0; w < c.width; ++w) {
          out.out[query(w)] += p[j] * m[j] * in.v[key(j, w)];
          dp[j] += m[j] * in.dout[query(w)] * in.v[key(j, w)];
        }
        product += p[j] * dp[j];
      }
      if (!backward) continue;
      for (int64_t j = 0; j < length; ++j) {
        const double ds = p[j] * (dp[j] - product) * c.scale();
        for (int64_t w = 0; w < c.width; ++w) {
          out.dq[query(w)] += ds * in.k[key(j, w)];
          out.dk[key(j, w)] += ds * in.q[query(w)];
          out.dv[key(j, w)] += p[j] * m[j] * in.dout[query(w)];
        }
      }
    }
  }
  return out;
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

// The largest difference in units of the tolerance. A score is a sum of d products of size s²: its
// error is about 2^-24 s² (√d rounding steps on a value of size s² √d, times the scale), and a
// probability carries that relatively. Outputs are means of V weighted by P, of size 1; gradients
// are sums over up to L queries or keys of such terms, of size s, rounding as a random walk.
// Dropout magnifies by its scale. 32 for the constants.
double Error(const Case& c, const Floats& ours, const Doubles& want) {
  const double s = std::max(1.0f, c.size);
  const double tolerance =
      32 * 0x1p-24 * s * s * s * std::sqrt(std::max<double>(c.tokens, c.width)) / (1 - c.dropout);
  return WorstError(ours, want, tolerance);
}

std::vector<Case> Cases() {
  std::vector<Case> cases = {
      {"one token", 1, 1, 1, 1, {}, {}},
      {"tiny", 2, 5, 2, 3, {}, {}},
      {"a block and a bit", 1, 129, 1, 16, {}, {}},
      {"ragged", 4, 37, 3, 24, {37, 1, 20, 0}, {}},
      {"dropout", 3, 40, 2, 16, {40, 33, 7}, {}, 0.25f},
      // Rows of two groups of bits, of which shorter samples need one.
      {"dropout_long", 3, 150, 2, 16, {150, 128, 7}, {}, 0.25f},
      {"large scores", 2, 33, 2, 32, {}, {}, 0, 6},
      {"masked queries", 3, 50, 2, 16, {50, 20, 0}, {0, 7, 31, 49, 50, 69, 70, 99, 100}, 0.2f},
      {"a sample without queries", 3, 20, 2, 8, {}, {3, 45, 59}},
      {"blocks of fewer rows", 1, 600, 1, 8, {590}, {}, 0.1f},
  };
  for (int64_t tokens : {15, 16, 17, 31, 33, 64, 127, 128}) {
    for (int64_t width : {8, 64}) {
      cases.push_back({std::to_string(tokens) + "x" + std::to_string(width),
                       2,
                       tokens,
                       2,
                       width,
                       {},
                       {},
                       0.1f});
    }
  }
  return cases;
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
  const Case all{"", 3, 30, 2, 16, {30, 12, 25}, {}, 0.2f};
  Case some = all;
  some.positions = {1, 2, 29, 30, 38, 60, 84};
  const Inputs<float> in = RandomInputs(all);
  Inputs<float> picked = in;
  const int64_t f = all.features();
  picked.q.resize(some.queries() * f);
  picked.dout.resize(some.queries() * f);
  for (int64_t i = 0; i < some.queries(); ++i)
    std::copy_n(&in.q[some.positions[i] * f], f, &picked.q[i * f]);
  const Floats full = Ours(all, in).out, part = Ours(some, picked).out;
  for (int64_t i = 0; i < some.queries(); ++i) {
    for (int64_t w = 0; w < f; ++w) {
      ASSERT_NEAR(part[i * f + w], full[some.positions[i] * f + w], 1e-5)
          << i;  // products of other shapes: rounding only
    }
  }
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
