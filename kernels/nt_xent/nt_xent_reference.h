// The loss and its gradient written down naively in double precision, for tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/nt_xent/nt_xent.h"

namespace pretext {

struct NtXentReference {
  double loss = 0;
  std::vector<double> row_loss;  // [R]
  std::vector<double> gradient;  // [R, D]
  std::vector<double>
      gradient_weight;  // [R]: Σ_j of attraction and repulsion, each positive, / |x_i|
  double positive_cosine = 0;
  double mean_cosine = 0;
};

inline NtXentReference ComputeNtXentReference(const NtXentProblem& p,
                                              const std::vector<double>& x) {
  const int64_t rows = p.rows(), features = p.features;
  std::vector<double> z(x), length(rows);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t f = 0; f < features; ++f) length[i] += x[i * features + f] * x[i * features + f];
    length[i] = std::sqrt(length[i]);
    for (int64_t f = 0; f < features; ++f)
      z[i * features + f] *= length[i] < 1e-12 ? 0 : 1 / length[i];
  }
  const auto label = [&](int64_t i) {
    return p.labels == nullptr ? static_cast<int32_t>(i % p.samples) : p.labels[i % p.samples];
  };
  std::vector<double> cosines(rows * rows);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < rows; ++j) {
      for (int64_t f = 0; f < features; ++f) {
        cosines[i * rows + j] += z[i * features + f] * z[j * features + f];
      }
    }
  }
  const auto cosine = [&](int64_t i, int64_t j) { return cosines[i * rows + j]; };
  const auto is_positive = [&](int64_t i, int64_t j) { return i != j && label(i) == label(j); };
  const auto in_sum = [&](int64_t i, int64_t j) {
    return i != j && !(p.decoupled && i % p.samples == j % p.samples);
  };

  NtXentReference result;
  result.row_loss.resize(rows);
  std::vector<double> positives(rows);
  double counted = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < rows; ++j) positives[i] += is_positive(i, j);
    counted += positives[i] > 0;
  }
  std::vector<double> weight(rows * rows);     // dloss/ds_ij, repulsion less attraction
  std::vector<double> magnitude(rows * rows);  // repulsion plus attraction
  for (int64_t i = 0; i < rows; ++i) {
    double largest = -HUGE_VAL, sum = 0, attraction = 0;
    for (int64_t j = 0; j < rows; ++j) {
      if (in_sum(i, j)) largest = std::max(largest, cosine(i, j) / p.temperature);
      if (i != j && rows > 1) result.mean_cosine += cosine(i, j) / (rows * (rows - 1.0));
    }
    if (positives[i] == 0) continue;
    for (int64_t j = 0; j < rows; ++j) {
      const double s = cosine(i, j) / p.temperature;
      if (in_sum(i, j)) sum += std::exp(s - largest);
      if (is_positive(i, j)) attraction += s / positives[i];
    }
    for (int64_t j = 0; j < rows; ++j) {
      const double s = cosine(i, j) / p.temperature;
      const double repulsion = in_sum(i, j) ? std::exp(s - largest) / sum / counted : 0;
      const double pull = is_positive(i, j) ? 1 / positives[i] / counted : 0;
      weight[i * rows + j] = repulsion - pull;
      magnitude[i * rows + j] = repulsion + pull;
    }
    result.row_loss[i] = (sum > 0 ? largest + std::log(sum) : 0) - attraction;
    result.loss += result.row_loss[i] / counted;
    result.positive_cosine += attraction * p.temperature / counted;
  }
  result.gradient.resize(rows * features);
  result.gradient_weight.resize(rows);
  for (int64_t i = 0; i < rows; ++i) {
    if (length[i] < 1e-12) continue;
    std::vector<double> g(features);
    double along = 0;
    for (int64_t j = 0; j < rows; ++j) {
      const double w = (weight[i * rows + j] + weight[j * rows + i]) / p.temperature;
      for (int64_t f = 0; f < features; ++f) g[f] += w * z[j * features + f];
      result.gradient_weight[i] +=
          (magnitude[i * rows + j] + magnitude[j * rows + i]) / p.temperature / length[i];
    }
    for (int64_t f = 0; f < features; ++f) along += g[f] * z[i * features + f];
    for (int64_t f = 0; f < features; ++f) {
      result.gradient[i * features + f] = (g[f] - along * z[i * features + f]) / length[i];
    }
  }
  return result;
}

}  // namespace pretext
