// Attention by its definition, and the shapes that the kernels' tests are over.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/testing/testing.h"

namespace pretext::attention_reference {

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

inline Inputs<float> RandomInputs(const Case& c) {
  const int64_t query_size = c.queries() * c.features(), key_size = c.keys() * c.features();
  return {Normals(query_size, 1, c.size), Normals(key_size, 2, c.size), Normals(key_size, 3),
          Normals(query_size, 4)};
}

inline Inputs<double> ToDouble(const Inputs<float>& in) {
  return {Doubles(in.q.begin(), in.q.end()), Doubles(in.k.begin(), in.k.end()),
          Doubles(in.v.begin(), in.v.end()), Doubles(in.dout.begin(), in.dout.end())};
}

// The error of a product of factors of two parts each, 16 bits, without that of the lower parts: in
// roundings of 2^-8.
inline constexpr double kTwoParts = 3 * 0x1p-8;

inline Outputs<double> ZeroOutputs(const Case& c) {
  const int64_t f = c.features();
  return {Doubles(c.queries() * f), Doubles(c.queries() * f), Doubles(c.keys() * f),
          Doubles(c.keys() * f)};
}

// The definition in double, one query at a time. Gradients when `backward`; then, where it is
// wanted, what is rounded on the way, in bfloat16_attention.h's order: the sizes of all terms, as
// often as each is rounded.
inline Outputs<double> Naive(const Case& c, const Inputs<double>& in, bool backward,
                             Outputs<double>* terms = nullptr) {
  const int64_t f = c.features();
  Outputs<double> out = ZeroOutputs(c), sizes = out;
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
      Doubles p(length), dp(length), dp_size(length);
      double score_size = 0;
      double largest = -std::numeric_limits<double>::infinity(), total = 0, product = 0,
             product_size = 0;
      for (int64_t j = 0; j < length; ++j) {
        double size = 0;
        for (int64_t w = 0; w < c.width; ++w) {
          p[j] += in.q[query(w)] * in.k[key(j, w)];
          size += std::abs(in.q[query(w)] * in.k[key(j, w)]);
        }
        p[j] *= c.scale();
        score_size = std::max(score_size, size * c.scale());
        largest = std::max(largest, p[j]);
      }
      for (double& value : p) total += value = std::exp(value - largest);
      for (double& value : p) value /= total;
      // A probability carries twice its score's error.
      const double roundings = 2 * kTwoParts * score_size;
      for (int64_t j = 0; j < length; ++j) {
        for (int64_t w = 0; w < c.width; ++w) {
          out.out[query(w)] += p[j] * m[j] * in.v[key(j, w)];
          dp[j] += m[j] * in.dout[query(w)] * in.v[key(j, w)];
          sizes.out[query(w)] += (2 + roundings) * std::abs(p[j] * m[j] * in.v[key(j, w)]);
          dp_size[j] += kTwoParts * std::abs(m[j] * in.dout[query(w)] * in.v[key(j, w)]);
        }
        product += p[j] * dp[j];
      }
      if (!backward) continue;
      for (int64_t w = 0; w < c.width; ++w)
        product_size += std::abs(in.dout[query(w)]) * sizes.out[query(w)];
      for (int64_t j = 0; j < length; ++j) {
        const double ds = p[j] * (dp[j] - product) * c.scale(),
                     size = (kTwoParts + roundings) * std::abs(ds) +
                            p[j] * c.scale() * (dp_size[j] + product_size);
        for (int64_t w = 0; w < c.width; ++w) {
          out.dq[query(w)] += ds * in.k[key(j, w)];
          out.dk[key(j, w)] += ds * in.q[query(w)];
          out.dv[key(j, w)] += p[j] * m[j] * in.dout[query(w)];
          sizes.dq[query(w)] += size * std::abs(in.k[key(j, w)]);
          sizes.dk[key(j, w)] += size * std::abs(in.q[query(w)]);
          sizes.dv[key(j, w)] += (2 + roundings) * p[j] * m[j] * std::abs(in.dout[query(w)]);
        }
      }
    }
  }
  if (terms != nullptr) *terms = sizes;
  return out;
}

// The error of float32. A score is a sum of d products of size s²: its
// error is about 2^-24 s² (√d rounding steps on a value of size s² √d, times the scale), and a
// probability carries that relatively. Outputs are means of V weighted by P, of size 1; gradients
// are sums over up to L queries or keys of such terms, of size s, rounding as a random walk.
// Dropout magnifies by its scale. 32 for the constants.
inline double Tolerance(const Case& c) {
  const double s = std::max(1.0f, c.size);
  return 32 * 0x1p-24 * s * s * s * std::sqrt(std::max<double>(c.tokens, c.width)) /
         (1 - c.dropout);
}

inline std::vector<Case> Cases() {
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

// The masked queries of a last layer, and the same inputs with their rows of q and dout alone.
struct PickedQueries {
  const Case all{"", 3, 30, 2, 16, {30, 12, 25}, {}, 0.2f};
  Case some = all;
  const Inputs<float> in = RandomInputs(all);
  Inputs<float> picked = in;

  PickedQueries() {
    some.positions = {1, 2, 29, 30, 38, 60, 84};
    const int64_t f = all.features();
    picked.q.resize(some.queries() * f);
    picked.dout.resize(some.queries() * f);
    for (int64_t i = 0; i < some.queries(); ++i)
      std::copy_n(&in.q[some.positions[i] * f], f, &picked.q[i * f]);
  }
  // Products of other shapes: rounding only.
  void ExpectRowsOfAll(const Floats& part, const Floats& full) const {
    const int64_t f = all.features();
    for (int64_t i = 0; i < some.queries() * f; ++i) {
      const float wanted = full[some.positions[i / f] * f + i % f];
      ASSERT_FALSE(!(std::abs(part[i] - wanted) <= 1e-5)) << i;
    }
  }
};

}  // namespace pretext::attention_reference
