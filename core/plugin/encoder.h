// Encoder: f, the part that is kept. h = f(x).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/autograd/parameter.h"
#include "core/flow/batch.h"
#include "core/flow/flow_type.h"
#include "core/plugin/build_context.h"
#include "core/plugin/foreign_names.h"

namespace pretext {

// A plugin derives from it and registers with PRETEXT_REGISTER_ENCODER(Class, ConfigMessage);
// it has
//   static absl::StatusOr<std::unique_ptr<Encoder>> Create(const ConfigMessage& config,
//                                                          const BuildContext& context);
class Encoder {
 public:
  virtual ~Encoder() = default;

  // The type of h: a vector of D features, or a sequence L×D.
  virtual FlowType output() const = 0;

  // h of every row of x. x: [R, ...] of the input's type (rows are samples or views); result:
  // output().Batch(R), or [M, D] of Batch::read_rows. x is the batch's input on the tape: a
  // constant, or what a gradient is wanted of. `batch` gives what belongs to the rows beside it.
  virtual Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) = 0;

  // OK if Forward takes rows of `input` too, beside those of the type that it was created for, and
  // gives h of the same type: views of other sizes. Else InvalidArgument, whose message completes
  // "the encoder …": "takes pictures of 3 channels".
  virtual absl::Status Accepts(const FlowType& input) const {
    (void)input;
    return absl::InvalidArgumentError(
        "takes that alone; end all groups alike, or take an encoder of any size of picture");
  }

  // One vector a row, for evaluation and export: [R, D]. The default is h itself; an encoder of
  // sequences pools.
  virtual Var Pool(Tape& tape, Var h, const Batch& batch) {
    (void)tape, (void)batch;
    return h;
  }
  // Width of Pool's result.
  virtual int64_t features() const { return output().features; }

  // Whether Forward heeds context.gradient_checkpointing: it is made of blocks that are computed
  // again on the way back.
  virtual bool has_checkpoints() const { return false; }

  // What it has chosen by its input where the config leaves it open, in words, or empty.
  virtual std::string chosen() const { return ""; }

  // The token embedding [vocabulary, D] that a tied decoder shares; null if the encoder has none.
  virtual Parameter* token_embedding() { return nullptr; }

  // The names of its tensors in files of other programs, a table for each that knows such an
  // encoder.
  virtual std::vector<ForeignNames> foreign_names() const { return {}; }

  // False: in training too, h of a row is the same in every pass; nothing is dropped at random.
  virtual bool drops() const { return true; }

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

 private:
  ParameterSet parameters_;
};

}  // namespace pretext
