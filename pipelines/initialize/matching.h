// Which tensors of a file are which of ours, by their names.
//
// A name of the file may have before it what programs put there: "module.", "backbone.",
// "encoder.", "model.", "bert.", "resnet." and "state_dict.", one after the other; "gamma" and
// "beta" at its end are "weight" and "bias". Three ways of naming are tried, and the one by which
// most tensors are found is taken: that of our runs ("encoder.…", "head.…"), those of the parts'
// foreign_names(), and the part's own names.
#pragma once

#include <string>
#include <vector>

#include "core/autograd/parameter.h"
#include "core/plugin/foreign_names.h"
#include "core/tensor/safetensors_header.h"

namespace pretext {

// A part of the model, its names without the part's.
struct NamedPart {
  std::string name;  // "encoder"
  bool wanted;       // takes weights; else what is the part's in the file is passed over
  const ParameterSet* set;
  std::vector<ForeignNames> foreign;
};

// A tensor of ours that weights are wanted for.
struct WantedTensor {
  std::string part, name;
  Shape shape;
  std::string rows_field;                   // ForeignTensor::rows_field
  std::vector<std::string> theirs;          // what it is called in the file
  std::vector<const StoredTensor*> pieces;  // in the file, whose rows are ours; null: missing

  std::string full_name() const { return part + "." + name; }
  bool found() const;
};

struct Matching {
  std::string naming;  // "pretext", "torchvision", "the part's own"
  std::vector<WantedTensor> wanted;
  std::vector<const StoredTensor*> surplus;      // of the file, with no place here
  std::vector<const StoredTensor*> passed_over;  // that mean nothing, are copies, or another part's
  std::vector<ForeignSetting> settings;          // of the parts that are wanted
  std::vector<std::string> otherwise;            // ForeignNames::otherwise, of the same parts
  std::vector<std::string> faults;               // two tensors for one
  // Tensors that must be equal: the first is passed over.
  std::vector<std::pair<const StoredTensor*, const StoredTensor*>> copies;
};

// `prefix`: names without it are passed over, and it is taken off. The header outlives the result.
Matching MatchNames(const SafetensorsHeader& header, const std::string& prefix,
                    const std::vector<NamedPart>& parts);

}  // namespace pretext
