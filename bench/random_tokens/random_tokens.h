// Sequences of random tokens with targets, as the peers' steps.py has them,
// as a dataset for timing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/plugin/plugin.h"

namespace pretext {

class RandomTokens;  // the config, random_tokens.proto

class RandomTokensDataset : public Dataset {
 public:
  // Faults: extents that are not positive, a probability outside [0, 1].
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const RandomTokens& config,
                                                         const BuildContext& context);
  RandomTokensDataset(FlowType type, int64_t samples, double masked)
      : type_(type), samples_(samples), masked_(masked) {}

  FlowType type() const override { return type_; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? samples_ : 0; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::string Summary() const override;

 private:
  const FlowType type_;
  const int64_t samples_;
  const double masked_;
};

}  // namespace pretext
