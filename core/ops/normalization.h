// Batch normalisation of a tensor, on its own or behind a convolution: statistics, values, and the
// way back. Internal to the image operations.
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/ops/batch_norm.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/layout/channel_order.h"

namespace pretext::conv_internal {

// A normalisation of one tensor: the rows in groups (all of them, or a view each) that have
// statistics of their own.
struct Normalization {
  Normalization(Tape& tape, const BatchNormLayer& layer, const ForwardContext& context,
                const Tensor& z, bool relu);

  static int64_t Groups(const ForwardContext& context, int64_t rows);

  // Elements before a group's first row.
  int64_t At(int64_t group) const { return group * order.samples * order.sample_stride; }

  BatchNormParameters Parameters(int64_t group) const;

  // After the moments of a group: its statistics, and the running ones where they are updated.
  void Finish(const BatchNormLayer& layer, int64_t group, const Tensor& partials);

  // The sums of samples [begin, begin + count) of a group.
  void Moments(int64_t group, int64_t begin, int64_t count, const Tensor& z,
               Tensor& partials) const;

  // y of `count` samples that start `at` elements into the tensors.
  void Forward(int64_t group, int64_t at, int64_t count, const Tensor& z, const Tensor& residual,
               Tensor& y) const;

  bool batch_statistics;
  BlockMember* block;  // that the statistics go beyond; null where they do not
  bool updates;        // the running statistics
  int64_t groups, rows;
  ChannelOrder order;  // of one group
  int64_t count = 0;   // values that a group's statistics are of
  bool relu;
  Var gamma, beta;
  Tensor mean, inverse_deviation;  // [groups, C]
};

// The way back: first the sums of a group, then dz, in pieces.
struct NormalizationBackward {
  NormalizationBackward(Tape& tape, const Normalization& norm, const Tensor& z, const Tensor& y,
                        const Tensor& dy, Var residual);

  void Sums(int64_t group);

  // dz of `count` samples `at` elements into the tensors.
  void Data(int64_t group, int64_t at, int64_t count, void* dz);

  // After all groups' sums.
  void GiveResidual();

  void Add(Gradient& target, const float* values, bool again);

  Tape& tape;
  const Normalization& norm;
  const Tensor &z, &y, &gradient;
  Var residual;
  BatchNormMask mask;
  Tensor masked, sums, partials;
  Gradient dgamma, dbeta;
};

// The residual in z's order, of whose shape it is; nothing without one.
Tensor ResidualOf(Var residual, const Tensor& z);

// Whether the activation comes with the normalisation; others are a pass of their own.
bool Fused(Activation activation);

// f(x) in x's order.
Var ActivateChannels(Tape& tape, Var x, Activation activation);

}  // namespace pretext::conv_internal
