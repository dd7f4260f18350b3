// Parts that do what a test tells them, for tests of the training loop.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/layers/linear.h"
#include "core/ops/record_loss.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/source_map.h"

namespace pretext {

class Ones : public Dataset {
 public:
  FlowType type() const override { return FlowType::Vector(2); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return 8; }
  absl::Status Read(Split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type();
    sample.values = {1, 1};
    return absl::OkStatus();
  }
  std::string Summary() const override { return "ones"; }
};

class LinearEncoder : public Encoder {
 public:
  LinearEncoder() : layer_(LinearLayer::Declare(parameters(), "linear", 2, 3)) {}
  FlowType output() const override { return FlowType::Vector(3); }
  Var Forward(Tape& tape, Var x, const Batch&, const ForwardContext&) override {
    return layer_(tape, x);
  }

 private:
  LinearLayer layer_;
};

class PassOn : public Head {
 public:
  FlowType output() const override { return FlowType::Vector(3); }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }
};

// A loss of 1 whose gradient is what it is told.
class Told : public Loss {
 public:
  LossResult Compute(Tape& tape, const Prediction& z, const Batch&) override {
    return {.loss = RecordLoss(tape, "told", 1, z.value, Tensor::Full({4, 3}, gradient)),
            .weight = 4};
  }
  float gradient = 1;
};

class Counting : public Optimizer {
 public:
  double learning_rate() const override { return 1; }
  void Attach(std::vector<Parameter*> parameters) override { parameters_ = std::move(parameters); }
  void Step(int64_t step, double, double gradient_scale) override {
    ++steps;
    for (const Parameter* p : parameters_) {
      if (p->has_gradient) moved.emplace_back(p->name, step);
    }
    scale = gradient_scale;
    parameters_[0]->value.data()[1] = becomes;
  }
  std::vector<State> state() override { return {}; }
  int steps = 0;
  double scale = 0;
  float becomes = 0.5f;
  std::vector<std::pair<std::string, int64_t>> moved;  // what had a gradient, and at which step

 private:
  std::vector<Parameter*> parameters_;
};

// All of them together: two batches of four samples an epoch.
struct ToldParts {
  ToldParts() {
    parts.config = std::make_unique<Pipeline>();
    auto places = std::make_unique<SourceMap>();
    places->AddSource("told");
    parts.places = std::move(places);
    parts.config->mutable_train()->set_batch_size(4);
    parts.dataset = std::make_unique<Ones>();
    parts.sample = parts.view = FlowType::Vector(2);
    parts.chains = {{}};
    parts.encoder = std::make_unique<LinearEncoder>();
    parts.head = std::make_unique<PassOn>();
    auto own_loss = std::make_unique<Told>();
    loss = own_loss.get();
    parts.loss = std::move(own_loss);
    auto own_optimizer = std::make_unique<Counting>();
    optimizer = own_optimizer.get();
    parts.optimizer = std::move(own_optimizer);
  }
  Assembled parts;
  Told* loss;
  Counting* optimizer;
};

}  // namespace pretext
