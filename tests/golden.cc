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

namespace {

const Tensor& At(const std::map<std::string, Tensor>& file, const std::string& name) {
  const auto at = file.find(name);
  EXPECT_NE(at, file.end()) << name;
  return at->second;
}

}  // namespace

const Tensor& GoldenRun::operator[](const std::string& name) const {
  return At(file_, run_ + "." + name);
}

double GoldenRun::Allowed(const std::string& what) const {
  return std::max(4.0 * (*this)["spread." + what].item(), 5e-5);
}

double GoldenRun::Difference(const std::string& name, const Tensor& ours) const {
  const Tensor& golden = (*this)[name];
  if (golden.size() != std::min(ours.size(), kept_)) return INFINITY;
  return WorstDifference(ours.data(), golden.data(), golden.size()) / (*this)["rms." + name].item();
}

const Tensor& GoldenTransformerRun::operator[](const std::string& name) const {
  return At(file_, run_ + "." + name);
}

double GoldenTransformerRun::Allowed(const std::string& what) const {
  const double allowed = 4 * (*this)["spread." + what].item();
  EXPECT_LT(allowed, 1e-4);
  return allowed;
}

double GoldenTransformerRun::Difference(const std::string& name, const Tensor& ours) const {
  const Tensor& golden = (*this)[name];
  if (ours.size() != golden.size()) return INFINITY;
  const float *a = ours.data(), *b = golden.data();
  if (!name.ends_with("qkv.bias") && !name.ends_with("attention.in.bias"))
    return WorstDifference(a, b, ours.size());
  const int64_t width = ours.size() / 3;  // queries, keys, values
  return std::max(WorstDifference(a, b, width),
                  WorstDifference(a + 2 * width, b + 2 * width, width));
}

void GoldenTransformerRun::ExpectGradients(
    const std::map<std::string, Parameter*>& parameters) const {
  for (const auto& [name, p] : parameters) {
    const std::string gradient = "gradient." + name;
    const double allowed = Allowed("gradient") * RootMeanSquare((*this)[gradient]);
    EXPECT_TRUE(Difference(gradient, p->gradient) <= allowed) << name;
    EXPECT_GT(Difference(gradient, Scaled(p->gradient, 1.001f)), allowed) << name;
  }
}

void GoldenTransformerRun::ExpectLoss(int64_t step, float loss) const {
  EXPECT_LE(std::abs(loss - (*this)["losses"].data()[step]), Allowed("losses")) << step;
}

void GoldenTransformerRun::ExpectFinal(const std::map<std::string, Parameter*>& parameters) const {
  for (const auto& [name, parameter] : parameters)
    EXPECT_LE(Difference("final." + name, parameter->value), Allowed("final")) << name;
}

void FillTransformer(const std::map<std::string, Parameter*>& parameters) {
  int64_t number = 0;
  for (const auto& [name, p] : parameters) {
    const bool scale = p->role == Role::kNormScale;
    for (int64_t i = 0; i < p->value.size(); ++i) {
      const double value = ReferenceValue(number, i);
      p->value.data()[i] = static_cast<float>(scale ? 1 + 0.4 * value : 0.8 * value);
    }
    ++number;
  }
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
