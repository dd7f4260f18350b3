#include "losses/testing/golden.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/autograd/gradient_check.h"

namespace pretext {

Tensor GoldenValues(uint32_t stream, const Shape& shape) {
  Tensor values = Tensor::Uninitialized(shape);
  for (uint32_t i = 0; i < values.size(); ++i) {
    uint32_t x = (i + 1 + 1000003u * stream) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    values.data()[i] = (static_cast<float>(x % 2001) - 1000.0f) / 512.0f;
  }
  return values;
}

Tensor GoldenLoss::Input() const { return GoldenValues(0, {samples * views, features}); }

Batch GoldenLoss::MakeBatch() const {
  Batch batch{.samples = samples, .views = views};
  batch.type = FlowType::Vector(features);
  if (!labels.empty()) {
    batch.labels = Tensor::Uninitialized({samples}, DType::kInt32);
    std::copy(labels.begin(), labels.end(), batch.labels.ints());
  }
  return batch;
}

std::vector<GoldenLoss> ReadGoldenLosses(const std::string& path) {
  std::ifstream file(path);
  std::vector<GoldenLoss> cases;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    GoldenLoss c;
    size_t parameters, labels;
    fields >> c.samples >> c.views >> c.features >> parameters;
    c.parameters.resize(parameters);
    for (double& p : c.parameters) fields >> p;
    fields >> labels;
    c.labels.resize(labels);
    for (int32_t& l : c.labels) fields >> l;
    c.gradient.resize(c.samples * c.views * c.features);
    fields >> c.loss;
    for (double& g : c.gradient) fields >> g;
    EXPECT_FALSE(fields.fail()) << path << ": " << line.substr(0, 60);
    cases.push_back(c);
  }
  EXPECT_FALSE(cases.empty()) << path;
  return cases;
}

testing::AssertionResult AgreesWithGolden(Loss& loss, const GoldenLoss& golden, double tolerance) {
  const Batch batch = golden.MakeBatch();
  Doubles twice = golden.gradient;
  for (double& g : twice) g *= 2;
  for (const float seed : {1.0f, 2.0f}) {
    Tape tape;
    const Var input = tape.Leaf(golden.Input());
    const LossResult result = loss.Compute(tape, {.value = input}, batch);
    const double difference = result.loss.value().item() - golden.loss;
    if (!(std::abs(difference) <= tolerance * (1 + std::abs(golden.loss)))) {
      return testing::AssertionFailure()
             << "N=" << golden.samples << " V=" << golden.views << " D=" << golden.features
             << ": loss " << result.loss.value().item() << " instead of " << golden.loss;
    }
    tape.Backward(result.loss, Tensor::Full({}, seed));
    const testing::AssertionResult close = AllClose(ToDoubles(tape.LeafGradient(input)),
                                                    seed == 1 ? golden.gradient : twice, tolerance);
    if (!close) {
      return testing::AssertionFailure()
             << "N=" << golden.samples << " V=" << golden.views << " D=" << golden.features
             << ", gradient: " << close.message();
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace pretext
