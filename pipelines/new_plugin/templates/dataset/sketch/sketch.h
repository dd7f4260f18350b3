// Sketch: grey images H×W of stripes, across (label 0) or down (label 1), of random width and
// place. A sample depends on its split and index alone, so that runs repeat.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace custom {

class Sketch;  // the config, sketch.proto

class SketchDataset : public pretext::Dataset {
 public:
  // Looks at nothing but the config: whatever can be found wrong before data are loaded is found
  // here. Faults: extents out of range.
  static absl::StatusOr<std::unique_ptr<pretext::Dataset>> Create(
      const Sketch& config, const pretext::BuildContext& context);
  SketchDataset(int64_t samples, int64_t side) : samples_(samples), side_(side) {}

  pretext::FlowType type() const override {
    return pretext::FlowType::Image(1, side_, side_).WithRange(pretext::kUnitRange);
  }
  bool labelled() const override { return true; }
  int64_t classes() const override { return 2; }
  pretext::DatasetExtent extent() const override {
    return {.train = samples_, .test = samples_ / 5 + 1};
  }
  // Opens files, reads what is kept in memory; here there is nothing.
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(pretext::Split split) const override {
    return split == pretext::Split::kTrain ? extent().train : extent().test;
  }
  // Called by several threads.
  absl::Status Read(pretext::Split split, int64_t index, pretext::Sample& sample) const override;
  std::string Summary() const override;

 private:
  const int64_t samples_, side_;
};

}  // namespace custom
