#include "losses/queue/embedding_queue.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check/check.h"
#include "kernels/knn/knn.h"

namespace pretext {

EmbeddingQueue::EmbeddingQueue(ParameterSet& set, const std::string& name, int64_t rows,
                               int64_t features)
    : rows_(set.AddBuffer(name, {rows, features}, Initializer::UnitRows())),
      place_(set.AddBuffer(name + "_place", {2}, 0)) {}

bool EmbeddingQueue::full() const {
  return static_cast<int64_t>(place_->value.data()[1]) == rows_->shape[0];
}

void EmbeddingQueue::Enter() {
  const int64_t capacity = rows_->shape[0], features = rows_->shape[1];
  float* const place = place_->value.data();
  auto next = static_cast<int64_t>(place[0]), written = static_cast<int64_t>(place[1]);
  for (const Tensor& rows : waiting_) {
    PRETEXT_CHECK(rows.rank() == 2 && rows.dim(1) == features, "rows as wide as the queue");
    if (rows_->frozen) continue;
    for (int64_t r = 0; r < rows.dim(0); ++r) {
      std::copy_n(rows.data() + r * features, features, rows_->value.data() + next * features);
      next = (next + 1) % capacity;
    }
    written = std::min(capacity, written + rows.dim(0));
  }
  waiting_.clear();
  place[0] = static_cast<float>(next);
  place[1] = static_cast<float>(written);
}

Tensor EmbeddingQueue::Nearest(const Tensor& rows) const {
  const int64_t count = rows.dim(0), features = rows.dim(1);
  std::vector<int32_t> indices(static_cast<size_t>(count));
  std::vector<float> products(static_cast<size_t>(count));
  NearestNeighbors(rows.data(), count, rows_->value.data(), /*base_scale=*/nullptr, rows_->shape[0],
                   features, /*k=*/1, indices.data(), products.data());
  Tensor nearest = Tensor::Uninitialized(rows.shape());
  for (int64_t r = 0; r < count; ++r) {
    float* const to = nearest.data() + r * features;
    if (std::isfinite(products[static_cast<size_t>(r)])) {
      std::copy_n(rows_->value.data() + indices[static_cast<size_t>(r)] * features, features, to);
    } else {
      std::fill_n(to, features, std::numeric_limits<float>::quiet_NaN());
    }
  }
  return nearest;
}

}  // namespace pretext
