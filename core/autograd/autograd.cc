#include "core/autograd/autograd.h"

#include <algorithm>
#include <utility>

#include "base/check/check.h"

namespace pretext {

void* Tape::Allocate(size_t bytes, size_t alignment) {
  PRETEXT_CHECK(bytes + alignment <= kBlockBytes, "a closure larger than an arena block");
  offset_ = (offset_ + alignment - 1) / alignment * alignment;
  if (block_ < blocks_.size() && offset_ + bytes > kBlockBytes) {
    ++block_;
    offset_ = 0;
  }
  if (block_ == blocks_.size()) blocks_.push_back(std::make_unique<std::byte[]>(kBlockBytes));
  void* place = blocks_[block_].get() + offset_;
  offset_ += bytes;
  return place;
}

Tape::Node* Tape::NewNode(const char* operation, Tensor value, bool requires_gradient) {
  Node* node = new (Allocate(sizeof(Node), alignof(Node))) Node;
  node->operation = operation;
  node->value = std::move(value);
  node->requires_gradient = requires_gradient;
  nodes_.push_back(node);
  return node;
}

PrecisionScope::PrecisionScope(Tape& tape, Precision precision)
    : tape_(tape), before_(std::exchange(tape.precision_, precision)) {}

PrecisionScope::~PrecisionScope() { tape_.precision_ = before_; }

Var Tape::Constant(Tensor value) { return Var(NewNode("input", std::move(value), false)); }

Var Tape::Leaf(Tensor value) {
  Node* node = NewNode("leaf", std::move(value), recording_);
  node->leaf = true;
  return Var(node);
}

const Tensor& Tape::LeafGradient(Var leaf) const {
  PRETEXT_CHECK(leaf.node_->leaf && leaf.node_->has_gradient, "no gradient reached this leaf");
  return leaf.node_->gradient;
}

Var Tape::Use(Parameter& parameter) {
  Node* node = NewNode(parameter.name.c_str(), parameter.value, recording_ && !parameter.frozen);
  node->parameter = &parameter;
  if (listener_ != nullptr && node->requires_gradient) listener_->Used(parameter);
  return Var(node);
}

Gradient Tape::GradientOf(Var input) { return GradientOf(input, Layout()); }

Gradient Tape::GradientOf(Var input, const Layout& layout) {
  if (!input.defined() || !input.requires_gradient()) return Gradient();
  Node& node = *input.node_;
  if (node.parameter != nullptr) {
    Parameter& p = *node.parameter;
    PRETEXT_CHECK(p.gradient.layout() == layout, "a parameter's gradient in a layout not its own");
    return Gradient(&p.gradient, std::exchange(p.has_gradient, true));
  }
  if (!node.has_gradient) {
    node.gradient = Tensor::Uninitialized(node.value.shape(), layout);
  } else {
    node.gradient = node.gradient.InLayout(layout);
    // AddGradient may have left a tensor that others share: writing into it would change theirs.
    if (!node.gradient.unique()) node.gradient = node.gradient.Clone();
  }
  return Gradient(&node.gradient, std::exchange(node.has_gradient, true));
}

void Tape::AddGradient(Var input, Tensor gradient) {
  if (!input.defined() || !input.requires_gradient()) return;
  Node& node = *input.node_;
  if (node.parameter == nullptr && !node.has_gradient) {
    node.gradient = std::move(gradient);
    node.has_gradient = true;
    return;
  }
  const Layout layout =
      node.parameter != nullptr ? node.parameter->gradient.layout() : node.gradient.layout();
  Gradient target = GradientOf(input, layout);
  if (target.accumulate()) {
    AddInPlace(target.tensor(), gradient);
  } else {
    const Tensor same = gradient.InLayout(layout);
    std::copy_n(same.data(), same.bytes() / sizeof(float), target.data());
  }
}

void Tape::Backward(Var root) {
  PRETEXT_CHECK(root.value().size() == 1, "Backward() of other than a scalar needs its gradient");
  Backward(root, Tensor::Full(root.shape(), 1.0f));
}

void Tape::Backward(Var root, Tensor gradient) {
  PRETEXT_CHECK(gradient.shape() == root.shape(), "a gradient has its value's shape");
  PRETEXT_CHECK(
      !std::exchange(passed_, true),
      "Backward() twice on a tape: the first pass has released what the second would need; "
      "add the losses, or record again");
  AddGradient(root, std::move(gradient));
  for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
    Node& node = **it;
    if (node.parameter != nullptr && node.requires_gradient && listener_ != nullptr)
      listener_->Passed(*node.parameter);
    if (node.parameter != nullptr || node.leaf) continue;
    if (node.has_gradient && node.backward != nullptr) node.backward(node.closure, node.gradient);
    if (node.closure != nullptr) node.destroy(std::exchange(node.closure, nullptr));
    node.backward = nullptr;
    node.gradient = Tensor();
    node.has_gradient = false;
    if (&node != root.node_) node.value = Tensor();
  }
}

void Tape::Reset() {
  // In reverse: a closure may hold the last reference to what an earlier node made.
  for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
    if ((*it)->closure != nullptr) (*it)->destroy((*it)->closure);
    (*it)->~Node();
  }
  nodes_.clear();
  block_ = 0;
  offset_ = 0;
  passed_ = false;
}

std::string Tape::FindNonFinite() const {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = *nodes_[i];
    if (!node.value.defined() || node.value.dtype() == DType::kInt32) continue;
    const int64_t at = FirstNonFinite(node.value);
    if (at < 0) continue;
    const std::string shape = node.value.shape().ToString();  // of a single number empty
    return std::string(node.parameter ? "parameter " : "operation ") + node.operation + " (node " +
           std::to_string(i) + "), " + (shape.empty() ? "" : shape + ", ") + "element " +
           std::to_string(at) + " is " + std::to_string(node.value.Plain().data()[at]);
  }
  return "";
}

}  // namespace pretext
