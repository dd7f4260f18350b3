#include "losses/barlow_twins/barlow_twins.h"

#include <utility>
#include <vector>

#include "base/check/check.h"
#include "core/ops/record_loss.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/gemm/gemm.h"
#include "losses/barlow_twins/barlow_twins.pb.h"
#include "losses/contrastive/contrastive_loss.h"

namespace pretext {
namespace {

constexpr float kEpsilon = 1e-5f;

// The features of one view, standardised over its samples.
class StandardisedView {
 public:
  StandardisedView(const Tensor& rows)
      : rows_(rows),
        order_(OrderOf(rows)),
        partials_(Vector(static_cast<int64_t>(BatchNormPartials(order_)))),
        mean_(Vector(rows.dim(1))),
        inverse_deviation_(Vector(rows.dim(1))),
        standardised_(Tensor::Uninitialized(rows.shape())) {
    Tensor variance = Vector(rows.dim(1));
    BatchNormMoments(order_, 0, 1, rows.data(), partials_.data());
    FinishBatchNormMoments(order_, partials_.data(), mean_.data(), variance.data());
    InverseDeviation(rows.dim(1), variance.data(), kEpsilon, inverse_deviation_.data());
    BatchNormForward(order_, Parameters(), rows.data(), nullptr, /*relu=*/false,
                     standardised_.data());
  }

  const float* data() const { return standardised_.data(); }

  // `gradient`, with respect to the standardised view, becomes that with respect to the rows.
  void Backward(float* gradient) {
    constexpr BatchNormMask kMask = BatchNormMask::kNone;
    Tensor dgamma = Vector(rows_.dim(1)), dbeta = Vector(rows_.dim(1));
    BatchNormGradientSums(order_, 0, 1, Parameters(), kMask, rows_.data(), nullptr, gradient,
                          nullptr, partials_.data());
    FinishBatchNormGradientSums(order_, Parameters(), partials_.data(), dgamma.data(),
                                dbeta.data());
    BatchNormBackward(order_, 1, Parameters(), kMask, rows_.data(), nullptr, gradient,
                      dgamma.data(), dbeta.data(), gradient);
  }

 private:
  static ChannelOrder OrderOf(const Tensor& rows) {
    const int64_t dims[] = {rows.dim(0), rows.dim(1)};
    return ChannelOrderOf(rows.layout(), dims, 2, rows.dim(0));
  }
  static Tensor Vector(int64_t size) { return Tensor::Uninitialized({size}); }
  BatchNormParameters Parameters() const {
    return {mean_.data(), inverse_deviation_.data(), nullptr, nullptr};
  }

  Tensor rows_;
  ChannelOrder order_;
  Tensor partials_, mean_, inverse_deviation_, standardised_;
};

// The loss of a cross-correlation matrix, which becomes `scale` times its gradient.
double CorrelationLoss(int64_t features, float weight, float scale, float* correlation) {
  double on = 0, off = 0;
  for (int64_t i = 0; i < features; ++i) {
    float* row = correlation + i * features;
    const double diagonal = row[i] - 1.0;
    double squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < features; ++j) {
      squares += static_cast<double>(row[j]) * row[j];
    }
    on += diagonal * diagonal;
    off += squares - static_cast<double>(row[i]) * row[i];
    const float slope = 2 * scale * weight;
#pragma omp simd
    for (int64_t j = 0; j < features; ++j) row[j] *= slope;
    row[i] = static_cast<float>(2 * scale * diagonal);
  }
  return on + weight * off;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> BarlowTwinsLoss::Create(const BarlowTwins& config,
                                                              const BuildContext& context) {
  FieldChecker check;
  check.NotNegative("off_diagonal_weight", config.off_diagonal_weight());
  CheckComparedViews(context, /*least_views=*/2, check);
  if (!check.ok()) return check.status();
  return std::make_unique<BarlowTwinsLoss>(config.off_diagonal_weight());
}

LossResult BarlowTwinsLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const Var z = prediction.value;
  const Tensor rows = z.value().Plain();
  PRETEXT_CHECK(rows.rank() == 2 && rows.dim(0) == batch.rows(), "a vector for every view");
  const int64_t n = batch.samples, views = batch.views, features = rows.dim(1);
  const float inverse_n = 1.0f / static_cast<float>(n);
  const float pair_weight = 2.0f / static_cast<float>(views * (views - 1));
  std::vector<StandardisedView> standardised;
  standardised.reserve(views);
  for (int64_t v = 0; v < views; ++v) {
    standardised.emplace_back(rows.Rows(v * n, (v + 1) * n));
  }
  Tensor gradient = z.requires_gradient() ? Tensor::Zeros(rows.shape()) : Tensor();
  Tensor correlation = Tensor::Uninitialized({features, features});
  double loss = 0;
  for (int64_t a = 0; a < views; ++a) {
    for (int64_t b = a + 1; b < views; ++b) {
      Gemm(Transpose::kYes, Transpose::kNo, features, features, n, inverse_n,
           standardised[a].data(), features, standardised[b].data(), features, 0.0f,
           correlation.data(), features);
      loss += pair_weight * CorrelationLoss(features, weight_, pair_weight, correlation.data());
      if (!gradient.defined()) continue;
      Gemm(Transpose::kNo, Transpose::kYes, n, features, features, inverse_n,
           standardised[b].data(), features, correlation.data(), features, 1.0f,
           gradient.data() + a * n * features, features);
      Gemm(Transpose::kNo, Transpose::kNo, n, features, features, inverse_n, standardised[a].data(),
           features, correlation.data(), features, 1.0f, gradient.data() + b * n * features,
           features);
    }
  }
  if (gradient.defined()) {
    for (int64_t v = 0; v < views; ++v) {
      standardised[v].Backward(gradient.data() + v * n * features);
    }
  }
  return {.loss = RecordLoss(tape, "barlow_twins", loss, z, std::move(gradient)),
          .weight = static_cast<double>(batch.rows())};
}

PRETEXT_REGISTER_LOSS(BarlowTwinsLoss, BarlowTwins);

}  // namespace pretext
