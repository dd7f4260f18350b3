#include "kernels/conv/onednn_conv.h"

#include <algorithm>
#include <utility>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/layout/layout_onednn.h"
#include "kernels/onednn/engine.h"

namespace pretext::conv_internal {
namespace {

using dnnl::memory;
using Pass = ConvPlan::Pass;

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

void AddTo(float* sum, const float* term, int64_t n) {
  ParallelElements(n, [=](int64_t i) { sum[i] += term[i]; });
}

}  // namespace

// One pass: for a whole chunk and for the last one.
struct OnednnConv::PassPlan {
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

OnednnConv::OnednnConv(const ConvShape& shape, const Orders& orders, int64_t chunk, bool winograd)
    : shape_(shape),
      orders_(orders),
      chunk_(chunk),
      winograd_(winograd),
      input_stride_(
          static_cast<int64_t>(orders.x.get_size() / memory::data_type_size(TypeOf(shape))) /
          shape.n) {}

OnednnConv::~OnednnConv() = default;

std::optional<OnednnConv::Orders> OnednnConv::ChooseOrders(const ConvShape& s) {
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
    return fast ? std::optional(Orders{request.x, request.y}) : std::nullopt;
  }
  for (Tag tag : {Tag::any, Tag::nhwc, Tag::nchw}) {
    if (tag == Tag::any && !blocks) continue;
    request.x = memory::desc(InputDims(s, s.n), Type::f32, tag);
    request.y = memory::desc(OutputDims(s, s.n), Type::f32, tag);
    if (!conv_internal::ChooseOrders(request)) continue;
    if (conv_internal::IsFast(request, GradientOrder(s, request.x, s.n))) break;
  }
  return Orders{request.x, request.y};
}

ConvPrimitive OnednnConv::MakePrimitive(Pass pass, int64_t count, bool winograd) const {
  ConvRequest request{.shape = shape_,
                      .algorithm = winograd ? dnnl::algorithm::convolution_winograd
                                            : dnnl::algorithm::convolution_direct,
                      .x = FirstSamples(orders_.x, InputDims(shape_, count), count),
                      .w = AnyOrder(WeightDims(shape_),
                                    pass == Pass::kBackwardWeights ? Type::f32 : TypeOf(shape_)),
                      .y = FirstSamples(orders_.y, OutputDims(shape_, count), count)};
  request.shape.n = count;
  switch (pass) {
    case Pass::kForward:
      return conv_internal::MakeForward(request);
    case Pass::kBackwardData:
      request.x = GradientOrder(shape_, orders_.x, count);
      return conv_internal::MakeBackwardData(request);
    case Pass::kBackwardWeights:
      return conv_internal::MakeBackwardWeights(request);
  }
  return {};
}

void OnednnConv::Make(Pass pass, PassPlan& plan) const {
  const bool backward_data = pass == Pass::kBackwardData;
  const bool backward_weights = pass == Pass::kBackwardWeights;
  plan.last_count = shape_.n % chunk_;
  ConvPrimitive& whole = plan.whole.conv;
  if (winograd_) whole = MakePrimitive(pass, chunk_, true);
  plan.winograd = static_cast<bool>(whole);
  if (!plan.winograd) whole = MakePrimitive(pass, chunk_, false);
  PRETEXT_CHECK(static_cast<bool>(whole), "oneDNN has a direct convolution for every shape");
  size_t scratch = whole.scratchpad.get_size();
  plan.staged =
      backward_data && whole.x != FirstSamples(orders_.x, InputDims(shape_, chunk_), chunk_);
  if (plan.staged)
    plan.whole.unstage = {whole.x, FirstSamples(orders_.x, InputDims(shape_, chunk_), chunk_),
                          true};
  if (plan.last_count > 0) {
    ConvPrimitive& last = plan.last.conv;
    last = MakePrimitive(pass, plan.last_count, plan.winograd);
    PRETEXT_CHECK(last && last.w == whole.w, "one order of the weights for all chunks");
    scratch = std::max(scratch, last.scratchpad.get_size());
    if (plan.staged) {
      plan.last.unstage = {
          last.x, FirstSamples(orders_.x, InputDims(shape_, plan.last_count), plan.last_count),
          true};
    }
  }
  const memory::desc plain = PlainDescriptor(WeightDims(shape_));
  plan.weights =
      backward_weights ? Reordering(whole.w, plain, true) : Reordering(plain, whole.w, false);
  const size_t weights = Aligned(whole.w.get_size());
  plan.partial_offset = weights;
  plan.stage_offset = weights + (backward_weights && chunk_ < shape_.n ? weights : 0);
  plan.scratch_offset = plan.stage_offset + (backward_data ? Aligned(whole.x.get_size()) : 0);
  plan.bytes = std::max<size_t>(64, plan.scratch_offset + Aligned(scratch));
}

const OnednnConv::PassPlan& OnednnConv::Of(Pass pass) const {
  const auto index = static_cast<size_t>(pass);
  std::call_once(made_[index], [&] {
    plans_[index] = std::make_unique<PassPlan>();
    Make(pass, *plans_[index]);
  });
  return *plans_[index];
}

bool OnednnConv::winograd(Pass pass) const { return Of(pass).winograd; }
size_t OnednnConv::workspace_bytes(Pass pass) const { return Of(pass).bytes; }

void OnednnConv::Prepare(Pass pass, const float* weight, void* workspace) const {
  Of(pass).weights.Run(weight, workspace, false);
}

void OnednnConv::Forward(int64_t count, const void* x, void* y, void* workspace) const {
  const PassPlan& plan = Of(Pass::kForward);
  const ConvPrimitive& conv = plan.For(count, chunk_).conv;
  conv.primitive.execute(
      OnednnStream(),
      {{DNNL_ARG_SRC, Wrap(conv.x, x)},
       {DNNL_ARG_WEIGHTS, Wrap(conv.w, workspace)},
       {DNNL_ARG_DST, Wrap(conv.y, y)},
       {DNNL_ARG_SCRATCHPAD, Wrap(conv.scratchpad, At(workspace, plan.scratch_offset))}});
}

void OnednnConv::BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                              void* workspace) const {
  const PassPlan& plan = Of(Pass::kBackwardData);
  const ChunkPlan& part = plan.For(count, chunk_);
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
    const int64_t n = count * input_stride_;
    if (shape_.bfloat16) {
      AddToBfloat16(n, 1, static_cast<const Bfloat16*>(result), static_cast<Bfloat16*>(dx));
    } else {
      AddTo(static_cast<float*>(dx), static_cast<const float*>(result), n);
    }
  }
}

void OnednnConv::BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                                 void* workspace) const {
  const PassPlan& plan = Of(Pass::kBackwardWeights);
  const ConvPrimitive& conv = plan.For(count, chunk_).conv;
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

void OnednnConv::FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const {
  Of(Pass::kBackwardWeights).weights.Run(workspace, dweight, accumulate);
}

}  // namespace pretext::conv_internal
