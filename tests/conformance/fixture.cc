#include "tests/conformance/fixture.h"

#include <google/protobuf/text_format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/random/random.h"
#include "core/autograd/gradient_check.h"

namespace pretext {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::unique_ptr<Message> ExampleConfig(const Plugin& plugin) {
  std::unique_ptr<Message> config(plugin.default_config->New());
  std::ifstream file(plugin.Package() + "/example.textproto");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, config.get()))
      << plugin.Package() << "/example.textproto";
  return config;
}

std::vector<FlowType> CandidateTypes(const Plugin& plugin) {
  std::ifstream file(plugin.Package() + "/example_input.txt");
  if (!file) {
    return {FlowType::Image(1, 16, 16), FlowType::Image(3, 16, 16), FlowType::Vector(12),
            FlowType::Tokens(16, 50), FlowType::Sequence(16, 12)};
  }
  std::vector<FlowType> types;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    int64_t a = 0, b = 0, c = 0;
    words >> kind >> a;
    if (kind == "vector") {
      types.push_back(FlowType::Vector(a));
    } else if (kind == "image" && words >> b >> c) {
      types.push_back(FlowType::Image(a, b, c));
    } else if (kind == "masked_image" && words >> b >> c) {
      int64_t patch = 1, kept = 0;
      words >> patch >> kept;
      types.push_back(FlowType::Image(a, b, c).WithMaskedPatches(patch, kept));
    } else if (kind == "tokens" && words >> b) {
      types.push_back(FlowType::Tokens(a, b));
    } else if (kind == "sequence" && words >> b) {
      types.push_back(FlowType::Sequence(a, b));
    } else {
      ADD_FAILURE() << plugin.Package() << "/example_input.txt: " << line;
    }
  }
  return types;
}

namespace {

// Of each row those from its number on, round and round.
Tensor MaskedPatches(const FlowType& type, int64_t rows) {
  const int64_t masked = type.tokens - type.kept;
  Tensor positions = Tensor::Uninitialized({rows * masked}, DType::kInt32);
  for (int64_t r = 0; r < rows; ++r) {
    int32_t* const own = positions.ints() + r * masked;
    for (int64_t m = 0; m < masked; ++m)
      own[m] = static_cast<int32_t>(r * type.tokens + (r + m) % type.tokens);
    std::sort(own, own + masked);
  }
  return positions;
}

}  // namespace

Batch RandomBatch(const FlowType& type, int64_t samples, int64_t views, uint64_t seed) {
  Random random({.seed = seed});
  Batch batch;
  batch.samples = samples;
  batch.views = views;
  batch.type = type;
  const int64_t rows = samples * views;
  batch.labels = Tensor::Uninitialized({samples}, DType::kInt32);
  for (int64_t n = 0; n < samples; ++n) {
    batch.labels.ints()[n] = static_cast<int32_t>(random.Below(3));
    batch.indices.push_back(n);
  }
  if (type.masked_patches()) batch.masked_positions = MaskedPatches(type, rows);
  const bool sequence = type.is(FlowType::Kind::kTokens) || type.is(FlowType::Kind::kSequence);
  if (type.is(FlowType::Kind::kTokens)) {
    batch.input = Tensor::Uninitialized({rows, type.tokens}, DType::kInt32);
    for (int64_t i = 0; i < rows * type.tokens; ++i) {
      batch.input.ints()[i] =
          static_cast<int32_t>(random.Below(static_cast<uint32_t>(type.vocabulary)));
    }
  } else {
    batch.input = Tensor::Uninitialized(type.Batch(rows));
    for (int64_t i = 0; i < batch.input.size(); ++i) batch.input.data()[i] = random.Uniform();
    batch.clean = Tensor::Uninitialized(type.Batch(samples));
    for (int64_t i = 0; i < batch.clean.size(); ++i) batch.clean.data()[i] = random.Uniform();
  }
  if (sequence) {
    const int64_t masked = (rows * type.tokens + 2) / 3;
    batch.lengths = Tensor::Uninitialized({rows}, DType::kInt32);
    for (int64_t r = 0; r < rows; ++r) {
      batch.lengths.ints()[r] = static_cast<int32_t>(type.tokens - (r % 3));
    }
    batch.masked_positions = Tensor::Uninitialized({masked}, DType::kInt32);
    batch.masked_ids = Tensor::Uninitialized({masked}, DType::kInt32);
    for (int64_t m = 0; m < masked; ++m) {
      batch.masked_positions.ints()[m] = static_cast<int32_t>(3 * m);
      batch.masked_ids.ints()[m] = static_cast<int32_t>(random.Below(50));
    }
  }
  return batch;
}

TokenEmbedding::TokenEmbedding(int64_t vocabulary, int64_t width) {
  set_.Add("embedding", Role::kEmbedding, {vocabulary, width}, Initializer::Normal(0.3f));
  set_.Allocate("embedding", 4);
}

std::string TestName(const Plugin& plugin) { return plugin.ShortName(); }

namespace {

// Sets one number of the field; whether that value can be written to a field of its type.
bool SetNumber(Message& message, const FieldDescriptor* field, double value) {
  const auto* reflection = message.GetReflection();
  const bool whole = value == std::floor(value) && std::abs(value) < 9e18;
  const bool fits = whole && std::abs(value) < 2147483648.0;
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_FLOAT:
      repeated ? reflection->AddFloat(&message, field, static_cast<float>(value))
               : reflection->SetFloat(&message, field, static_cast<float>(value));
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      repeated ? reflection->AddDouble(&message, field, value)
               : reflection->SetDouble(&message, field, value);
      return true;
    case FieldDescriptor::CPPTYPE_INT32:
      if (!fits) return false;
      repeated ? reflection->AddInt32(&message, field, static_cast<int32_t>(value))
               : reflection->SetInt32(&message, field, static_cast<int32_t>(value));
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!whole) return false;
      repeated ? reflection->AddInt64(&message, field, static_cast<int64_t>(value))
               : reflection->SetInt64(&message, field, static_cast<int64_t>(value));
      return true;
    default:
      return false;  // booleans, names and seeds have no absurd values
  }
}

}  // namespace

void ExpectBadFieldsAreNamed(const Plugin& plugin,
                             const std::function<absl::Status(const Message&)>& create) {
  const std::unique_ptr<Message> example = ExampleConfig(plugin);
  const auto* descriptor = example->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    bool is_number = false, refused = false, refused_nan = false;
    for (double value : {-1.0, 0.0, 2147483647.0, 1.2e18, std::nan("")}) {
      std::unique_ptr<Message> config(example->New());
      config->CopyFrom(*example);
      if (!SetNumber(*config, field, value)) continue;
      is_number = true;
      const absl::Status status = create(*config);
      if (status.ok()) continue;
      refused = true;
      if (std::isnan(value)) refused_nan = true;
      EXPECT_TRUE(absl::StrContains(status.message(), field->name()))
          << field->name() << " = " << value << " is refused without its name: " << status;
    }
    const bool floating = field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT ||
                          field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE;
    EXPECT_TRUE(!is_number || refused) << field->name() << " takes any number";
    EXPECT_TRUE(!floating || refused_nan) << field->name() << " takes NaN";
  }
}

namespace {

// Σ output · weights in double, for an output of any layout.
double Objective(const Tensor& output) {
  const Doubles y = ToDoubles(output), w = ToDoubles(RandomTensor(output.shape(), 77));
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += y[i] * w[i];
  return sum;
}

// The slope of the objective along a direction, by central differences.
// Whether one of the steps agrees with the gradient: a kink within the step,
// or rounding with a small one, may spoil another. `allowed`: the difference, beside rounding, from
// an expected slope.
bool SlopeAgrees(Tensor& values, const Doubles& gradient, const Doubles& direction,
                 double largest_step, const std::function<double(double)>& allowed,
                 const std::function<double()>& objective, std::string& seen) {
  const Tensor start = values.Clone();
  double expected = 0, size = 0.1;  // zeros (biases at first) need a step above rounding
  for (size_t i = 0; i < gradient.size(); ++i) expected += gradient[i] * direction[i];
  for (double v : ToDoubles(values)) size += std::abs(v) / static_cast<double>(values.size());
  absl::StrAppend(&seen, " gradient ", expected, ", central differences");
  bool agrees = false;
  for (double relative :
       {largest_step, 0.3 * largest_step, 0.1 * largest_step, 0.03 * largest_step}) {
    double ends[2];
    for (int side = 0; side < 2; ++side) {
      const double step = (side == 0 ? 1 : -1) * relative * size;
      for (int64_t i = 0; i < values.size(); ++i) {
        values.data()[i] =
            start.data()[i] + static_cast<float>(step * direction[static_cast<size_t>(i)]);
      }
      ends[side] = objective();
    }
    const double slope = (ends[0] - ends[1]) / (2 * relative * size);
    // Rounding of the objective at 1e-6 of itself, over the step.
    const double noise = 1e-6 * (std::abs(ends[0]) + 1) / (relative * size);
    absl::StrAppend(&seen, " ", slope);
    if (std::abs(slope - expected) <= allowed(expected) + std::min(noise, 0.1)) agrees = true;
  }
  std::copy_n(start.data(), start.size(), values.data());
  absl::StrAppend(&seen, ";");
  return agrees;
}

void ExpectSlope(Tensor& values, const Tensor& gradient, const std::function<double()>& objective,
                 const std::string& name) {
  const Doubles g = ToDoubles(gradient), random = ToDoubles(RandomTensor(values.shape(), 5));
  std::string seen;
  const auto share = [](double expected) { return 0.03 * std::abs(expected); };
  if (SlopeAgrees(values, g, random, 1e-2, share, objective, seen)) return;
  // Deep networks with batch normalisation bend within the smallest step whose effect is above
  // rounding. Along the gradient itself the effect is larger, by the root of the number of values,
  // and the steps can be smaller. It is blind to what the gradient leaves out. That shows in random
  // directions, whose slope is off by the length of what is missing times a normal number: of three
  // of them one at least is off by more than 0.4 of it in 97 of 100 cases.
  const double length = std::sqrt(std::inner_product(g.begin(), g.end(), g.begin(), 0.0));
  const auto most = [&](double) { return 0.4 * length; };
  Doubles along = g;
  const double scale = std::sqrt(static_cast<double>(g.size())) / (length + 1e-30);
  for (double& v : along) v *= scale;
  bool agrees = SlopeAgrees(values, g, along, 1e-3, share, objective, seen);
  for (const uint64_t seed : {5, 6, 7}) {
    const Doubles direction = ToDoubles(RandomTensor(values.shape(), seed));
    agrees = agrees && SlopeAgrees(values, g, direction, 1e-2, most, objective, seen);
  }
  EXPECT_TRUE(agrees) << name << ":" << seen;
}

}  // namespace

void ExpectGradientsOfParameters(ParameterSet& parameters, const Function& function) {
  Tape tape;
  parameters.ZeroGradients();
  const Var output = function(tape);
  tape.Backward(output, RandomTensor(output.shape(), 77).InLayout(output.value().layout()));
  for (Parameter& p : parameters.parameters()) {
    ASSERT_TRUE(p.has_gradient) << p.name << " gets no gradient";
    ExpectSlope(
        p.value, p.gradient.Clone(),
        [&] {
          Tape again;
          return Objective(function(again).value());
        },
        p.name);
  }
}

void ExpectGradientOfInput(const Tensor& input, const std::function<Var(Tape&, Var)>& function) {
  Tape tape;
  Tensor values = input.Clone();
  const Var leaf = tape.Leaf(values);
  const Var output = function(tape, leaf);
  tape.Backward(output, RandomTensor(output.shape(), 77).InLayout(output.value().layout()));
  const Tensor gradient = tape.LeafGradient(leaf).Clone();
  ExpectSlope(
      values, gradient,
      [&] {
        Tape again(false);
        return Objective(function(again, again.Constant(values)).value());
      },
      "input");
}

void ExpectFrozenIsLeftAlone(ParameterSet& parameters, const Function& function) {
  const auto pass = [&] {
    Tape tape;
    parameters.ZeroGradients();
    const Var output = function(tape);
    tape.Backward(output, RandomTensor(output.shape(), 77).InLayout(output.value().layout()));
  };
  pass();
  std::vector<Doubles> gradients;
  std::vector<bool> reached;  // a decoder's bias, say, is not
  for (Parameter& p : parameters.parameters()) {
    gradients.push_back(ToDoubles(p.gradient));
    reached.push_back(p.has_gradient);
  }
  for (Parameter& frozen : parameters.parameters()) {
    frozen.frozen = true;
    pass();
    frozen.frozen = false;
    for (size_t i = 0; Parameter & p : parameters.parameters()) {
      if (&p == &frozen) {
        EXPECT_FALSE(p.has_gradient) << p.name;
      } else if (reached[i]) {
        EXPECT_TRUE(p.has_gradient) << p.name << " without " << frozen.name;
        EXPECT_EQ(ToDoubles(p.gradient), gradients[i]) << p.name << " without " << frozen.name;
      }
      ++i;
    }
  }
  std::vector<Doubles> statistics;
  for (Parameter& p : parameters.parameters()) p.frozen = true;
  for (Buffer& b : parameters.buffers()) {
    b.frozen = true;
    statistics.push_back(ToDoubles(b.value));
  }
  pass();
  for (Parameter& p : parameters.parameters()) EXPECT_FALSE(p.has_gradient) << p.name;
  for (size_t i = 0; Buffer & b : parameters.buffers()) {
    EXPECT_EQ(ToDoubles(b.value), statistics[i++]) << b.name;
  }
}

void ExpectDeterministic(const Function& function) {
  const auto run = [&] {
    Tape tape(false);
    return ToDoubles(function(tape).value());
  };
  const Doubles first = run();
  EXPECT_EQ(first, run());
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  // Libraries split sums by the number of threads: rounding differs, at about 1e-6 a layer.
  EXPECT_TRUE(AllClose(run(), first, 1e-4));
  omp_set_num_threads(threads);
}

}  // namespace pretext
