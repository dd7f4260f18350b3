#include "pipelines/train/checkpoint.h"

#include <algorithm>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

constexpr char kWeights[] = "/weights.safetensors";
constexpr char kOptimizer[] = "/optimizer.safetensors";

// The model's tensors by name; they share memory with the model.
std::map<std::string, Tensor> ModelTensors(const std::vector<ParameterSet*>& sets) {
  std::map<std::string, Tensor> tensors;
  for (ParameterSet* set : sets) {
    for (Parameter& p : set->parameters()) tensors.emplace(p.name, p.value);
    for (Buffer& b : set->buffers()) tensors.emplace(b.name, b.value);
  }
  return tensors;
}

// Every wanted tensor is in the file with its shape; with `all`, nothing else is.
absl::Status CheckFits(const std::string& path, const TensorFile& file,
                       const std::map<std::string, Tensor>& wanted, bool all) {
  std::map<std::string, const Tensor*> found;
  for (const NamedTensor& named : file.tensors) {
    found[named.name] = &named.tensor;
    if (all && wanted.count(named.name) == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " has a tensor ", named.name, " that this pipeline's model has not"));
    }
  }
  for (const auto& [name, tensor] : wanted) {
    const auto it = found.find(name);
    if (it == found.end()) {
      return absl::FailedPreconditionError(absl::StrCat(path, " has no tensor ", name));
    }
    if (!(it->second->shape() == tensor.shape()) || it->second->dtype() != tensor.dtype()) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": ", name, " is ", it->second->shape().ToString(),
                       ", the model's is ", tensor.shape().ToString()));
    }
  }
  return absl::OkStatus();
}

void CopyInto(const TensorFile& file, const std::map<std::string, Tensor>& wanted) {
  for (const NamedTensor& named : file.tensors) {
    const auto it = wanted.find(named.name);
    if (it == wanted.end()) continue;
    Tensor target = it->second;
    const Tensor source = named.tensor.InLayout(target.layout());
    std::copy_n(source.data(), source.bytes() / sizeof(float), target.data());
  }
}

absl::StatusOr<int64_t> MetadataNumber(const std::string& path, const TensorFile& file,
                                       const std::string& key) {
  const auto it = file.metadata.find(key);
  int64_t number = 0;
  if (it == file.metadata.end() || !absl::SimpleAtoi(it->second, &number) || number < 0) {
    return absl::DataLossError(absl::StrCat(path, " does not say its ", key));
  }
  return number;
}

std::map<std::string, Tensor> OptimizerTensors(Optimizer& optimizer) {
  std::map<std::string, Tensor> tensors;
  for (Optimizer::State& state : optimizer.state()) tensors.emplace(state.name, state.value);
  return tensors;
}

}  // namespace

absl::Status SaveCheckpoint(const std::string& path, const Cursor& cursor,
                            const std::vector<const ParameterSet*>& sets, Optimizer& optimizer) {
  TensorFile weights, state;
  for (const ParameterSet* set : sets) {
    for (const Parameter& p : set->parameters()) weights.tensors.push_back({p.name, p.value});
    for (const Buffer& b : set->buffers()) weights.tensors.push_back({b.name, b.value});
  }
  for (Optimizer::State& s : optimizer.state()) state.tensors.push_back({s.name, s.value});
  state.metadata = {{"step", absl::StrCat(cursor.step)}, {"batches", absl::StrCat(cursor.batches)}};

  const std::string aside = path + ".new";
  absl::Status status = RemoveAll(aside);
  if (status.ok()) status = MakeFolders(aside);
  if (status.ok()) status = WriteTensors(aside + kWeights, weights);
  if (status.ok()) status = WriteTensors(aside + kOptimizer, state);
  return status.ok() ? ReplaceFolder(aside, path) : status;
}

absl::StatusOr<Cursor> LoadCheckpoint(const std::string& path,
                                      const std::vector<ParameterSet*>& sets,
                                      Optimizer& optimizer) {
  const std::string weights_path = WholeFolder(path) + kWeights;
  const std::string state_path = WholeFolder(path) + kOptimizer;
  absl::StatusOr<TensorFile> weights = ReadTensors(weights_path);
  if (!weights.ok()) return weights.status();
  absl::StatusOr<TensorFile> state = ReadTensors(state_path);
  if (!state.ok()) return state.status();
  const auto model = ModelTensors(sets), kept = OptimizerTensors(optimizer);
  if (auto s = CheckFits(weights_path, *weights, model, true); !s.ok()) return s;
  if (auto s = CheckFits(state_path, *state, kept, true); !s.ok()) return s;
  const auto step = MetadataNumber(state_path, *state, "step");
  if (!step.ok()) return step.status();
  const auto batches = MetadataNumber(state_path, *state, "batches");
  if (!batches.ok()) return batches.status();
  CopyInto(*weights, model);
  CopyInto(*state, kept);
  return Cursor{.step = *step, .batches = *batches};
}

absl::Status LoadWeights(const std::string& path, const std::vector<ParameterSet*>& sets) {
  const std::string weights_path = WholeFolder(path) + kWeights;
  absl::StatusOr<TensorFile> weights = ReadTensors(weights_path);
  if (!weights.ok()) return weights.status();
  const auto model = ModelTensors(sets);
  if (auto s = CheckFits(weights_path, *weights, model, false); !s.ok()) return s;
  CopyInto(*weights, model);
  return absl::OkStatus();
}

}  // namespace pretext
