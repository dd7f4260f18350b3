// A dataset of random samples of a pipeline's type: what a dry run is fed, before the true one is
// loaded.
#pragma once

#include <cstdint>
#include <string>

#include "core/plugin/dataset.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

class SyntheticSamples : public Dataset {
 public:
  // `count` samples in either split. The parts outlive it.
  SyntheticSamples(const Assembled& parts, int64_t count) : parts_(parts), count_(count) {}

  // Tokens come masked where the pipeline masks them: what masks needs a vocabulary, which is not
  // there before the data are.
  FlowType type() const override {
    return parts_.sample.is(FlowType::Kind::kTokens) ? parts_.view : parts_.sample;
  }
  bool labelled() const override { return parts_.dataset->labelled(); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return count_; }
  // Values uniform in the type's range, or in [0, 1] where that is unbounded; tokens of any id,
  // without padding, every sixth of masked ones a target; labels 0 and 1 in turn.
  absl::Status Read(Split, int64_t index, Sample& sample) const override;
  std::string Summary() const override { return "random samples"; }

 private:
  const Assembled& parts_;
  const int64_t count_;
};

}  // namespace pretext
