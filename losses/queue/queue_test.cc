#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/autograd/gradient_check.h"
#include "losses/queue/embedding_queue.h"
#include "losses/queue/info_nce.h"

namespace pretext {
namespace {

Tensor Counting(int64_t rows, float from) {
  Tensor tensor = Tensor::Uninitialized({rows, 2});
  for (int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data()[i] = from + static_cast<float>(i / 2);
  }
  return tensor;
}

// The first feature of each row.
Doubles FirstOf(const EmbeddingQueue& queue) {
  Doubles firsts;
  for (int64_t r = 0; r < queue.rows().dim(0); ++r) firsts.push_back(queue.rows().data()[2 * r]);
  return firsts;
}

TEST(EmbeddingQueue, StartsWithDirections) {
  ParameterSet set, same, other;
  const EmbeddingQueue queue(set, "queue", 50, 3), again(same, "queue", 50, 3),
      another(other, "queue", 50, 3);
  set.Allocate("loss", 1);
  same.Allocate("loss", 1);
  other.Allocate("loss", 2);
  EXPECT_EQ(set.buffers().front().name, "loss.queue");
  EXPECT_EQ(set.buffers().back().name, "loss.queue_place");
  const Doubles values = ToDoubles(queue.rows());
  EXPECT_EQ(values, ToDoubles(again.rows()));
  EXPECT_NE(values, ToDoubles(another.rows()));
  double mean = 0;
  for (size_t r = 0; r < 50; ++r) {
    const double* const row = values.data() + 3 * r;
    EXPECT_NEAR(row[0] * row[0] + row[1] * row[1] + row[2] * row[2], 1, 1e-6);
    mean += row[0] / 50;
  }
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(3.0 * 50));  // four deviations
  EXPECT_FALSE(queue.full());
}

TEST(EmbeddingQueue, IsFirstInFirstOutRoundItsEnd) {
  ParameterSet set;
  EmbeddingQueue queue(set, "queue", 5, 2);
  set.Allocate("loss", 1);
  queue.PutBy(Counting(3, 10));
  queue.Forget();
  queue.PutBy(Counting(3, 20));
  const Doubles before = FirstOf(queue);
  EXPECT_NE(before[0], 20);
  queue.Enter();
  EXPECT_EQ(FirstOf(queue), Doubles({20, 21, 22, before[3], before[4]}));
  EXPECT_FALSE(queue.full());
  queue.Enter();  // nothing is waiting
  queue.PutBy(Counting(2, 30));
  queue.PutBy(Counting(2, 40));
  queue.Enter();
  EXPECT_EQ(FirstOf(queue), Doubles({40, 41, 22, 30, 31}));
  EXPECT_TRUE(queue.full());
  queue.PutBy(Counting(12, 50));  // more than there is room for: the last ones stay
  queue.Enter();
  EXPECT_EQ(FirstOf(queue), Doubles({58, 59, 60, 61, 57}));
  set.buffers().front().frozen = true;
  queue.PutBy(Counting(2, 90));
  queue.Enter();
  EXPECT_EQ(FirstOf(queue), Doubles({58, 59, 60, 61, 57}));
}

TEST(EmbeddingQueue, NearestIsOfTheLargestProduct) {
  ParameterSet set;
  EmbeddingQueue queue(set, "queue", 3, 2);
  set.Allocate("loss", 1);
  const Tensor rows = Tensor::Zeros({3, 2});
  queue.PutBy(rows);
  queue.Enter();
  float* const memory = set.buffers().front().value.data();
  memory[0] = 1, memory[3] = 1, memory[4] = -1;  // east, north, west
  Tensor asked = Tensor::Zeros({3, 2});
  asked.data()[0] = -2, asked.data()[1] = 1.5f;
  asked.data()[3] = 0.1f;
  asked.data()[4] = std::numeric_limits<float>::quiet_NaN();
  const Doubles nearest = ToDoubles(queue.Nearest(asked));
  EXPECT_EQ(Doubles(nearest.begin(), nearest.begin() + 4), Doubles({-1, 0, 0, 1}));
  EXPECT_TRUE(std::isnan(nearest[4]) && std::isnan(nearest[5]));
}

Doubles InfoNceReference(const Doubles& q, const Doubles& keys, const Doubles& memory, int64_t d,
                         double temperature) {
  const size_t n = q.size() / d, k = memory.size() / d;
  double loss = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto score = [&](const Doubles& of, size_t row) {
      double sum = 0;
      for (int64_t c = 0; c < d; ++c) sum += q[i * d + c] * of[row * d + c];
      return sum / temperature;
    };
    double sum = std::exp(score(keys, i));
    for (size_t j = 0; j < k; ++j) sum += std::exp(score(memory, j));
    loss += (std::log(sum) - score(keys, i)) / static_cast<double>(n);
  }
  return {loss};
}

TEST(InfoNce, ValueAndGradient) {
  constexpr int64_t kFeatures = 6;
  // The last is worked on in three blocks.
  for (const auto& [n, k] : {std::pair<int64_t, int64_t>{1, 1}, {7, 5}, {40, 33}, {3, 1 << 20}}) {
    const Tensor keys = RandomTensor({n, kFeatures}, 2);
    const Tensor memory = RandomTensor({k, kFeatures}, 3);
    const auto operation = [&](Tape& tape, const std::vector<Var>& in) {
      int64_t found = 0;
      return InfoNce(tape, in[0], keys, memory, 0.7f, &found);
    };
    if (k < 1000) {
      EXPECT_TRUE(CheckGradients(operation, {RandomTensor({n, kFeatures}, 1)},
                                 [&](const std::vector<Doubles>& in) {
                                   return InfoNceReference(in[0], ToDoubles(keys),
                                                           ToDoubles(memory), kFeatures, 0.7f);
                                 }))
          << n << " " << k;
    } else {
      Tape tape;
      const Tensor q = RandomTensor({n, kFeatures}, 1);
      const double loss = operation(tape, {tape.Leaf(q)}).value().item();
      const double expected =
          InfoNceReference(ToDoubles(q), ToDoubles(keys), ToDoubles(memory), kFeatures, 0.7f)[0];
      EXPECT_NEAR(loss, expected, 1e-5 * expected);
    }
  }
}

}  // namespace
}  // namespace pretext
