// Reverse-mode differentiation on a tape of coarse operations.
//
//   Tape tape;
//   Var x = tape.Constant(images);
//   Var h = Linear(tape, x, *weight, bias, Activation::kRelu);   // core/ops/basic.h
//   Var loss = ...;
//   tape.Backward(loss);      // parameters' gradients are now in Parameter::gradient
//   tape.Reset();             // for the next step; its memory is kept
//
// An operation is a function that computes a tensor and records how gradients flow back through it:
//
//   Var Scale(Tape& tape, Var x, float s) {
//     Tensor y = ...;
//     return tape.Record("scale", std::move(y), {x}, [=, &tape](const Tensor& dy) {
//       Gradient dx = tape.GradientOf(x);          // undefined when nobody wants it
//       if (dx.wanted()) ... write (dx.accumulate() ? += : =) s * dy into dx.data() ...
//     });
//   }
//
// The recorded function captures what the backward pass needs (Vars, tensors; both are cheap to
// copy). Closures and nodes live in an arena that Reset() rewinds, tensors in the memory pool: a
// steady training step allocates nothing.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/autograd/parameter.h"
#include "core/autograd/precision.h"
#include "core/tensor/tensor.h"
#include "kernels/target/target.h"

namespace pretext {

class Tape;

// A value on a tape: a pointer, valid until the tape's Reset().
class Var {
 public:
  Var() = default;
  bool defined() const { return node_ != nullptr; }
  // Until Backward() has passed it (a leaf and the root keep theirs).
  const Tensor& value() const;
  const Shape& shape() const { return value().shape(); }
  int64_t dim(int i) const { return value().dim(i); }
  bool requires_gradient() const;

 private:
  friend class Tape;
  struct Node;
  explicit Var(Node* node) : node_(node) {}
  Node* node_ = nullptr;
};

// Where an operation's backward writes one input's gradient: a kernel's Target, and the tensor that
// it lies in.
class Gradient {
 public:
  Gradient() = default;
  Gradient(Tensor* tensor, bool accumulate) : tensor_(tensor), accumulate_(accumulate) {}
  // False: this input needs no gradient, skip the work.
  bool wanted() const { return tensor_ != nullptr; }
  // True: add to what is there; false: overwrite (the contents are undefined).
  bool accumulate() const { return accumulate_; }
  float beta() const { return accumulate_ ? 1.0f : 0.0f; }  // for GEMM
  float* data() { return tensor_->data(); }
  Tensor& tensor() { return *tensor_; }
  operator Target() const {  // NOLINT: what kernels take
    return wanted() ? Target{tensor_->data(), accumulate_} : Target();
  }

 private:
  Tensor* tensor_ = nullptr;
  bool accumulate_ = false;
};

// Told of the parameters on a tape: of each use as it is recorded, and of each that the backward
// pass has gone by. Once it has gone by all uses of a parameter on a tape, nothing more is added to
// its gradient by this tape.
class UseListener {
 public:
  virtual ~UseListener() = default;
  virtual void Used(const Parameter& parameter) = 0;
  virtual void Passed(const Parameter& parameter) = 0;
};

class Tape {
 public:
  // recording = false: values only (evaluation); memory of a value is free as soon as its last
  // holder is gone at Reset.
  explicit Tape(bool recording = true) : recording_(recording) {}
  ~Tape() { Reset(); }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  bool recording() const { return recording_; }
  // In what operations with weights take their products from here on; see PrecisionScope.
  Precision precision() const { return precision_; }

  // From here on; null: nobody. It outlives what it is told of.
  void set_listener(UseListener* listener) { listener_ = listener; }

  // An input: no gradient.
  Var Constant(Tensor value);
  // A leaf whose gradient the caller wants (tests, gradient caching): read it with LeafGradient
  // after Backward.
  Var Leaf(Tensor value);
  const Tensor& LeafGradient(Var leaf) const;
  // A parameter: its gradient is accumulated into Parameter::gradient, unless it is frozen.
  Var Use(Parameter& parameter);

  // An operation's result. `operation` is a string literal, named in messages.
  // backward(const Tensor& dy) is called once, only if dy exists, and is dropped
  // at once when no input requires a gradient.
  template <class Function>
  Var Record(const char* operation, Tensor value, std::initializer_list<Var> inputs,
             Function backward);

  // Inside a backward function: where to write the gradient of an input,
  // in that input's plain shape ...
  Gradient GradientOf(Var input);
  // ... or in the layout that the caller writes (blocked convolutions). If a gradient in another
  // layout is there already, it is reordered to this one first.
  Gradient GradientOf(Var input, const Layout& layout);
  // ... or hand over a tensor that already holds it.
  void AddGradient(Var input, Tensor gradient);

  // d root / d everything, root a scalar: seeds 1. Values, gradients and closures are released as
  // they are passed: once a tape, until Reset().
  void Backward(Var root);
  // The same with a given gradient of the root, of the root's shape (gradient caching).
  void Backward(Var root, Tensor gradient);
  // Forgets everything; the arena's memory is kept.
  void Reset();

  // The first value, in the order of computation, that holds a NaN or an infinity, as "operation
  // linear (node 3), 128×256, element 17 is nan"; empty if none. Before Backward().
  std::string FindNonFinite() const;

 private:
  friend class PrecisionScope;
  using Node = Var::Node;

  void* Allocate(size_t bytes, size_t alignment);
  Node* NewNode(const char* operation, Tensor value, bool requires_gradient);

  static constexpr size_t kBlockBytes = 64 * 1024;

  bool recording_;
  UseListener* listener_ = nullptr;
  Precision precision_ = Precision::kFloat32;
  std::vector<Node*> nodes_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  size_t block_ = 0;     // in use
  size_t offset_ = 0;    // in it
  bool passed_ = false;  // by Backward
};

// The precision of what is put on a tape while it lives.
class PrecisionScope {
 public:
  PrecisionScope(Tape& tape, Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  Tape& tape_;
  Precision before_;
};

struct Var::Node {
  const char* operation;
  Tensor value;
  Tensor gradient;
  bool has_gradient = false;
  bool requires_gradient = false;
  Parameter* parameter = nullptr;  // of a Use
  bool leaf = false;
  void (*backward)(void* closure, const Tensor& gradient) = nullptr;
  void (*destroy)(void* closure) = nullptr;
  void* closure = nullptr;
};

template <class Function>
Var Tape::Record(const char* operation, Tensor value, std::initializer_list<Var> inputs,
                 Function backward) {
  bool requires_gradient = false;
  for (const Var& input : inputs) requires_gradient |= input.defined() && input.requires_gradient();
  Node* node = NewNode(operation, std::move(value), recording_ && requires_gradient);
  if (node->requires_gradient) {
    node->closure =
        new (Allocate(sizeof(Function), alignof(Function))) Function(std::move(backward));
    node->backward = [](void* closure, const Tensor& gradient) {
      (*static_cast<Function*>(closure))(gradient);
    };
    node->destroy = [](void* closure) { static_cast<Function*>(closure)->~Function(); };
  }
  return Var(node);
}

inline const Tensor& Var::value() const { return node_->value; }
inline bool Var::requires_gradient() const { return node_->requires_gradient; }

}  // namespace pretext
