#include "losses/contrastive/contrastive_loss.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "core/ops/basic.h"
#include "core/ops/record_loss.h"
#include "kernels/nt_xent/in_blocks.h"

namespace pretext {

void CheckVectorsOfViews(const BuildContext& context, int64_t least_views, FieldChecker& check) {
  const FlowType& z = context.input;
  if (!z.is(FlowType::Kind::kNothing)) {
    check.Shape(z.is(FlowType::Kind::kVector),
                absl::StrCat("compares vectors; the head gives ", z.ToString(),
                             ". Use a projection, such as pretext.ProjectionMlp, as the head"));
  }
  check.Shape(context.views >= least_views,
              absl::StrCat("takes at least ", least_views, " views of each sample; there is ",
                           context.views,
                           context.named_groups
                               ? ". Give a group that the encoder sees another view: group { "
                                 "count: 2 ... }"
                               : ". Set views { count: 2 ... }"));
}

void CheckComparedViews(const BuildContext& context, int64_t least_views, FieldChecker& check) {
  CheckVectorsOfViews(context, least_views, check);
  check.Shape(context.target_views == context.value_views,
              "compares all views with one another, and views { target } names some of them: leave "
              "that out, or take a loss that has targets, such as pretext.Swav");
}

void CheckContrastive(const BuildContext& context, int64_t least_views, float temperature,
                      FieldChecker& check) {
  check.AtLeast("temperature", temperature, kLeastTemperature);
  CheckComparedViews(context, least_views, check);
}

std::vector<Var> SliceViews(Tape& tape, Var z, const Batch& batch) {
  PRETEXT_CHECK(z.value().rank() == 2 && z.dim(0) == batch.rows(), "a vector for every view");
  std::vector<Var> views;
  for (int64_t v = 0; v < batch.views; ++v)
    views.push_back(Slice(tape, z, v * batch.samples, (v + 1) * batch.samples));
  return views;
}

Var MeanOf(Tape& tape, std::span<const Var> scalars) {
  Var sum = scalars.front();
  for (const Var& scalar : scalars.subspan(1)) sum = Add(tape, sum, scalar);
  return Scale(tape, sum, 1 / static_cast<float>(scalars.size()));
}

namespace {

// The kernel's ring, of the blocks of a batch.
class RingOfMembers final : public BlockRing {
 public:
  explicit RingOfMembers(BlockMember& member) : member_(member) {}
  void Shift(int by, const void* given, const std::vector<int64_t>& counts, void* taken) override {
    member_.Shift(by, given, counts, taken);
  }
  const double* Gather(const double* values, int64_t count) override {
    constexpr int64_t kWords = sizeof(double) / 4;
    const std::vector<int64_t> counts(static_cast<size_t>(member_.count()), count * kWords);
    return static_cast<const double*>(member_.Gather(values, counts));
  }

 private:
  BlockMember& member_;
};

// compute(problem, rows, gradient or null) of z, as an operation.
template <class Compute>
LossResult Record(Tape& tape, const char* operation, Var z, const Batch& batch,
                  NtXentProblem problem, Compute&& compute) {
  const Tensor rows = z.value().Plain();
  PRETEXT_CHECK(rows.rank() == 2 && rows.dim(0) == batch.rows(), "a vector for every view");
  problem.views = batch.views;
  problem.features = rows.dim(1);
  Tensor gradient = z.requires_gradient() ? Tensor::Uninitialized(rows.shape()) : Tensor();
  const NtXentResult result =
      compute(problem, rows.data(), gradient.defined() ? gradient.data() : nullptr);
  const bool finite = result.status == NtXentStatus::kOk;
  if (gradient.defined() && !finite) {
    gradient = Tensor::Full(rows.shape(), std::numeric_limits<float>::quiet_NaN());
  }
  LossResult loss{.loss = RecordLoss(tape, operation, result.loss, z, std::move(gradient)),
                  .weight = static_cast<double>(result.averaged_rows)};
  if (finite) {
    loss.metrics = {{"positive_cosine", result.positive_cosine},
                    {"mean_cosine", result.mean_cosine}};
  }
  return loss;
}

}  // namespace

LossResult ContrastiveLoss(Tape& tape, const char* operation, const Prediction& prediction,
                           const Batch& batch, NtXentProblem problem) {
  problem.samples = batch.samples;
  problem.bfloat16 = prediction.precision == Precision::kBfloat16;
  return Record(tape, operation, prediction.value, batch, problem,
                [](const NtXentProblem& all, const float* rows, float* gradient) {
                  return ComputeNtXent(all, rows, gradient, nullptr);
                });
}

LossResult ContrastiveLossOfBlock(Tape& tape, const char* operation, Var z, const Batch& batch,
                                  int64_t samples, BlockMember& member, NtXentProblem problem) {
  problem.samples = samples;
  std::vector<int64_t> first;
  for (int b = 0; b <= member.count(); ++b)
    first.push_back(FirstSample(samples, b, member.count()));
  RingOfMembers ring(member);
  return Record(tape, operation, z, batch, problem,
                [&](const NtXentProblem& all, const float* rows, float* gradient) {
                  return ComputeNtXentOfBlock(all, first, member.index(), rows, gradient, ring);
                });
}

}  // namespace pretext
