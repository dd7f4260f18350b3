// Predictor, teacher, queue, prototypes, centre, directions, freezing and ramps, put together by
// a pipeline's text, against PyTorch (reference.py): every gradient of the first step; the losses
// of 20 steps; and what the trained parts, the teacher and the loss hold then.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/npy/npy.h"
#include "core/plugin/ramp_field.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/train_step.h"
#include "tests/golden.h"

namespace pretext {
namespace {

// As in reference.py.
constexpr int64_t kSamples = 8, kFeatures = 12, kSteps = 20, kKept = 96;
constexpr uint64_t kSeed = 3;
constexpr double kRate = 0.05;

constexpr char kHead[] =
    "head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 10 output: 6 } } ";
constexpr char kPredictor[] =
    "predictor { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 7 output: 6 } } ";
constexpr char kTeacher[] = "teacher { momentum { from: 0.9 to: 1 decay: COSINE } } ";

struct Method {
  const char* name;
  std::string sections;
};

std::vector<Method> Methods() {
  const std::string cosine = "loss { [type.googleapis.com/pretext.NegativeCosine] {} } ";
  return {
      {"byol", absl::StrCat(kHead, kPredictor, kTeacher, cosine)},
      {"byol_before",
       absl::StrCat(kHead, kPredictor, cosine,
                    "teacher { momentum { from: 0.9 to: 1 decay: COSINE } update: BEFORE_FORWARD "
                    "buffers: FOLLOW } ")},
      {"simsiam",
       absl::StrCat("head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 10 output: 6 "
                    "output_norm: true output_norm_scale: false } } ",
                    kPredictor, cosine)},
      {"moco", absl::StrCat(kHead, "teacher { momentum { from: 0.95 } } ",
                            "loss { [type.googleapis.com/pretext.InfoNceQueue] { rows: 21 "
                            "temperature: 0.2 } } ")},
      {"moco_v3", absl::StrCat(kHead, kPredictor, kTeacher,
                               "loss { [type.googleapis.com/pretext.NtXent] { temperature: 0.2 "
                               "scale_by_temperature: true } } ")},
      {"nnclr", absl::StrCat(kHead, kPredictor,
                             "loss { [type.googleapis.com/pretext.Nnclr] { rows: 21 temperature: "
                             "0.1 } } ")},
      {"swav", absl::StrCat(kHead,
                            "loss { [type.googleapis.com/pretext.Swav] { prototypes: 11 } } "
                            "freeze_for { name: \"loss.prototypes\" steps: 3 } ")},
      {"dino", absl::StrCat(kTeacher,
                            "head { [type.googleapis.com/pretext.DinoHead] { layers: 2 hidden: 10 "
                            "bottleneck: 6 output: 9 } } "
                            "loss { [type.googleapis.com/pretext.Dino] { teacher_temperature { "
                            "from: 0.04 to: 0.07 steps: 10 } } } "
                            "freeze_for { name: \"head.last_layer\" steps: 2 } "
                            "schedule { weight_decay { from: 1e-3 to: 1e-2 } } ")},
      {"lejepa", absl::StrCat(kHead,
                              "loss { [type.googleapis.com/pretext.SigReg] { lambda: 0.05 slices: "
                              "20 knots: 17 range: 3 } } ")},
      {"vis_reg", absl::StrCat(kHead,
                               "loss { [type.googleapis.com/pretext.VisReg] { lambda: 0.6 slices: "
                               "20 epsilon: 1e-4 } } ")}};
}

// Rows of length 1 of the reference's values, as it has its queue and its prototypes.
void FillUnitRows(int64_t number, double size, Tensor& rows) {
  const int64_t features = rows.dim(1);
  for (int64_t first = 0; first < rows.size(); first += features) {
    double norm = 0;
    for (int64_t i = first; i < first + features; ++i)
      norm += std::pow(size * ReferenceValue(number, i), 2);
    for (int64_t i = first; i < first + features; ++i)
      rows.data()[i] = static_cast<float>(size * ReferenceValue(number, i) / std::sqrt(norm));
  }
}

void FillParameter(int64_t number, Parameter& p) {
  const bool matrix = p.shape.rank() > 1;
  const double size = matrix ? std::sqrt(24.0 / static_cast<double>(p.shape[1])) : 0.4;
  if (p.name == "loss.prototypes") return FillUnitRows(number, size, p.value);
  for (int64_t i = 0; i < p.value.size(); ++i) {
    const double v = size * ReferenceValue(number, i);
    p.value.data()[i] = static_cast<float>(p.role == Role::kNormScale ? 1 + v : v);
  }
}

Batch Views(int64_t step) {
  Batch batch;
  batch.samples = kSamples;
  batch.views = 2;
  batch.type = FlowType::Vector(kFeatures);
  batch.input = Tensor::Uninitialized({2 * kSamples, kFeatures});
  for (int64_t r = 0; r < 2 * kSamples; ++r) {
    const int64_t sample = step * kSamples + r % kSamples;
    for (int64_t d = 0; d < kFeatures; ++d) {
      batch.input.data()[r * kFeatures + d] =
          static_cast<float>(2 * ReferenceValue(500, sample * kFeatures + d) +
                             0.5 * ReferenceValue(1000 + step, r * kFeatures + d));
    }
  }
  return batch;
}

// What a run's step does, on batches that are given.
class Training {
 public:
  explicit Training(const Method& method) {
    const std::string folder = std::getenv("TEST_TMPDIR");
    auto writer = NpyWriter::Create(folder + "/x.npy", NpyWriter::Type::kFloat32, {40, kFeatures});
    const std::vector<float> zeros(40 * kFeatures);
    EXPECT_TRUE(writer.ok() && writer->Append(zeros.data(), 40 * kFeatures).ok() &&
                writer->Finish().ok());
    const std::string text = absl::StrCat(
        "name: 'm' dataset { [type.googleapis.com/pretext.Arrays] { samples: 'x.npy' held_out: 0.2 "
        "} } views { count: 2 } encoder { [type.googleapis.com/pretext.Mlp] { hidden: 10 code: 8 "
        "normalization: BATCH } } optimizer { [type.googleapis.com/pretext.Sgd] { momentum: 0.9 "
        "weight_decay: 1e-3 learning_rate: 0.05 } } train { steps: 20 batch_size: 8 } ",
        method.sections);
    parts_ = Made(Assemble(LoadPipelineText("m", text), {.base_directory = folder}));
    parts_.Allocate(1);
    for (const Model::NamedSet& named : parts_.trained_sets()) {
      for (Parameter& p : named.set->parameters()) parameters_[p.name] = &p;
    }
    int64_t number = 0;
    for (auto& [name, parameter] : parameters_) FillParameter(number++, *parameter);
    for (Buffer& b : parts_.loss->parameters().buffers()) {
      if (b.name == "loss.queue") FillUnitRows(77, 1, b.value);
    }
    parts_.BeginTeacher();
    parts_.optimizer->Attach(parts_.trained_parameters());
    frozen_ = FrozenForATime(*parts_.config, parts_, /*steps_per_epoch=*/1);
  }

  // The loss of step 1 and on; the gradients are in the parameters.
  double Loss(int64_t step) {
    parts_.BeginStep(At(step));
    return TrainStep(parts_, /*chunk=*/0)
        .Run(Views(step - 1), {.training = true}, Reduction::kMean, /*keep=*/false)
        .loss;
  }
  void Update(int64_t step) {
    for (const FrozenFor& frozen : frozen_) {
      if (step <= frozen.steps) frozen.parameter->has_gradient = false;
    }
    const auto& schedule = parts_.config->schedule();
    if (schedule.has_weight_decay())
      parts_.optimizer->set_weight_decay(ToSchedule(schedule.weight_decay(), 0).At(At(step)));
    parts_.optimizer->Step(step, kRate, 1);
    parts_.EndStep(At(step));
  }

  const std::map<std::string, Parameter*>& parameters() const { return parameters_; }
  // All that is kept, by name; of a queue not where it is written next.
  std::map<std::string, Tensor> State() const {
    std::map<std::string, Tensor> state;
    for (const ParameterSet* set : parts_.parameter_sets()) {
      for (const Parameter& p : set->parameters()) state[p.name] = p.value;
      for (const Buffer& b : set->buffers()) state[b.name] = b.value;
    }
    state.erase("loss.queue_place");
    return state;
  }

 private:
  static RunPosition At(int64_t step) {
    return {.step = step, .total_steps = kSteps, .seed = kSeed};
  }

  Assembled parts_;
  std::map<std::string, Parameter*> parameters_;
  std::vector<FrozenFor> frozen_;
};

class AgainstPyTorch : public testing::TestWithParam<Method> {
 protected:
  static void SetUpTestSuite() { golden_ = ReadGolden("tests/methods/golden.safetensors"); }
  static void TearDownTestSuite() { golden_.clear(); }

  GoldenRun Golden() const { return GoldenRun(golden_, GetParam().name, kKept); }

  static std::map<std::string, Tensor> golden_;
};
std::map<std::string, Tensor> AgainstPyTorch::golden_;

TEST_P(AgainstPyTorch, Gradients) {
  const GoldenRun golden = Golden();
  Training training(GetParam());
  EXPECT_TRUE(std::abs(training.Loss(1) - golden["losses"].data()[0]) <= golden.Allowed("losses"));
  int wrong_are_seen = 0;
  for (const auto& [name, parameter] : training.parameters()) {
    EXPECT_TRUE(golden.Difference("gradient." + name, parameter->gradient) <=
                golden.Allowed("gradient"))
        << name;
    const Tensor wrong = Scaled(parameter->gradient, 1.001f);
    wrong_are_seen += !(golden.Difference("gradient." + name, wrong) <= golden.Allowed("gradient"));
  }
  // But for those that are 0: what stands before a batch normalisation's mean.
  EXPECT_GE(wrong_are_seen, static_cast<int>(training.parameters().size()) - 3);
}

TEST_P(AgainstPyTorch, TwentySteps) {
  const GoldenRun golden = Golden();
  Training training(GetParam());
  for (int64_t step = 1; step <= kSteps; ++step) {
    const double loss = training.Loss(step);
    EXPECT_TRUE(std::abs(loss - golden["losses"].data()[step - 1]) <= golden.Allowed("losses"))
        << step << ": " << loss << ", PyTorch has " << golden["losses"].data()[step - 1];
    training.Update(step);
  }
  const std::map<std::string, Tensor> state = training.State();
  for (const auto& [name, value] : state) {
    EXPECT_TRUE(golden.Difference("final." + name, value) <= golden.Allowed("final"))
        << name << ": " << golden.Difference("final." + name, value);
  }
  size_t expected = 0;
  for (const auto& [name, tensor] : golden_)
    expected += absl::StartsWith(name, absl::StrCat(GetParam().name, ".final."));
  EXPECT_EQ(state.size(), expected) << "everything that is kept";
}

INSTANTIATE_TEST_SUITE_P(Methods, AgainstPyTorch, testing::ValuesIn(Methods()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace pretext
