#include "tests/golden.h"

#include <algorithm>
#include <cmath>

#include "core/tensor/safetensors.h"

namespace pretext {

std::map<std::string, Tensor> ReadGolden(const std::string& path) {
  const auto file = ReadTensors(path);
  EXPECT_TRUE(file.ok()) << file.status();
  std::map<std::string, Tensor> golden;
  if (file.ok()) {
    for (const NamedTensor& t : file->tensors) golden[t.name] = t.tensor;
  }
  return golden;
}

const Tensor& GoldenRun::operator[](const std::string& name) const {
  const auto at = file_.find(run_ + "." + name);
  EXPECT_NE(at, file_.end()) << name;
  return at->second;
}

double GoldenRun::Allowed(const std::string& what) const {
  return std::max(4.0 * (*this)["spread." + what].item(), 5e-5);
}

double GoldenRun::Difference(const std::string& name, const Tensor& ours) const {
  const Tensor& golden = (*this)[name];
  if (golden.size() != std::min(ours.size(), kept_)) return INFINITY;
  return WorstDifference(ours.data(), golden.data(), golden.size()) / (*this)["rms." + name].item();
}

double ReferenceValue(int64_t number, int64_t i) {
  return static_cast<double>((i * i * 31 + i * 40503 + number * 9973 + 12345) % 65536) / 65536 -
         0.5;
}

double WorstDifference(const float* ours, const float* golden, int64_t n) {
  double worst = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double difference = std::abs(static_cast<double>(ours[i]) - golden[i]);
    if (!(difference <= worst)) worst = std::isnan(difference) ? INFINITY : difference;
  }
  return worst;
}

Tensor Scaled(const Tensor& x, float factor) {
  Tensor scaled = x.Clone();
  for (int64_t i = 0; i < scaled.size(); ++i) scaled.data()[i] *= factor;
  return scaled;
}

double RootMeanSquare(const Tensor& x) {
  double sum = 0;
  for (int64_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x.data()[i]) * x.data()[i];
  return std::sqrt(sum / static_cast<double>(x.size()));
}

}  // namespace pretext
