#include "kernels/conv/conv.h"

#include <omp.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check/check.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/conv/conv_engine.h"
#include "kernels/conv/conv_primitives.h"
#include "kernels/conv/onednn_conv.h"
#include "kernels/conv/tiled_conv.h"
#include "kernels/conv/winograd_conv.h"
#include "kernels/layout/channel_order.h"
#include "kernels/layout/layout_onednn.h"

namespace pretext {
namespace {

using conv_internal::ConvEngine;
using conv_internal::OnednnConv;
using conv_internal::TiledConv;
using conv_internal::WinogradConv;

// Whether oneDNN's Winograd pays: enough channels to outweigh the transforms, and not too much of
// the last tiles beyond the edge. Measured, see conv.md.
bool WinogradPays(const ConvShape& s) {
  if (s.bfloat16) return false;
  const int64_t channels = std::min(s.in_channels, s.out_channels);
  const double needed = channels < 16 ? 2.0 : channels < 32 ? 0.9 : channels < 64 ? 0.65 : 0.55;
  return conv_internal::WinogradFill(s) >= needed;
}

// Output of four megabytes (two of bfloat16); eight for Winograd's algorithm with many channels,
// whose transformed weights cost more to pass through; as much as the weights where those are
// larger (each chunk reads them, and adds to their gradient). Equal chunks.
int64_t ChooseChunk(const ConvShape& s) {
  constexpr int64_t kMegabyte = (1 << 20) / sizeof(float), kLeast = 4;
  const bool deep = WinogradPays(s) && std::min(s.in_channels, s.out_channels) >= 128;
  const int64_t sample = s.out_channels * s.out_height() * s.out_width();
  const int64_t most =
      std::max(kLeast, std::max((deep ? 8 : 4) * kMegabyte, s.weight_size()) / sample);
  const int64_t chunks = (s.n + most - 1) / most;
  return (s.n + chunks - 1) / chunks;
}

// Whether all of the weights' gradient is written in bfloat16: of an image narrower than the stride
// oneDNN 2.6 leaves the kernel's columns that lie beside it as the memory was.
bool WritesAllWeightsInBfloat16(const ConvShape& s) {
  return s.kernel == 1 || s.width >= s.stride ||
         TiledConv::Suits(s, ConvPlan::Pass::kBackwardWeights);
}

}  // namespace

struct ConvPlan::Impl {
  ConvShape shape;
  int64_t chunk = 1;
  Layout input, output;
  int64_t input_stride = 0, output_stride = 0;
  // Ours, of the passes that they suit, instead of oneDNN's.
  std::unique_ptr<TiledConv> tiled;
  std::unique_ptr<WinogradConv> winograd;
  std::unique_ptr<OnednnConv> onednn;

  void TakeWinograd();
  const ConvEngine& Of(Pass pass) const {
    if (tiled && TiledConv::Suits(shape, pass)) return *tiled;
    if (winograd) return *winograd;
    return *onednn;
  }
};

// Our own Winograd where it pays and oneDNN has none.
void ConvPlan::Impl::TakeWinograd() {
  if (!WinogradConv::Suits(shape) || conv_internal::OnednnHasWinograd()) return;
  const int64_t x[] = {shape.n, shape.in_channels, shape.height, shape.width},
                y[] = {shape.n, shape.out_channels, shape.height, shape.width};
  const ChannelOrder x_order = ChannelOrderOf(input, x, 4, shape.n),
                     y_order = ChannelOrderOf(output, y, 4, shape.n);
  if (WinogradConv::Takes(x_order) && WinogradConv::Takes(y_order))
    winograd = std::make_unique<WinogradConv>(shape, x_order, y_order);
}

ConvPlan::ConvPlan(const ConvShape& shape) : impl_(std::make_unique<Impl>()) {
  PRETEXT_CHECK(shape.n > 0 && shape.in_channels > 0 && shape.out_channels > 0 &&
                    shape.kernel > 0 && shape.stride > 0 && shape.padding >= 0 &&
                    shape.groups > 0 && shape.in_channels % shape.groups == 0 &&
                    shape.out_channels % shape.groups == 0 &&
                    shape.height + 2 * shape.padding >= shape.kernel &&
                    shape.width + 2 * shape.padding >= shape.kernel,
                "a convolution with an output");
  Impl& impl = *impl_;
  impl.shape = shape;
  impl.shape.bfloat16 = shape.bfloat16 && WritesAllWeightsInBfloat16(shape);
  std::optional<OnednnConv::Orders> orders = OnednnConv::ChooseOrders(impl.shape);
  if (!orders) {
    impl.shape.bfloat16 = false;
    orders = OnednnConv::ChooseOrders(impl.shape);
  }
  impl.chunk = ChooseChunk(impl.shape);
  if (TiledConv::Suits(impl.shape, Pass::kBackwardWeights)) {
    impl.tiled = std::make_unique<TiledConv>(shape);
    impl.chunk = impl.tiled->chunk();
  }
  const size_t element = impl.shape.bfloat16 ? sizeof(Bfloat16) : sizeof(float);
  impl.input = LayoutFrom(orders->x);
  impl.output = LayoutFrom(orders->y);
  impl.input_stride = static_cast<int64_t>(orders->x.get_size() / element) / shape.n;
  impl.output_stride = static_cast<int64_t>(orders->y.get_size() / element) / shape.n;
  impl.onednn =
      std::make_unique<OnednnConv>(impl.shape, *orders, impl.chunk, WinogradPays(impl.shape));
  impl.TakeWinograd();
}

ConvPlan::~ConvPlan() = default;

const ConvPlan& ConvPlan::Get(const ConvShape& shape) {
  static auto* mutex = new std::mutex;
  // By the number of threads too: what a primitive was made for shows in its sums.
  static auto* plans = new std::map<std::pair<ConvShape, int>, ConvPlan*>;
  std::lock_guard<std::mutex> lock(*mutex);
  ConvPlan*& plan = (*plans)[{shape, omp_get_max_threads()}];
  if (plan == nullptr) plan = new ConvPlan(shape);
  return *plan;
}

bool ConvPlan::bfloat16() const { return impl_->shape.bfloat16; }
const ConvShape& ConvPlan::shape() const { return impl_->shape; }
Layout ConvPlan::input_layout() const { return impl_->input; }
Layout ConvPlan::output_layout() const { return impl_->output; }
int64_t ConvPlan::input_stride() const { return impl_->input_stride; }
int64_t ConvPlan::output_stride() const { return impl_->output_stride; }
int64_t ConvPlan::chunk() const { return impl_->chunk; }
bool ConvPlan::winograd(Pass pass) const { return impl_->Of(pass).winograd(pass); }
size_t ConvPlan::workspace_bytes(Pass pass) const { return impl_->Of(pass).workspace_bytes(pass); }

void ConvPlan::Prepare(Pass pass, const float* weight, void* workspace) const {
  PRETEXT_CHECK(pass != Pass::kBackwardWeights, "a pass that reads the weights");
  impl_->Of(pass).Prepare(pass, weight, workspace);
}

void ConvPlan::Forward(int64_t count, const void* x, void* y, void* workspace) const {
  impl_->Of(Pass::kForward).Forward(count, x, y, workspace);
}

void ConvPlan::BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                            void* workspace) const {
  impl_->Of(Pass::kBackwardData).BackwardData(count, dy, dx, accumulate, workspace);
}

void ConvPlan::BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                               void* workspace) const {
  impl_->Of(Pass::kBackwardWeights).BackwardWeights(count, x, dy, first, workspace);
}

void ConvPlan::FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const {
  impl_->Of(Pass::kBackwardWeights).FinishBackwardWeights(dweight, accumulate, workspace);
}

}  // namespace pretext
