#include "kernels/conv/conv.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/check.h"
#include "kernels/conv/conv_primitives.h"
#include "kernels/layout/layout_onednn.h"
#include "kernels/onednn/engine.h"

namespace pretext {
namespace {

using conv_internal::ConvPrimitive;
using conv_internal::ConvRequest;
using dnnl::memory;

size_t Aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

memory::dims WeightDims(const ConvShape& s) {
  if (s.groups == 1) return {s.out_channels, s.in_channels, s.kernel, s.kernel};
  return {s.groups, s.out_channels / s.groups, s.in_channels / s.groups, s.kernel, s.kernel};
}

memory::desc AnyOrder(const memory::dims& dims) {
  return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
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

// Output of four megabytes, or as much as the weights where those are larger (each chunk reads
// them, and adds to their gradient); equal chunks.
int64_t ChooseChunk(const ConvShape& s) {
  constexpr int64_t kFloats = 1 << 20;
  const int64_t sample = s.out_channels * s.out_height() * s.out_width();
  const int64_t most = std::max<int64_t>(1, std::max(kFloats, s.weight_size()) / sample);
  const int64_t chunks = (s.n + most - 1) / most;
  return (s.n + chunks - 1) / chunks;
}

// One pass: the primitives for a whole chunk and for the last one, and the reordering of the
// weights.
struct PassPlan {
  ConvPrimitive whole, last;
  int64_t last_count = 0;
  bool winograd = false;
  memory::desc plain_w;
  dnnl::reorder reorder, add;  // of the weights: in, or (their gradient) out and out with addition
  // Gradients of images of few channels are computed in blocked order and put in the image's own
  // afterwards.
  dnnl::reorder unstage, unstage_last;
  bool staged = false;
  // The workspace: weights, a second set of weights (partial sums), staged x, scratchpad.
  size_t partial_offset = 0, stage_offset = 0, scratch_offset = 0, bytes = 0;

  const ConvPrimitive& For(int64_t count, int64_t chunk) const {
    PRETEXT_CHECK(count == chunk || count == last_count, "a chunk of the plan");
    return count == chunk ? whole : last;
  }
};

memory Wrap(const memory::desc& desc, const void* data) {
  return memory(desc, OnednnEngine(), const_cast<void*>(data));
}

void* At(void* workspace, size_t offset) { return static_cast<char*>(workspace) + offset; }

void AddTo(float* sum, const float* term, int64_t n) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; ++i) sum[i] += term[i];
}

}  // namespace

struct ConvPlan::Impl {
  ConvShape shape;
  int64_t chunk = 1;
  memory::desc x, y;  // all samples
  Layout input, output;
  int64_t input_stride = 0, output_stride = 0;

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
      .x = FirstSamples(x, {count, shape.in_channels, shape.height, shape.width}, count),
      .w = AnyOrder(WeightDims(shape)),
      .y = FirstSamples(y, {count, shape.out_channels, shape.out_height(), shape.out_width()},
                        count)};
  request.shape.n = count;
  switch (pass) {
    case Pass::kForward:
      return conv_internal::MakeForward(request);
    case Pass::kBackwardData:
      // There are no fast kernels that write a gradient of few channels row by row.
      if (input.plain())
        request.x = AnyOrder({count, shape.in_channels, shape.height, shape.width});
      return conv_internal::MakeBackwardData(request);
    case Pass::kBackwardWeights:
      return conv_internal::MakeBackwardWeights(request);
  }
  return {};
}

void ConvPlan::Impl::Make(Pass pass, PassPlan& plan) const {
  plan.last_count = shape.n % chunk;
  plan.plain_w = PlainDescriptor(WeightDims(shape));
  if (WinogradPays(shape)) plan.whole = MakePrimitive(pass, chunk, true);
  plan.winograd = static_cast<bool>(plan.whole);
  if (!plan.winograd) plan.whole = MakePrimitive(pass, chunk, false);
  PRETEXT_CHECK(static_cast<bool>(plan.whole), "oneDNN has a direct convolution for every shape");
  size_t scratch = plan.whole.scratchpad.get_size();
  if (plan.last_count > 0) {
    plan.last = MakePrimitive(pass, plan.last_count, plan.winograd);
    PRETEXT_CHECK(plan.last && plan.last.w == plan.whole.w,
                  "one order of the weights for all chunks");
    scratch = std::max(scratch, plan.last.scratchpad.get_size());
  }
  const size_t weights = Aligned(plan.whole.w.get_size());
  size_t stage = 0;
  if (pass == Pass::kBackwardWeights) {
    plan.reorder = dnnl::reorder(
        dnnl::reorder::primitive_desc(OnednnEngine(), plan.whole.w, OnednnEngine(), plan.plain_w));
    dnnl::post_ops sum;
    sum.append_sum();
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(sum);
    plan.add = dnnl::reorder(dnnl::reorder::primitive_desc(
        OnednnEngine(), plan.whole.w, OnednnEngine(), plan.plain_w, attributes));
  } else {
    plan.reorder = dnnl::reorder(
        dnnl::reorder::primitive_desc(OnednnEngine(), plan.plain_w, OnednnEngine(), plan.whole.w));
  }
  const memory::dims x_dims = {chunk, shape.in_channels, shape.height, shape.width};
  if (pass == Pass::kBackwardData && plan.whole.x != FirstSamples(x, x_dims, chunk)) {
    plan.staged = true;
    stage = Aligned(plan.whole.x.get_size());
    plan.unstage = dnnl::reorder(dnnl::reorder::primitive_desc(
        OnednnEngine(), plan.whole.x, OnednnEngine(), FirstSamples(x, x_dims, chunk)));
    if (plan.last_count > 0) {
      plan.unstage_last = dnnl::reorder(dnnl::reorder::primitive_desc(
          OnednnEngine(), plan.last.x, OnednnEngine(), FirstSamples(x, x_dims, plan.last_count)));
    }
  }
  plan.partial_offset = weights;
  plan.stage_offset = weights + (pass == Pass::kBackwardWeights && chunk < shape.n ? weights : 0);
  plan.scratch_offset = plan.stage_offset + stage;
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
  impl.chunk = ChooseChunk(shape);
  const ConvPrimitive forward = conv_internal::MakeForward(
      {.shape = shape,
       .x = AnyOrder({shape.n, shape.in_channels, shape.height, shape.width}),
       .w = AnyOrder(WeightDims(shape)),
       .y = AnyOrder({shape.n, shape.out_channels, shape.out_height(), shape.out_width()})});
  PRETEXT_CHECK(static_cast<bool>(forward), "oneDNN has a direct convolution for every shape");
  impl.x = forward.x;
  impl.y = forward.y;
  impl.input = LayoutFrom(impl.x);
  impl.output = LayoutFrom(impl.y);
  impl.input_stride = static_cast<int64_t>(impl.x.get_size() / sizeof(float)) / shape.n;
  impl.output_stride = static_cast<int64_t>(impl.y.get_size() / sizeof(float)) / shape.n;
}

ConvPlan::~ConvPlan() = default;

const ConvPlan& ConvPlan::Get(const ConvShape& shape) {
  static auto* mutex = new std::mutex;
  static auto* plans = new std::map<ConvShape, ConvPlan*>;
  std::lock_guard<std::mutex> lock(*mutex);
  ConvPlan*& plan = (*plans)[shape];
  if (plan == nullptr) plan = new ConvPlan(shape);
  return *plan;
}

const ConvShape& ConvPlan::shape() const { return impl_->shape; }
Layout ConvPlan::input_layout() const { return impl_->input; }
Layout ConvPlan::output_layout() const { return impl_->output; }
int64_t ConvPlan::input_stride() const { return impl_->input_stride; }
int64_t ConvPlan::output_stride() const { return impl_->output_stride; }
int64_t ConvPlan::chunk() const { return impl_->chunk; }
bool ConvPlan::winograd(Pass pass) const { return impl_->Of(pass).winograd; }
size_t ConvPlan::workspace_bytes(Pass pass) const { return impl_->Of(pass).bytes; }

void ConvPlan::PrepareForward(const float* weight, void* workspace) const {
  PassPlan& plan = impl_->Of(Pass::kForward);
  memory from = Wrap(plan.plain_w, weight), to = Wrap(plan.whole.w, workspace);
  plan.reorder.execute(OnednnStream(), from, to);
}

void ConvPlan::Forward(int64_t count, const float* x, float* y, void* workspace) const {
  const PassPlan& plan = impl_->Of(Pass::kForward);
  const ConvPrimitive& conv = plan.For(count, impl_->chunk);
  conv.primitive.execute(
      OnednnStream(),
      {{DNNL_ARG_SRC, Wrap(conv.x, x)},
       {DNNL_ARG_WEIGHTS, Wrap(conv.w, workspace)},
       {DNNL_ARG_DST, Wrap(conv.y, y)},
       {DNNL_ARG_SCRATCHPAD, Wrap(conv.scratchpad, At(workspace, plan.scratch_offset))}});
}

void ConvPlan::PrepareBackwardData(const float* weight, void* workspace) const {
  PassPlan& plan = impl_->Of(Pass::kBackwardData);
  memory from = Wrap(plan.plain_w, weight), to = Wrap(plan.whole.w, workspace);
  plan.reorder.execute(OnednnStream(), from, to);
}

void ConvPlan::BackwardData(int64_t count, const float* dy, float* dx, void* workspace) const {
  const PassPlan& plan = impl_->Of(Pass::kBackwardData);
  const ConvPrimitive& conv = plan.For(count, impl_->chunk);
  memory result = Wrap(conv.x, plan.staged ? At(workspace, plan.stage_offset) : dx);
  conv.primitive.execute(
      OnednnStream(),
      {{DNNL_ARG_DIFF_DST, Wrap(conv.y, dy)},
       {DNNL_ARG_WEIGHTS, Wrap(conv.w, workspace)},
       {DNNL_ARG_DIFF_SRC, result},
       {DNNL_ARG_SCRATCHPAD, Wrap(conv.scratchpad, At(workspace, plan.scratch_offset))}});
  if (plan.staged) {
    const memory::dims dims = {count, impl_->shape.in_channels, impl_->shape.height,
                               impl_->shape.width};
    memory to = Wrap(FirstSamples(impl_->x, dims, count), dx);
    (count == impl_->chunk ? plan.unstage : plan.unstage_last).execute(OnednnStream(), result, to);
  }
}

void ConvPlan::BackwardWeights(int64_t count, const float* x, const float* dy, bool first,
                               void* workspace) const {
  const PassPlan& plan = impl_->Of(Pass::kBackwardWeights);
  const ConvPrimitive& conv = plan.For(count, impl_->chunk);
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
  const PassPlan& plan = impl_->Of(Pass::kBackwardWeights);
  memory from = Wrap(plan.whole.w, workspace), to = Wrap(plan.plain_w, dweight);
  (accumulate ? plan.add : plan.reorder).execute(OnednnStream(), from, to);
}

}  // namespace pretext
