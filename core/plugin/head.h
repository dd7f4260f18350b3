// Head: g, the part that is thrown away after training. z = g(h). A predictor q(z) is a head too.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/autograd/parameter.h"
#include "core/autograd/precision.h"
#include "core/flow/batch.h"
#include "core/flow/flow_type.h"
#include "core/plugin/build_context.h"
#include "core/plugin/foreign_names.h"

namespace pretext {

// What the loss is given.
struct Prediction {
  // z [R, D], behind the predictor if there is one; a reconstruction [R, C, H, W] or [R, D]; or for
  // token scores t [M, D] at the masked positions.
  Var value;

  // What `value` is to become like, with no way back for the gradient: the teacher's z, or, with a
  // predictor alone, z before it (BuildContext::target is its type). Undefined without either.
  // [V'·N, D], rows view-major.
  Var target;

  // Which of the batch's views each block of N rows is, of `value` and of `target`, ascending.
  // Empty: all of them, one after the other. A head leaves them alone.
  std::vector<int64_t> views, target_views;

  // Token scores only: score(k) = t · weight_k + bias_k, left to the loss, which forms them a block
  // at a time.
  Var decoder_weight;  // [vocabulary, D]
  Var decoder_bias;    // [vocabulary]

  // What the pass took its products in: a loss may take its own so. A head leaves it alone.
  Precision precision = Precision::kFloat32;
};

// Registers with PRETEXT_REGISTER_HEAD(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Head>> Create(const ConfigMessage&, const BuildContext&);
class Head {
 public:
  virtual ~Head() = default;

  virtual FlowType output() const = 0;

  // h: the encoder's output for the batch's rows, or, with Batch::read_rows, [M, D] of these.
  virtual Prediction Forward(Tape& tape, Var h, const Batch& batch,
                             const ForwardContext& context) = 0;

  // Which tokens' h it reads, as Batch::read_rows; undefined: all. It takes h in full too, from an
  // encoder that gives it so.
  virtual Tensor RowsRead(const Batch& batch) const {
    (void)batch;
    return Tensor();
  }

  // As the encoder's.
  virtual std::vector<ForeignNames> foreign_names() const { return {}; }

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

 private:
  ParameterSet parameters_;
};

}  // namespace pretext
