#include "kernels/embedding/embedding.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/testing/testing.h"
#include "omp.h"

namespace pretext {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

struct Case {
  int64_t samples, tokens, features, vocabulary, segment_count, positions;
  bool segments;  // given for every token; else all 0
};

const Case kCases[] = {
    {1, 1, 1, 1, 1, 1, false},    {3, 7, 5, 11, 2, 7, true},       {4, 16, 16, 1000, 2, 20, true},
    {2, 33, 17, 3, 1, 40, false}, {40, 32, 24, 500, 2, 512, true},
};

struct Inputs {
  explicit Inputs(const Case& c)
      : token(Normals(c.vocabulary * c.features, 1)),
        position(Normals(c.positions * c.features, 2)),
        segment(Normals(c.segment_count * c.features, 3)),
        dout(Normals(c.samples * c.tokens * c.features, 4)) {
    Random random({.seed = 1, .sample = 5});
    for (int64_t i = 0; i < c.samples * c.tokens; ++i) {
      // Half of the tokens are the first id, as a mask token would be.
      ids.push_back(random.Bernoulli(0.5f) ? 0 : random.Below(c.vocabulary));
      segments.push_back(random.Below(c.segment_count));
    }
  }
  EmbeddingIds Ids(const Case& c) const {
    return {.samples = c.samples,
            .tokens = c.tokens,
            .features = c.features,
            .vocabulary = c.vocabulary,
            .segment_count = c.segment_count,
            .ids = ids.data(),
            .segments = c.segments ? segments.data() : nullptr};
  }
  Floats token, position, segment, dout;
  std::vector<int32_t> ids, segments;
};

struct Outputs {
  Floats out, dtoken, dposition, dsegment;
};

Outputs Ours(const Case& c, const Inputs& in) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Outputs o{Floats(in.dout.size(), nan), Floats(in.token.size(), nan),
            Floats(in.position.size(), nan), Floats(in.segment.size(), nan)};
  const EmbeddingIds ids = in.Ids(c);
  const int64_t middle =
      c.samples * c.tokens / 3;  // two calls, as a caller that works in blocks makes them
  EmbeddingForward(ids, 0, middle, in.token.data(), in.position.data(), in.segment.data(),
                   o.out.data());
  EmbeddingForward(ids, middle, c.samples * c.tokens, in.token.data(), in.position.data(),
                   in.segment.data(), o.out.data() + middle * c.features);
  EmbeddingBackward(ids, c.positions, in.dout.data(), {o.dtoken.data()}, {o.dposition.data()},
                    {o.dsegment.data()});
  return o;
}

struct Reference {
  Doubles out, dtoken, dposition, dsegment;
};

Reference Naive(const Case& c, const Inputs& in) {
  Reference r{Doubles(in.dout.size()), Doubles(in.token.size()), Doubles(in.position.size()),
              Doubles(in.segment.size())};
  for (int64_t i = 0; i < c.samples * c.tokens; ++i) {
    for (int64_t f = 0; f < c.features; ++f) {
      const int64_t t = in.ids[i] * c.features + f, p = i % c.tokens * c.features + f;
      const int64_t s = (c.segments ? in.segments[i] : 0) * c.features + f;
      r.out[i * c.features + f] = double{in.token[t]} + in.position[p] + in.segment[s];
      for (auto [gradient, at] :
           {std::pair(&r.dtoken, t), std::pair(&r.dposition, p), std::pair(&r.dsegment, s)}) {
        (*gradient)[at] += in.dout[i * c.features + f];
      }
    }
  }
  return r;
}

// Sums of up to N·L terms of size 1 in float: each partial sum of size √n rounds by 2^-24 of
// itself, a random walk: n · 2^-24 at the very most, times 4.
double Tolerance(const Case& c) { return 4 * 0x1p-24 * (4 + c.samples * c.tokens); }

TEST(Embedding, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : kCases) {
    const Inputs in(c);
    const Outputs ours = Ours(c, in);
    const Reference want = Naive(c, in);
    EXPECT_LE(WorstError(ours.out, want.out, 4 * 0x1p-22), 1);
    EXPECT_LE(WorstError(ours.dtoken, want.dtoken, Tolerance(c)), 1);
    EXPECT_LE(WorstError(ours.dposition, want.dposition, Tolerance(c)), 1);
    EXPECT_LE(WorstError(ours.dsegment, want.dsegment, Tolerance(c)), 1);
  }
}

TEST(Embedding, PlantedFaultsAreCaught) {
  const Case& c = kCases[1];
  const Inputs in(c);
  const Reference want = Naive(c, in);
  Inputs other(c);
  other.ids[3] = (other.ids[3] + 1) % c.vocabulary;
  EXPECT_GT(WorstError(Ours(c, other).out, want.out, 4 * 0x1p-22), 1);
  EXPECT_GT(WorstError(Ours(c, other).dtoken, want.dtoken, Tolerance(c)), 1);
  other = Inputs(c);
  other.segments[0] ^= 1;
  EXPECT_GT(WorstError(Ours(c, other).dsegment, want.dsegment, Tolerance(c)), 1);
}

TEST(Embedding, AccumulatesWhereAsked) {
  const Case& c = kCases[2];
  const Inputs in(c);
  Outputs once = Ours(c, in);
  Outputs twice = once;
  EmbeddingBackward(in.Ids(c), c.positions, in.dout.data(), {twice.dtoken.data(), true},
                    {twice.dposition.data(), true}, {twice.dsegment.data(), true});
  for (auto [one, two] :
       {std::pair(&once.dtoken, &twice.dtoken), std::pair(&once.dposition, &twice.dposition),
        std::pair(&once.dsegment, &twice.dsegment)}) {
    Doubles doubled(one->begin(), one->end());
    for (double& value : doubled) value *= 2;
    EXPECT_LE(WorstError(*two, doubled, Tolerance(c)), 1);
  }
}

TEST(Embedding, NoSegmentTable) {
  const Case& c = kCases[1];
  const Inputs in(c);
  Floats out(in.dout.size());
  EmbeddingIds ids = in.Ids(c);
  ids.segment_count = 0;  // segments are given, but there is nothing to look them up in
  EmbeddingForward(ids, 0, c.samples * c.tokens, in.token.data(), in.position.data(), nullptr,
                   out.data());
  EXPECT_EQ(out[1], in.token[in.ids[0] * c.features + 1] + in.position[1]);
  Floats dposition(in.position.size());
  EmbeddingBackward(ids, c.positions, in.dout.data(), {}, {dposition.data()}, {});
  EXPECT_LE(WorstError(dposition, Naive(c, in).dposition, Tolerance(c)), 1);
}

TEST(Embedding, SameBitsForAnyNumberOfThreads) {
  const Case& c = kCases[4];
  const Inputs in(c);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Outputs one = Ours(c, in);
  omp_set_num_threads(4);
  const Outputs four = Ours(c, in);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.out, four.out);
  EXPECT_EQ(one.dtoken, four.dtoken);
  EXPECT_EQ(one.dposition, four.dposition);
  EXPECT_EQ(one.dsegment, four.dsegment);
}

TEST(EmbeddingDeathTest, AnIdBeyondTheVocabularyIsCaught) {
  const Case& c = kCases[1];
  Inputs in(c);
  in.ids.back() = c.vocabulary;
  EXPECT_DEATH(Ours(c, in), "below the vocabulary's size");
}

}  // namespace
}  // namespace pretext
