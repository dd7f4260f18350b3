#include "evaluation/probe/probe.h"

#include <lbfgs.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "evaluation/probe/softmax_regression.h"

namespace pretext {
namespace {

struct Fit {
  const SoftmaxRegression* objective;
  const ProbeOptions* options;
  int iterations = 0;
  absl::Status status = absl::OkStatus();
};

double Evaluate(void* fit, const double* parameters, double* gradient, int, double) {
  return static_cast<Fit*>(fit)->objective->Evaluate(parameters, gradient);
}

// What it returns ends the search, unless it is 0.
int AfterIteration(void* instance, const double*, const double*, double, double, double, double,
                   int, int iteration, int) {
  Fit& fit = *static_cast<Fit*>(instance);
  fit.iterations = iteration;
  fit.status =
      fit.options->work.Tell("probe", static_cast<double>(iteration) / fit.options->max_iterations);
  return fit.status.ok() ? 0 : LBFGSERR_CANCELED;
}

}  // namespace

absl::StatusOr<ProbeAccuracy> EvaluateProbe(const Features& train, const Features& test,
                                            const ProbeOptions& options) {
  if (!(options.decay >= 0) || options.max_iterations < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the probe needs a decay of at least 0 and at least 1 iteration; found ",
                     options.decay, " and ", options.max_iterations));
  }
  if (absl::Status status = CheckLabelled(train, test); !status.ok()) return status;

  const SoftmaxRegression objective(train, CountClasses(train, test), options.decay);
  if (objective.parameters() > std::numeric_limits<int>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a probe of ", objective.parameters(),
                     " weights, one for each class and feature, is more than its solver counts; "
                     "leave it out by evaluate { classify: false }"));
  }
  const int size = static_cast<int>(objective.parameters());
  const std::unique_ptr<double[], void (*)(double*)> parameters(lbfgs_malloc(size), lbfgs_free);
  if (parameters == nullptr)
    return absl::ResourceExhaustedError("no memory for the probe's weights");
  std::fill_n(parameters.get(), size, 0.0);

  lbfgs_parameter_t settings;
  lbfgs_parameter_init(&settings);
  settings.m = kProbeHistory;
  settings.epsilon = 1e-6;
  settings.max_iterations = options.max_iterations;
  Fit fit{.objective = &objective, .options = &options};
  fit.status = options.work.Tell("probe", 0);
  if (!fit.status.ok()) return fit.status;
  ProbeAccuracy result;
  const int code =
      lbfgs(size, parameters.get(), &result.loss, Evaluate, AfterIteration, &fit, &settings);
  if (!fit.status.ok()) return fit.status;
  // Where the line search finds no better point in the arithmetic's precision,
  // the last point is the minimum.
  PRETEXT_CHECK(code >= 0 || code == LBFGSERR_MAXIMUMITERATION ||
                    (code >= LBFGSERR_OUTOFINTERVAL && code <= LBFGSERR_INCREASEGRADIENT),
                "L-BFGS accepts its settings");
  result.iterations = fit.iterations;
  result.train = PercentCorrect(objective.Predict(parameters.get(), train), train.labels);
  result.test = PercentCorrect(objective.Predict(parameters.get(), test), test.labels);
  return result;
}

}  // namespace pretext
