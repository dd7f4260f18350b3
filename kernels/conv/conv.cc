#include "kernels/conv/conv.h"

#include <omp.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/conv/conv_primitives.h"
#include "kernels/conv/tiled_conv.h"
#include "kernels/layout/layout_onednn.h"
#include "kernels/onednn/engine.h"

namespace pretext {
namespace {

using conv_internal::ConvPrimitive;
using conv_internal::ConvRequest;
using conv_internal::TiledConv;
using conv_internal::WeightDims;
using dnnl::memory;

size_t Aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

using Type = memory::data_type;

// Of images and of the weights that are multiplied with them.
Type TypeOf(const ConvShape& s) { return s.bfloat16 ? Type::bf16 : Type::f32; }

memory::desc AnyOrder(const memory::dims& dims, Type type) {
  return memory::desc(dims, type, memory::format_tag::any);
}

// The first `count` samples of a batch.
memory::desc FirstSamples(const memory::desc& batch, memory::dims dims, int64_t count) {
  dims[0] = count;
  return batch.submemory_desc(dims, memory::dims(dims.size(), 0));
}

// Whether Winograd's algorithm pays: enough channels to outweigh the transforms, enough tiles of
// 4×4 outputs to outweigh those of the weights, and not too much of the last tiles beyond the edge.
// Measured, see conv.md.
bool WinogradPays(const ConvShape& s) {
  if (s.kernel != 3 || s.stride != 1 || s.padding != 1 || s.groups != 1) return false;
  const int64_t down = (s.height + 3) / 4, across = (s.width + 3) / 4;
  const double filled =
      static_cast<double>(s.height * s.width) / static_cast<double>(16 * down * across);
  const int64_t channels = std::min(s.in_channels, s.out_channels);
  const double needed = channels < 16 ? 2.0 : channels < 32 ? 0.9 : channels < 64 ? 0.65 : 0.55;
  return filled >= needed && s.n * down * across >= 64;
}

memory::dims InputDims(const ConvShape& s, int64_t count) {
  return {count, s.in_channels, s.height, s.width};
}
memory::dims OutputDims(const ConvShape& s, int64_t count) {
  return {count, s.out_channels, s.out_height(), s.out_width()};
}

// The order in which a gradient of x is computed: x's, but for row-major images of few channels,
// which no fast kernel writes.
memory::desc GradientOrder(const ConvShape& s, const memory::desc& x, int64_t count) {
  const bool few_channels = LayoutFrom(x).plain() || (s.bfloat16 && s.in_channels <= 3);
  return few_channels ? AnyOrder(InputDims(s, count), TypeOf(s))
                      : FirstSamples(x, InputDims(s, count), count);
}

// The orders of x and y. Blocks of 16 channels where the channels fill them, and what goes with
// row-major images of few channels; else the channels last; row-major for what is left (some
// groups). Strided 1×1 convolutions take blocks whatever the channels: channels last, oneDNN 2.6's
// gradient of the weights writes beyond its scratchpad. In bfloat16 channels last, the order of the
// code for matrix units; nothing where there is no fast code.
std::optional<ConvRequest> ChooseOrders(const ConvShape& s) {
  using Tag = memory::format_tag;
  const bool blocks =
      (s.out_channels % 16 == 0 && (s.in_channels % 16 == 0 || s.in_channels <= 3)) ||
      (s.kernel == 1 && s.stride > 1 && s.groups == 1);
  ConvRequest request = {.shape = s, .w = AnyOrder(WeightDims(s), TypeOf(s))};
  if (s.bfloat16) {
    request.x = memory::desc(InputDims(s, s.n), Type::bf16, Tag::nhwc);
    request.y = memory::desc(OutputDims(s, s.n), Type::bf16, Tag::nhwc);
    const bool fast = conv_internal::ChooseOrders(request) &&
                      conv_internal::IsFast(request, GradientOrder(s, request.x, s.n));
    return fast ? std::optional(request) : std::nullopt;
  }
  for (Tag tag : {Tag::any, Tag::nhwc, Tag::nchw}) {
    if (tag == Tag::any && !blocks) continue;
    request.x = memory::desc(InputDims(s, s.n), Type::f32, tag);
    request.y = memory::desc(OutputDims(s, s.n), Type::f32, tag);
    if (!conv_internal::ChooseOrders(request)) continue;
    if (conv_internal::IsFast(request, GradientOrder(s, request.x, s.n))) return request;
  }
  return request;
}

// Output of four megabytes (two of bfloat16); eight for Winograd's algorithm with many channels,
// whose transformed weights cost more to pass through; as much as the weights where those are
// larger (each chunk reads them, and adds to their gradient). Equal chunks.
int64_t ChooseChunk(const ConvShape& s) {
  constexpr int64_t kMegabyte = (1 << 20) / sizeof(float), kLeast = 4;
  const bool deep =
      !s.bfloat16 && WinogradPays(s) && std::min(s.in_channels, s.out_channels) >= 128;
  const int64_t sample = s.out_channels * s.out_height() * s.out_width();
  const int64_t most =
      std::max(kLeast, std::max((deep ? 8 : 4) * kMegabyte, s.weight_size()) / sample);
  const int64_t chunks = (s.n + most - 1) / most;
  return (s.n + chunks - 1) / chunks;
}

memory Wrap(const memory::desc& desc, const void* data) {
  return memory(desc, OnednnEngine(), const_cast<void*>(data));
}

void* At(void* workspace, size_t offset) { return static_cast<char*>(workspace) + offset; }

// Copies from one order or type to another, or adds, if it was made for that.
class Reordering {
 public:
  Reordering() = default;
  Reordering(const memory::desc& from, const memory::desc& to, bool adds) : from_(from), to_(to) {
    copy_ = dnnl::reorder(dnnl::reorder::primitive_desc(OnednnEngine(), from, OnednnEngine(), to));
    if (!adds) return;
    dnnl::post_ops sum;
    sum.append_sum();
    dnnl::primitive_attr adding;
    adding.set_post_ops(sum);
    add_ = dnnl::reorder(
        dnnl::reorder::primitive_desc(OnednnEngine(), from, OnednnEngine(), to, adding));
  }
  void Run(const void* from, void* to, bool accumulate) const {
    memory in = Wrap(from_, from), out = Wrap(to_, to);
    (accumulate ? add_ : copy_).execute(OnednnStream(), in, out);
  }

 private:
  memory::desc from_, to_;
  dnnl::reorder copy_, add_;
};

// The primitive for a number of samples.
struct ChunkPlan {
  ConvPrimitive conv;
  Reordering unstage;
};

// One pass: for a whole chunk and for the last one.
struct PassPlan {
  ChunkPlan whole, last;
  int64_t last_count = 0;
  bool winograd = false;
  Reordering weights;  // from row-major, or (their gradient) to it
  // Gradients of images of few channels are computed in blocked order and put in the image's own
  // afterwards.
  bool staged = false;
  // The workspace: weights, a second set of weights (partial sums), dx on its way, scratchpad.
  size_t partial_offset = 0, stage_offset = 0, scratch_offset = 0, bytes = 0;

  const ChunkPlan& For(int64_t count, int64_t chunk) const {
    PRETEXT_CHECK(count == chunk || count == last_count, "a chunk of the plan");
    return count == chunk ? whole : last;
  }
};

void AddTo(float* sum, const float* term, int64_t n) {
  ParallelElements(n, [=](int64_t i) { sum[i] += term[i]; });
}

}  // namespace

struct ConvPlan::Impl {
  ConvShape shape;
  std::optional<TiledConv> tiled;  // of the passes that it suits, instead of oneDNN's
  int64_t chunk = 1;
  memory::desc x, y;  // all samples
  Layout input, output;
  size_t element = sizeof(float);  // bytes
  int64_t input_stride = 0, output_stride = 0;

  bool IsTiled(Pass pass) const { return tiled && TiledConv::Suits(shape, pass); }
  PassPlan& Of(Pass pass) const {
    std::call_once(made[static_cast<int>(pass)],
                   [&] { Make(pass, plans[static_cast<int>(pass)]); });
    return plans[static_cast<int>(pass)];
  }
  ConvPrimitive MakePrimitive(Pass pass, int64_t count, bool winograd) const;
  void Make(Pass pass, PassPlan& plan) const;

  mutable std::once_flag made[3];
  mutable PassPlan plans[3];
};

ConvPrimitive ConvPlan::Impl::MakePrimitive(Pass pass, int64_t count, bool winograd) const {
  ConvRequest request{
      .shape = shape,
      .algorithm =
          winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct,
      .x = FirstSamples(x, InputDims(shape, count), count),
      .w = AnyOrder(WeightDims(shape), pass == Pass::kBackwardWeights ? Type::f32 : TypeOf(shape)),
      .y = FirstSamples(y, OutputDims(shape, count), count)};
  request.shape.n = count;
  switch (pass) {
    case Pass::kForward:
      return conv_internal::MakeForward(request);
    case Pass::kBackwardData:
      request.x = GradientOrder(shape, x, count);
      return conv_internal::MakeBackwardData(request);
    case Pass::kBackwardWeights:
      return conv_internal::MakeBackwardWeights(request);
  }
  return {};
}

void ConvPlan::Impl::Make(Pass pass, PassPlan& plan) const {
  const bool backward_data = pass == Pass::kBackwardData;
  const bool backward_weights = pass == Pass::kBackwardWeights;
  plan.last_count = shape.n % chunk;
  ConvPrimitive& whole = plan.whole.conv;
  if (!shape.bfloat16 && WinogradPays(shape)) whole = MakePrimitive(pass, chunk, true);
  plan.winograd = static_cast<bool>(whole);
  if (!plan.winograd) whole = MakePrimitive(pass, chunk, false);
  PRETEXT_CHECK(static_cast<bool>(whole), "oneDNN has a direct convolution for every shape");
  size_t scratch = whole.scratchpad.get_size();
  plan.staged = backward_data && whole.x != FirstSamples(x, InputDims(shape, chunk), chunk);
  if (plan.staged)
    plan.whole.unstage = {whole.x, FirstSamples(x, InputDims(shape, chunk), chunk), true};
  if (plan.last_count > 0) {
    ConvPrimitive& last = plan.last.conv;
    last = MakePrimitive(pass, plan.last_count, plan.winograd);
    PRETEXT_CHECK(last && last.w == whole.w, "one order of the weights for all chunks");
    scratch = std::max(scratch, last.scratchpad.get_size());
    if (plan.staged) {
      plan.last.unstage = {
          last.x, FirstSamples(x, InputDims(shape, plan.last_count), plan.last_count), true};
    }
  }
  const memory::desc plain = PlainDescriptor(WeightDims(shape));
  plan.weights =
      backward_weights ? Reordering(whole.w, plain, true) : Reordering(plain, whole.w, false);
  const size_t weights = Aligned(whole.w.get_size());
  plan.partial_offset = weights;
  plan.stage_offset = weights + (backward_weights && chunk < shape.n ? weights : 0);
  plan.scratch_offset = plan.stage_offset + (backward_data ? Aligned(whole.x.get_size()) : 0);
  plan.bytes = std::max<size_t>(64, plan.scratch_offset + Aligned(scratch));
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
  std::optional<ConvRequest> orders = ChooseOrders(shape);
  if (!orders) {
    impl.shape.bfloat16 = false;
    orders = ChooseOrders(impl.shape);
  }
  impl.chunk = ChooseChunk(impl.shape);
  if (TiledConv::Suits(impl.shape, Pass::kBackwardWeights)) {
    impl.tiled.emplace(shape);
    impl.chunk = impl.tiled->chunk();
  }
  if (impl.shape.bfloat16) impl.element = sizeof(Bfloat16);
  impl.x = orders->x;
  impl.y = orders->y;
  impl.input = LayoutFrom(impl.x);
  impl.output = LayoutFrom(impl.y);
  impl.input_stride = static_cast<int64_t>(impl.x.get_size() / impl.element) / shape.n;
  impl.output_stride = static_cast<int64_t>(impl.y.get_size() / impl.element) / shape.n;
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
bool ConvPlan::winograd(Pass pass) const {
  return !impl_->IsTiled(pass) && impl_->Of(pass).winograd;
}
size_t ConvPlan::workspace_bytes(Pass pass) const {
  return impl_->IsTiled(pass) ? impl_->tiled->workspace_bytes(pass) : impl_->Of(pass).bytes;
}

void ConvPlan::Prepare(Pass pass, const float* weight, void* workspace) const {
  PRETEXT_CHECK(pass != Pass::kBackwardWeights, "a pass that reads the weights");
  if (impl_->IsTiled(pass)) return impl_->tiled->Prepare(pass, weight, workspace);
  impl_->Of(pass).weights.Run(weight, workspace, false);
}

void ConvPlan::Forward(int64_t count, const void* x, void* y, void* workspace) const {
  if (impl_->IsTiled(Pass::kForward)) {
    return impl_->tiled->Forward(count, static_cast<const Bfloat16*>(x), static_cast<Bfloat16*>(y),
                                 workspace);
  }
  const PassPlan& plan = impl_->Of(Pass::kForward);
  const ConvPrimitive& conv = plan.For(count, impl_->chunk).conv;
  conv.primitive.execute(
      OnednnStream(),
      {{DNNL_ARG_SRC, Wrap(conv.x, x)},
       {DNNL_ARG_WEIGHTS, Wrap(conv.w, workspace)},
       {DNNL_ARG_DST, Wrap(conv.y, y)},
       {DNNL_ARG_SCRATCHPAD, Wrap(conv.scratchpad, At(workspace, plan.scratch_offset))}});
}

void ConvPlan::BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                            void* workspace) const {
  if (impl_->IsTiled(Pass::kBackwardData)) {
    return impl_->tiled->BackwardData(count, static_cast<const Bfloat16*>(dy),
                                      static_cast<Bfloat16*>(dx), accumulate, workspace);
  }
  const PassPlan& plan = impl_->Of(Pass::kBackwardData);
  const ChunkPlan& part = plan.For(count, impl_->chunk);
  const ConvPrimitive& conv = part.conv;
  void* result = plan.staged || accumulate ? At(workspace, plan.stage_offset) : dx;
  conv.primitive.execute(
      OnednnStream(),
      {{DNNL_ARG_DIFF_DST, Wrap(conv.y, dy)},
       {DNNL_ARG_WEIGHTS, Wrap(conv.w, workspace)},
       {DNNL_ARG_DIFF_SRC, Wrap(conv.x, result)},
       {DNNL_ARG_SCRATCHPAD, Wrap(conv.scratchpad, At(workspace, plan.scratch_offset))}});
  if (plan.staged) {
    part.unstage.Run(result, dx, accumulate);
  } else if (accumulate) {
    const int64_t n = count * impl_->input_stride;
    if (impl_->shape.bfloat16) {
      AddToBfloat16(n, 1, static_cast<const Bfloat16*>(result), static_cast<Bfloat16*>(dx));
    } else {
      AddTo(static_cast<float*>(dx), static_cast<const float*>(result), n);
    }
  }
}

void ConvPlan::BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                               void* workspace) const {
  if (impl_->IsTiled(Pass::kBackwardWeights)) {
    return impl_->tiled->BackwardWeights(count, static_cast<const Bfloat16*>(x),
                                         static_cast<const Bfloat16*>(dy), first, workspace);
  }
  const PassPlan& plan = impl_->Of(Pass::kBackwardWeights);
  const ConvPrimitive& conv = plan.For(count, impl_->chunk).conv;
  void* result = first ? workspace : At(workspace, plan.partial_offset);
  conv.primitive.execute(
      OnednnStream(),
      {{DNNL_ARG_SRC, Wrap(conv.x, x)},
       {DNNL_ARG_DIFF_DST, Wrap(conv.y, dy)},
       {DNNL_ARG_DIFF_WEIGHTS, Wrap(conv.w, result)},
       {DNNL_ARG_SCRATCHPAD, Wrap(conv.scratchpad, At(workspace, plan.scratch_offset))}});
  if (!first) {
    AddTo(static_cast<float*>(workspace), static_cast<const float*>(result),
          static_cast<int64_t>(conv.w.get_size() / sizeof(float)));
  }
}

void ConvPlan::FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const {
  if (impl_->IsTiled(Pass::kBackwardWeights))
    return impl_->tiled->FinishBackwardWeights(dweight, accumulate, workspace);
  impl_->Of(Pass::kBackwardWeights).weights.Run(workspace, dweight, accumulate);
}

}  // namespace pretext
