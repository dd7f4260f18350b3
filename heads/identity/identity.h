// IdentityHead: z = h, of whatever type the encoder gives. No parameters.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class IdentityHead;  // the config, identity.proto

class IdentityHeadPlugin : public Head {
 public:
  // No faults.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const IdentityHead& config,
                                                      const BuildContext& context);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;

 private:
  FlowType output_;
};

}  // namespace pretext
