#include "pipelines/assembly/memory_estimate.h"

#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/plugin/encoder.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/head.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr double kBytes = sizeof(float);

double Numbers(const Shape& shape) {
  double product = 1;
  for (const int64_t extent : shape) product *= static_cast<double>(extent);
  return product;
}

double Numbers(const FlowType& type) {
  return type.is(FlowType::Kind::kNothing) ? 0 : Numbers(type.Batch(1));
}

}  // namespace

double ParameterCount(const ParameterSet& parameters) {
  double count = 0;
  for (const Parameter& parameter : parameters.parameters()) count += Numbers(parameter.shape);
  return count;
}

double ParameterBytes(const ParameterSet& parameters) {
  double bytes = 0;
  for (const Parameter& parameter : parameters.parameters()) {
    bytes += (parameter.frozen ? 1 : 2) * kBytes * Numbers(parameter.shape);
  }
  for (const Buffer& buffer : parameters.buffers()) bytes += kBytes * Numbers(buffer.shape);
  return bytes;
}

MemoryEstimate EstimateMemory(const Assembled& parts) {
  MemoryEstimate estimate;
  for (const ParameterSet* set : parts.parameter_sets())
    estimate.parameters += ParameterBytes(*set);
  const Pipeline::Train& train = parts.config->train();
  const double samples = static_cast<double>(train.batch_size());
  double rows = 0, inputs = 0;
  for (const ViewGroup& group : parts.groups) {
    const double of_group = samples * static_cast<double>(group.views);
    inputs += of_group * Numbers(group.type);
    if (group.student) rows += of_group;
  }
  const double at_once = train.chunk() > 0 ? static_cast<double>(train.chunk()) : rows;
  const double through = Numbers(parts.encoder->output()) + Numbers(parts.head->output());
  estimate.batch = kBytes * (samples * Numbers(parts.sample) + inputs + at_once * 2 * through);
  return estimate;
}

int64_t CheckedSize(const FlowType& type) {
  if (type.is(FlowType::Kind::kNothing)) return 0;
  const Shape shape = type.Batch(1);
  return CheckedProduct(std::vector<int64_t>(shape.begin(), shape.end()));
}

int64_t PhysicalMemory() {
  return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
}

std::string FormatBytes(double bytes) {
  if (bytes < 1000) return absl::StrFormat("%.0f bytes", bytes);
  const char* unit = "";
  for (const char* next : {"KB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}) {
    if (bytes < 999.95) break;
    bytes /= 1000;
    unit = next;
  }
  return absl::StrFormat("%.1f %s", bytes, unit);
}

}  // namespace pretext
