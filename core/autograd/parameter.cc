#include "core/autograd/parameter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random/random.h"

namespace pretext {
namespace {

// FNV-1a, folded to the 48 bits that a random key has room for.
uint64_t HashName(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (unsigned char c : name) hash = (hash ^ c) * 0x100000001b3ull;
  return (hash ^ (hash >> 48)) & 0xffffffffffffull;
}

void Initialize(const Initializer& init, const std::string& name, uint64_t seed, Tensor& value) {
  float* const data = value.data();
  const int64_t n = value.size();
  Random random({.seed = seed, .purpose = Purpose::kInitialization, .sample = HashName(name)});
  switch (init.kind) {
    case Initializer::Kind::kConstant:
      std::fill_n(data, n, init.value);
      return;
    case Initializer::Kind::kUniform:
      for (int64_t i = 0; i < n; ++i) data[i] = random.Uniform(-init.value, init.value);
      return;
    case Initializer::Kind::kNormal:
      for (int64_t i = 0; i < n; ++i) data[i] = init.value * random.Normal();
      return;
    case Initializer::Kind::kTruncatedNormal:
      for (int64_t i = 0; i < n; ++i) {
        float z = random.Normal();
        while (std::abs(z) > 2) z = random.Normal();
        data[i] = init.value * z;
      }
      return;
    case Initializer::Kind::kUnitRows:
      for (int64_t i = 0; i < n; ++i) data[i] = random.Normal();
      ScaleToUnitRows(value);
      return;
  }
}

}  // namespace

Initializer Initializer::FanIn(int64_t fan_in) {
  return Uniform(1.0f / std::sqrt(static_cast<float>(fan_in)));
}

Initializer Initializer::Xavier(int64_t in, int64_t out) {
  return Uniform(std::sqrt(6.0f / static_cast<float>(in + out)));
}

Parameter* ParameterSet::Add(std::string name, Role role, const Shape& shape,
                             Initializer initializer) {
  Parameter& p = parameters_.emplace_back();
  p.name = std::move(name);
  p.role = role;
  p.shape = shape;
  p.initializer = initializer;
  return &p;
}

Buffer* ParameterSet::AddBuffer(std::string name, const Shape& shape, Initializer initializer) {
  Buffer& b = buffers_.emplace_back();
  b.name = std::move(name);
  b.shape = shape;
  b.initializer = initializer;
  return &b;
}

int64_t ParameterSet::count() const {
  int64_t total = 0;
  for (const Parameter& p : parameters_) total += p.shape.size();
  return total;
}

void ParameterSet::AddBatchStatistics(int64_t positions) {
  const int64_t known = batch_statistics_.value_or(0);
  batch_statistics_ = known > 0 && positions > 0 ? std::min(known, positions) : known + positions;
}

std::optional<int64_t> ParameterSet::batch_statistics() const {
  const bool all_frozen = std::all_of(buffers_.begin(), buffers_.end(),
                                      [](const Buffer& buffer) { return buffer.frozen; });
  return !buffers_.empty() && all_frozen ? std::nullopt : batch_statistics_;
}

void ParameterSet::Allocate(const std::string& prefix, uint64_t seed) {
  for (Parameter& p : parameters_) {
    p.name = prefix + "." + p.name;
    p.value = Tensor::Uninitialized(p.shape);
    if (!p.frozen) p.gradient = Tensor::Zeros(p.shape);
    p.has_gradient = false;
    Initialize(p.initializer, p.name, seed, p.value);
  }
  for (Buffer& b : buffers_) {
    b.name = prefix + "." + b.name;
    b.value = Tensor::Uninitialized(b.shape);
    Initialize(b.initializer, b.name, seed, b.value);
  }
}

void ParameterSet::ZeroGradients() {
  for (Parameter& p : parameters_) p.has_gradient = false;
}

}  // namespace pretext
