// Convolutions by oneDNN's primitives. Internal to the package.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "kernels/conv/conv_engine.h"
#include "kernels/conv/conv_primitives.h"

namespace pretext::conv_internal {

class OnednnConv final : public ConvEngine {
 public:
  // Of x and y, all samples.
  struct Orders {
    dnnl::memory::desc x, y;
  };
  // The orders of x and y. Blocks of 16 channels where the channels fill them, and what goes with
  // row-major images of few channels; else the channels last; row-major for what is left (some
  // groups). Strided 1×1 convolutions take blocks whatever the channels: channels last, oneDNN
  // 2.6's gradient of the weights writes beyond its scratchpad. In bfloat16 channels last, the
  // order of the code for matrix units; nothing where there is no fast code.
  static std::optional<Orders> ChooseOrders(const ConvShape& shape);

  // winograd: the algorithm to take for the passes that have it.
  OnednnConv(const ConvShape& shape, const Orders& orders, int64_t chunk, bool winograd);
  ~OnednnConv() override;

  bool winograd(ConvPlan::Pass pass) const override;
  size_t workspace_bytes(ConvPlan::Pass pass) const override;
  void Prepare(ConvPlan::Pass pass, const float* weight, void* workspace) const override;
  void Forward(int64_t count, const void* x, void* y, void* workspace) const override;
  void BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                    void* workspace) const override;
  void BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                       void* workspace) const override;
  void FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const override;

 private:
  struct PassPlan;

  // Made when it is first asked for.
  const PassPlan& Of(ConvPlan::Pass pass) const;
  ConvPrimitive MakePrimitive(ConvPlan::Pass pass, int64_t count, bool winograd) const;
  void Make(ConvPlan::Pass pass, PassPlan& plan) const;

  ConvShape shape_;
  Orders orders_;
  int64_t chunk_;
  bool winograd_;
  int64_t input_stride_;  // elements, padding of channels included
  mutable std::once_flag made_[3];
  mutable std::unique_ptr<PassPlan> plans_[3];
};

}  // namespace pretext::conv_internal
