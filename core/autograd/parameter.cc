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

void Initialize(Parameter& parameter, uint64_t seed) {
  const Initializer init = parameter.initializer;
  float* const data = parameter.value.data();
  const int64_t n = parameter.value.size();
  Random random(
      {.seed = seed, .purpose = Purpose::kInitialization, .sample = HashName(parameter.name)});
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
  }
}

}  // namespace

Initializer Initializer::FanIn(int64_t fan_in) {
  return Uniform(1.0f / std::sqrt(static_cast<float>(fan_in)));
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

Buffer* ParameterSet::AddBuffer(std::string name, const Shape& shape, float initial) {
  Buffer& b = buffers_.emplace_back();
  b.name = std::move(name);
  b.shape = shape;
  b.initial = initial;
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
    Initialize(p, seed);
  }
  for (Buffer& b : buffers_) {
    b.name = prefix + "." + b.name;
    b.value = Tensor::Full(b.shape, b.initial);
  }
}

void ParameterSet::ZeroGradients() {
  for (Parameter& p : parameters_) p.has_gradient = false;
}

}  // namespace pretext
