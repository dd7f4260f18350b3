#include "core/contrastive_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/record_loss.h"
#include "kernels/gemm/gemm.h"

namespace pretext {

void CheckComparedViews(const BuildContext& context, int64_t least_views, FieldChecker& check) {
  const FlowType& z = context.input;
  if (!z.is(FlowType::Kind::kNothing)) {
    check.Shape(z.is(FlowType::Kind::kVector),
                absl::StrCat("compares vectors; the head gives ", z.ToString(),
                             ". Use a projection, such as pretext.ProjectionMlp, as the head"));
  }
  check.Shape(context.views >= least_views,
              absl::StrCat("takes at least ", least_views, " views of each sample; there is ",
                           context.views, ". Set views { count: 2 ... }"));
}

void CheckContrastive(const BuildContext& context, int64_t least_views, float temperature,
                      FieldChecker& check) {
  check.AtLeast("temperature", temperature, kLeastTemperature);
  CheckComparedViews(context, least_views, check);
}

double Uniformity(int64_t rows, int64_t features, const float* z) {
  if (rows < 2) return 0;
  std::vector<float> unit(rows * features), cosines(rows * rows);
  for (int64_t i = 0; i < rows; ++i) {
    double square = 0;
    for (int64_t f = 0; f < features; ++f) {
      square += static_cast<double>(z[i * features + f]) * z[i * features + f];
    }
    const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (int64_t f = 0; f < features; ++f) {
      unit[i * features + f] = static_cast<float>(z[i * features + f] * scale);
    }
  }
  Gemm(Transpose::kNo, Transpose::kYes, rows, rows, features, 1.0f, unit.data(), features,
       unit.data(), features, 0.0f, cosines.data(), rows);
  double sum = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < i; ++j) sum += std::exp(4.0 * cosines[i * rows + j] - 4.0);
  }
  return std::log(2 * sum / (static_cast<double>(rows) * (rows - 1)));
}

LossResult ContrastiveLoss(Tape& tape, const char* operation, Var z, const Batch& batch,
                           NtXentProblem problem) {
  const Tensor rows = z.value().Plain();
  PRETEXT_CHECK(rows.rank() == 2 && rows.dim(0) == batch.rows(), "a vector for every view");
  problem.samples = batch.samples;
  problem.views = batch.views;
  problem.features = rows.dim(1);
  Tensor gradient = z.requires_gradient() ? Tensor::Uninitialized(rows.shape()) : Tensor();
  const NtXentResult result =
      ComputeNtXent(problem, rows.data(), gradient.defined() ? gradient.data() : nullptr, nullptr);
  const bool finite = result.status == NtXentStatus::kOk;
  if (gradient.defined() && !finite) {
    gradient = Tensor::Full(rows.shape(), std::numeric_limits<float>::quiet_NaN());
  }
  LossResult loss{.loss = RecordLoss(tape, operation, result.loss, z, std::move(gradient)),
                  .weight = static_cast<double>(batch.rows())};
  if (finite) {
    loss.metrics = {{"alignment", 2 - 2 * result.positive_cosine},
                    {"uniformity", Uniformity(std::min<int64_t>(batch.samples, 256),
                                              problem.features, rows.data())}};
  }
  return loss;
}

}  // namespace pretext
