#include "kernels/image/resize.h"

#include <algorithm>
#include <cmath>

#include "kernels/image/color.h"
#include "kernels/image/weighted_sum.h"

namespace pretext {
namespace {

float Triangle(float x) { return std::max(0.0f, 1.0f - std::abs(x)); }

float Cubic(float x) {  // Keys 1981, a = -1/2.
  x = std::abs(x);
  if (x < 1) return (1.5f * x - 2.5f) * x * x + 1;
  if (x < 2) return ((-0.5f * x + 2.5f) * x - 4) * x + 2;
  return 0;
}

// For each block of kLanes outputs: the inputs it needs, and a matrix (inputs x kLanes) of their
// weights. A row times that matrix is the resized row, with no gather: each input value is
// broadcast against kLanes weights.
struct Block {
  int first = 0;
  int inputs = 0;
};

Block BlockOf(const AxisWeights& x, int begin, int end) {
  return {x.first(begin), x.first(end - 1) + x.taps() - x.first(begin)};
}

template <int kRows>
void ResizeRows(const float* in, int64_t in_stride, const Block& block, const float* band,
                float* out, int64_t out_stride) {
  Lanes sum[kRows] = {};
  const float* pixel = in + block.first;
  for (int k = 0; k < block.inputs; ++k, ++pixel) {
    const Lanes weights = reinterpret_cast<const UnalignedLanes*>(band)[k];
    for (int r = 0; r < kRows; ++r) sum[r] += pixel[r * in_stride] * weights;
  }
  for (int r = 0; r < kRows; ++r) *reinterpret_cast<UnalignedLanes*>(out + r * out_stride) = sum[r];
}

// rows (C*box.height x stride) = the box resized along x; stride = out_width
// rounded up to whole blocks.
void ResizeAlongX(const float* image, const ImageShape& shape, const CropBox& box, int out_width,
                  int stride, ResizeScratch& scratch) {
  for (int begin = 0; begin < out_width; begin += kLanes) {
    const int end = std::min(begin + kLanes, out_width);
    const Block block = BlockOf(scratch.x, begin, end);
    scratch.band.assign(int64_t{block.inputs} * kLanes, 0.0f);
    for (int i = begin; i < end; ++i) {
      const int offset = scratch.x.first(i) - block.first;
      for (int k = 0; k < scratch.x.taps(); ++k) {
        scratch.band[(offset + k) * kLanes + i - begin] = scratch.x.weights(i)[k];
      }
    }
    for (int c = 0; c < shape.channels; ++c) {
      const float* in = image + c * shape.plane() + int64_t{box.top} * shape.width + box.left;
      float* out = scratch.rows.data() + int64_t{c} * box.height * stride + begin;
      int y = 0;
      for (; y + 4 <= box.height; y += 4) {
        ResizeRows<4>(in + int64_t{y} * shape.width, shape.width, block, scratch.band.data(),
                      out + int64_t{y} * stride, stride);
      }
      for (; y < box.height; ++y) {
        ResizeRows<1>(in + int64_t{y} * shape.width, 0, block, scratch.band.data(),
                      out + int64_t{y} * stride, 0);
      }
    }
  }
}

}  // namespace

void AxisWeights::Compute(int in, int out, Interpolation interpolation) {
  const bool cubic = interpolation == Interpolation::kBicubic;
  const float scale = static_cast<float>(in) / out;
  const float widen = std::max(scale, 1.0f);
  const float support = (cubic ? 2.0f : 1.0f) * widen;
  // No window holds more pixel centres.
  taps_ = std::min(static_cast<int>(std::ceil(2 * support)), in);
  first_.resize(out);
  weights_.assign(int64_t{out} * taps_, 0.0f);
  for (int i = 0; i < out; ++i) {
    const float center = scale * (i + 0.5f);
    const int begin = std::max(static_cast<int>(center - support + 0.5f), 0);
    const int end = std::min({static_cast<int>(center + support + 0.5f), in, begin + taps_});
    // The window of taps() inputs is moved left where it would leave the image,
    // with zero weights in front.
    first_[i] = std::min(begin, in - taps_);
    float* weights = &weights_[int64_t{i} * taps_] - first_[i];
    float sum = 0;
    for (int j = begin; j < end; ++j) {
      const float x = (j + 0.5f - center) / widen;
      sum += weights[j] = cubic ? Cubic(x) : Triangle(x);
    }
    for (int j = begin; j < end; ++j) weights[j] /= sum;
  }
}

void ResizedCrop(const float* image, const ImageShape& shape, const CropBox& box, int out_height,
                 int out_width, Interpolation interpolation, bool clip, ResizeScratch& scratch,
                 float* out) {
  scratch.x.Compute(box.width, out_width, interpolation);
  scratch.y.Compute(box.height, out_height, interpolation);
  const int stride = (out_width + kLanes - 1) / kLanes * kLanes;
  scratch.rows.resize(int64_t{shape.channels} * box.height * stride);
  ResizeAlongX(image, shape, box, out_width, stride, scratch);
  for (int c = 0; c < shape.channels; ++c) {
    const float* rows = scratch.rows.data() + int64_t{c} * box.height * stride;
    for (int y = 0; y < out_height; ++y, out += out_width) {
      WeightedSum(rows + int64_t{scratch.y.first(y)} * stride, stride, scratch.y.weights(y),
                  scratch.y.taps(), out_width, out);
    }
  }
  if (clip) {
    const int64_t size = int64_t{shape.channels} * out_height * out_width;
    Clip(out - size, size);
  }
}

}  // namespace pretext
