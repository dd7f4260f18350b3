#include "core/autograd/gradient_check.h"

#include <algorithm>
#include <cmath>

#include "base/random/random.h"

namespace pretext {
namespace {

double Rms(const Doubles& values) {
  double sum = 0;
  for (double v : values) sum += v * v;
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

// A comparison that passes a wrong gradient proves nothing: each of these must be refused.
testing::AssertionResult CatchesPlantedFaults(const Doubles& gradient, double tolerance,
                                              double factor) {
  Doubles zeroed(gradient.size(), 0.0), negated = gradient, scaled = gradient, one_off = gradient;
  for (double& v : negated) v = -v;
  for (double& v : scaled) v *= factor;
  one_off[one_off.size() / 2] += (factor - 1) * Rms(gradient);
  Doubles nan = gradient;
  nan.back() = std::nan("");
  const struct {
    const char* name;
    const Doubles* values;
  } faults[] = {{"zeroed", &zeroed},
                {"negated", &negated},
                {"scaled", &scaled},
                {"with one element off", &one_off},
                {"with a NaN", &nan}};
  for (const auto& fault : faults) {
    if (AllClose(*fault.values, gradient, tolerance)) {
      return testing::AssertionFailure() << "the check passes a gradient " << fault.name;
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace

testing::AssertionResult AllClose(const Doubles& actual, const Doubles& expected,
                                  double tolerance) {
  if (actual.size() != expected.size()) {
    return testing::AssertionFailure() << actual.size() << " values, expected " << expected.size();
  }
  const double rms = Rms(expected);
  const double allowed = tolerance * (rms > 0 ? rms : 1.0);
  size_t worst = 0;
  double worst_difference = -1;
  bool good = true;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]);
    if (!(difference <= allowed)) good = false;
    if (!(difference <= worst_difference)) {
      worst_difference = difference;
      worst = i;
    }
  }
  if (good) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "element " << worst << " of " << actual.size() << " is " << actual[worst]
         << ", expected " << expected[worst] << "; allowed difference " << allowed;
}

Tensor Int32s(const std::vector<int32_t>& values) {
  Tensor tensor = Tensor::Uninitialized({static_cast<int64_t>(values.size())}, DType::kInt32);
  std::copy(values.begin(), values.end(), tensor.ints());
  return tensor;
}

Doubles ToDoubles(const Tensor& tensor) {
  const Tensor plain = tensor.Plain();
  return Doubles(plain.data(), plain.data() + plain.size());
}

Parameter RandomParameter(const Shape& shape, uint64_t number, float deviation) {
  Parameter parameter;
  parameter.name = "parameter";
  parameter.shape = shape;
  parameter.value = RandomTensor(shape, number, deviation);
  parameter.gradient = Tensor::Zeros(shape);
  return parameter;
}

Tensor RandomTensor(const Shape& shape, uint64_t number, float deviation) {
  Random random({.seed = number, .purpose = Purpose::kTest});
  Tensor tensor = Tensor::Uninitialized(shape);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = deviation * random.Normal();
  return tensor;
}

GradientCheckOptions InBfloat16(const std::vector<Parameter*>& parameters,
                                std::vector<Tensor>& inputs) {
  const auto round = [](Tensor& x) { x = x.RowMajorBfloat16().Plain(); };
  for (Parameter* parameter : parameters) round(parameter->value);
  for (Tensor& input : inputs) round(input);
  return {.tolerance = 0x1p-6,
          .planted_factor = 1.1,
          .precision = Precision::kBfloat16,
          .parameters = parameters};
}

testing::AssertionResult CheckGradients(
    const std::function<Var(Tape&, const std::vector<Var>&)>& operation,
    const std::vector<Tensor>& inputs,
    const std::function<Doubles(const std::vector<Doubles>&)>& reference,
    const GradientCheckOptions& options) {
  Tape tape;
  std::vector<Var> leaves;
  std::vector<Doubles> points;
  for (const Tensor& input : inputs) {
    leaves.push_back(tape.Leaf(input.Clone()));
    points.push_back(ToDoubles(input));
  }
  for (Parameter* parameter : options.parameters) {
    points.push_back(ToDoubles(parameter->value));
    parameter->has_gradient = false;
  }
  const PrecisionScope precision(tape, options.precision);
  const Var output = operation(tape, leaves);
  const Doubles values = reference(points);
  if (auto close = AllClose(ToDoubles(output.value()), values, options.tolerance); !close) {
    return testing::AssertionFailure() << "values: " << close.message();
  }
  const Tensor weights = RandomTensor(output.shape(), 0x9d7);
  const auto objective = [&](const std::vector<Doubles>& at) {
    const Doubles y = reference(at);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * weights.data()[i];
    return sum;
  };
  tape.Backward(output, weights.Clone());
  for (size_t k = 0; k < points.size(); ++k) {
    Doubles expected(points[k].size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const double x = points[k][i];
      points[k][i] = x + options.step;
      const double above = objective(points);
      points[k][i] = x - options.step;
      const double below = objective(points);
      points[k][i] = x;
      expected[i] = (above - below) / (2 * options.step);
    }
    if (!(Rms(expected) > 1e-6)) {
      return testing::AssertionFailure()
             << "the gradient of value " << k << " vanishes: nothing is tested";
    }
    const bool is_input = k < inputs.size();
    if (!is_input && !options.parameters[k - inputs.size()]->has_gradient) {
      return testing::AssertionFailure() << "no gradient reached parameter " << k - inputs.size();
    }
    const Doubles gradient = ToDoubles(is_input ? tape.LeafGradient(leaves[k])
                                                : options.parameters[k - inputs.size()]->gradient);
    if (auto close = AllClose(gradient, expected, options.tolerance); !close) {
      return testing::AssertionFailure() << "gradient of value " << k << ": " << close.message();
    }
    if (auto caught = CatchesPlantedFaults(expected, options.tolerance, options.planted_factor);
        !caught) {
      return testing::AssertionFailure() << "gradient of value " << k << ": " << caught.message();
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace pretext
