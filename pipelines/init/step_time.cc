#include "pipelines/init/step_time.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "base/memory/memory_limits.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/memory/memory_check.h"
#include "pipelines/memory/synthetic_samples.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/update.h"

namespace pretext {
namespace {

absl::StatusOr<Assembled> Parts(const std::string& text) {
  return Assemble(LoadPipelineText("the proposal", text));
}

}  // namespace

absl::StatusOr<double> MeasureStep(const std::string& text, int64_t samples, double seconds) {
  const absl::StatusOr<Assembled> like = Parts(text);
  if (!like.ok()) return like.status();
  if (const auto memory = CheckAndDescribeMemory(*like); !memory.ok()) return memory.status();
  absl::StatusOr<Assembled> parts = Parts(text);
  if (!parts.ok()) return parts.status();
  const int64_t batch = parts->config->train().batch_size();
  parts->dataset = std::make_unique<SyntheticSamples>(*like, std::max(samples, batch));
  // Synthetic tokens come masked: what masks them would ask for a vocabulary.
  if (parts->sample.is(FlowType::Kind::kTokens)) parts->chains.assign(parts->chains.size(), {});
  const TrainPlan plan = PlanTraining(*parts);
  double median = 0;
  {
    Alone alone;
    Updater updater(*parts, plan, alone);
    Cursor cursor;
    updater.Seek(cursor);
    const auto start = std::chrono::steady_clock::now();
    std::chrono::duration<double> passed{};
    std::vector<double> steps;
    while (steps.size() < 4 || (passed.count() < seconds && steps.size() < 1000)) {
      const auto figures = updater.Update(cursor, /*monitored=*/false);
      if (!figures.ok()) return figures.status();
      steps.push_back(figures->seconds);
      passed = std::chrono::steady_clock::now() - start;
    }
    // The first makes memory and the libraries' code.
    steps.erase(steps.begin());
    const auto middle = steps.begin() + static_cast<int64_t>(steps.size()) / 2;
    std::nth_element(steps.begin(), middle, steps.end());
    median = *middle;
  }
  MemoryPool::Trim();
  return median;
}

}  // namespace pretext
