// How a part's tensors are called in the files of another program: one table for both directions,
// weights that come from there and weights that go there.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/autograd/parameter.h"

namespace pretext {

struct ForeignTensor {
  std::string ours;  // without the part's name: "layers.0.attention.in.weight"
  // Their tensors whose rows, one below the other, are ours; as a rule one.
  std::vector<std::string> theirs;
  // The field of the part's config that sets the number of rows, where one does.
  std::string rows_field = "";
};

// What the file's config.json says where its weights mean the same as ours.
struct ForeignSetting {
  std::string key;
  // The first is what a file of ours says; the others mean the same.
  std::vector<std::string> values;
  std::string field;  // of the part's config
};

struct ForeignNames {
  std::string program;  // "torchvision"
  // Every tensor of the part. Names without what stands before all of them ("bert.", "module.").
  std::vector<ForeignTensor> tensors;
  // Ends of names of theirs that mean nothing to us.
  std::vector<std::string> unused;
  // Of theirs, first a tensor that is a copy of the second: two that are one to us.
  std::vector<std::pair<std::string, std::string>> copies;
  std::vector<ForeignSetting> settings;
  // What that program always does and this part does otherwise, in words: "norm_epsilon is 0.1
  // here, and 1e-05 in torchvision".
  std::vector<std::string> otherwise;
};

// Of a part whose tensors are called as that program calls them.
inline ForeignNames OwnNames(std::string program, const ParameterSet& set,
                             std::vector<std::string> unused) {
  ForeignNames names;
  names.program = std::move(program);
  for (const Parameter& p : set.parameters()) names.tensors.push_back({p.name, {p.name}});
  for (const Buffer& b : set.buffers()) names.tensors.push_back({b.name, {b.name}});
  names.unused = std::move(unused);
  return names;
}

}  // namespace pretext
