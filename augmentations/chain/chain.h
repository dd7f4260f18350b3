// Augmentations that act one after another: what combinators hold.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plugin/augmentation.h"
#include "core/plugin/field_checker.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/repeated_field.h"

namespace pretext {

class AugmentationChain {
 public:
  // Builds each from its config, on what the one before it gives; faults go to `check`, under
  // "field[i]". After a fault the chain is incomplete.
  AugmentationChain(const google::protobuf::RepeatedPtrField<google::protobuf::Any>& configs,
                    const std::string& field, const BuildContext& context, FieldChecker& check);

  // The type of a sample after the last; the input's when there is none.
  const FlowType& output() const { return output_; }
  bool is_random() const;  // one of them is
  void Apply(Sample& sample, Random& random) const;
  void ApplyInEvaluation(Sample& sample) const;

 private:
  FlowType output_;
  std::vector<std::unique_ptr<Augmentation>> parts_;
};

}  // namespace pretext
