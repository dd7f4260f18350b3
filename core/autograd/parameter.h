// What a model learns and what it remembers.
//
// A plugin declares its parameters when it is created: name, shape, role, initial distribution, and
// no memory. Only when the whole pipeline has been found right are they allocated and filled:
//
//   weight_ = parameters().Add("0.weight", Role::kWeight, {out, in}, Initializer::Uniform(bound));
//   ...
//   encoder->parameters().Allocate("encoder", seed);
//
// Initial values are drawn from a stream keyed by (seed, full name): adding a layer leaves the
// others' values alone.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "core/tensor/shape.h"
#include "core/tensor/tensor.h"

namespace pretext {

// What a parameter is for. Weight decay and layer adaptation (LARS, LAMB) are excluded by role,
// never by name.
enum class Role : uint8_t {
  kWeight,     // of a linear map or a convolution
  kBias,       // added
  kNormScale,  // γ of a normalisation
  kNormShift,  // β of a normalisation
  kEmbedding,  // rows looked up by id
};
// Whether weight decay and layer-wise adaptation apply by default: weights and embeddings.
inline bool IsDecayed(Role role) { return role == Role::kWeight || role == Role::kEmbedding; }

struct Initializer {
  enum class Kind : uint8_t { kConstant, kUniform, kNormal, kTruncatedNormal, kUnitRows };
  Kind kind = Kind::kConstant;
  float value = 0;  // the constant; half the range of the uniform; the deviation of the normals

  static Initializer Constant(float value) { return {Kind::kConstant, value}; }
  // Uniform in [-bound, bound].
  static Initializer Uniform(float bound) { return {Kind::kUniform, bound}; }
  static Initializer Normal(float deviation) { return {Kind::kNormal, deviation}; }
  // Normal, redrawn beyond two deviations (Devlin et al. 2018).
  static Initializer TruncatedNormal(float deviation) {
    return {Kind::kTruncatedNormal, deviation};
  }
  // The rows of a matrix of any direction alike, of length 1.
  static Initializer UnitRows() { return {Kind::kUnitRows, 1}; }
  // PyTorch's default for linear and convolutional weights and their biases: U(±1/√fan_in).
  static Initializer FanIn(int64_t fan_in);
  // U(±√(6 / (in + out))) (Glorot and Bengio 2010).
  static Initializer Xavier(int64_t in, int64_t out);
};

struct Parameter {
  std::string name;  // "encoder.0.weight" once allocated
  Role role = Role::kWeight;
  Shape shape;
  Initializer initializer;
  Tensor value;
  Tensor gradient;            // as value; its contents count only when has_gradient
  bool has_gradient = false;  // something was written since ZeroGradients
  // Stays as it is: no gradient is computed, and with it set before Allocate there is none to hold.
  bool frozen = false;
};

// Remembered but not learnt: running statistics, a queue. Saved and loaded with the parameters.
struct Buffer {
  std::string name;
  Shape shape;
  Initializer initializer;
  Tensor value;
  bool frozen = false;  // training takes it as it is, as evaluation does, and leaves it so
};

class ParameterSet {
 public:
  // The returned pointers live as long as the set.
  Parameter* Add(std::string name, Role role, const Shape& shape, Initializer initializer);
  Buffer* AddBuffer(std::string name, const Shape& shape, Initializer initializer);
  Buffer* AddBuffer(std::string name, const Shape& shape, float initial) {
    return AddBuffer(std::move(name), shape, Initializer::Constant(initial));
  }

  std::deque<Parameter>& parameters() { return parameters_; }
  const std::deque<Parameter>& parameters() const { return parameters_; }
  std::deque<Buffer>& buffers() { return buffers_; }
  const std::deque<Buffer>& buffers() const { return buffers_; }
  // Number of learnt values; known before any is allocated.
  int64_t count() const;

  // Said by a layer that takes statistics over the rows of a batch (batch normalisation), so that a
  // row's result depends on the others: it has `positions` values of each feature in a row, 0 if
  // that is not known.
  void AddBatchStatistics(int64_t positions);
  // The fewest positions that such a layer has said, 0 if none is known; nothing without a layer,
  // or where all buffers are frozen: then no row depends on another.
  std::optional<int64_t> batch_statistics() const;

  // Allocates and initialises everything; names become "prefix.name".
  void Allocate(const std::string& prefix, uint64_t seed);
  void ZeroGradients();

 private:
  std::deque<Parameter> parameters_;
  std::deque<Buffer> buffers_;
  std::optional<int64_t> batch_statistics_;
};

}  // namespace pretext
