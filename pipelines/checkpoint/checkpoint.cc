#include "pipelines/checkpoint/checkpoint.h"

#include <algorithm>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file/folder.h"
#include "core/tensor/finite.h"
#include "core/tensor/safetensors.h"
#include "pipelines/checkpoint/run_names.h"

namespace pretext {
namespace {

constexpr char kOptimizer[] = "/optimizer.safetensors";
// Keys of metadata.
constexpr char kTotalSteps[] = "total_steps";
constexpr char kStepsPerEpoch[] = "steps_per_epoch";

// The model's tensors by name; they share memory with the model.
std::map<std::string, Tensor> ModelTensors(const std::vector<ParameterSet*>& sets) {
  std::map<std::string, Tensor> tensors;
  for (ParameterSet* set : sets) {
    for (Parameter& p : set->parameters()) tensors.emplace(p.name, p.value);
    for (Buffer& b : set->buffers()) tensors.emplace(b.name, b.value);
  }
  return tensors;
}

bool Fits(const StoredTensor& stored, const Tensor& tensor) {
  return OpenedTensors::Fits(stored, tensor);
}
bool Fits(const NamedTensor& named, const Tensor& tensor) {
  return named.tensor.shape() == tensor.shape() && named.tensor.dtype() == tensor.dtype();
}
const Shape& ShapeOf(const StoredTensor& stored) { return stored.shape; }
const Shape& ShapeOf(const NamedTensor& named) { return named.tensor.shape(); }

// Every wanted tensor is in the file with its shape; with `all`, nothing else is. Of a file that
// was read or opened.
template <typename InFile>
absl::Status CheckFits(const std::string& path, const std::vector<InFile>& tensors,
                       const std::map<std::string, Tensor>& wanted, bool all) {
  std::map<std::string, const InFile*> found;
  for (const InFile& in_file : tensors) {
    found[in_file.name] = &in_file;
    if (all && wanted.count(in_file.name) == 0) {
      return absl::FailedPreconditionError(absl::StrCat(path, " has a tensor ", in_file.name,
                                                        " that this pipeline's model has not"));
    }
  }
  for (const auto& [name, tensor] : wanted) {
    const auto it = found.find(name);
    if (it == found.end()) {
      return absl::FailedPreconditionError(absl::StrCat(path, " has no tensor ", name));
    }
    if (!Fits(*it->second, tensor)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": ", name, " is ", ShapeOf(*it->second).ToString(),
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

void CopyInto(const OpenedTensors& file, const std::map<std::string, Tensor>& wanted) {
  for (const StoredTensor& stored : file.tensors()) {
    const auto it = wanted.find(stored.name);
    if (it == wanted.end()) continue;
    Tensor target = it->second;
    file.CopyTo(stored, target);
  }
}

// WeightsChecksum of what is in the file.
std::string ChecksumOf(const OpenedTensors& weights) {
  std::string all;
  for (const StoredTensor& stored : weights.tensors())
    absl::StrAppend(&all, stored.name, " ", weights.ChecksumOf(stored), "\n");
  return Checksum(all);
}

std::map<std::string, Tensor> OptimizerTensors(Optimizer& optimizer) {
  std::map<std::string, Tensor> tensors;
  for (Optimizer::State& state : optimizer.state()) tensors.emplace(state.name, state.value);
  return tensors;
}

absl::Status CheckFinite(const TensorFile& file, int64_t step) {
  for (const NamedTensor& named : file.tensors) {
    if (IsFinite(named.tensor)) continue;
    const int64_t at = FirstNonFinite(named.tensor);
    return absl::FailedPreconditionError(
        absl::StrCat(named.name, " has ", named.tensor.Plain().data()[at], " at element ", at,
                     " after step ", step,
                     ". No checkpoint of it is written; the last good one "
                     "is kept"));
  }
  return absl::OkStatus();
}

// A double's every bit.
std::string Exact(double number) { return absl::StrFormat("%.17g", number); }

std::map<std::string, std::string> ToMetadata(const CheckpointFacts& facts) {
  std::map<std::string, std::string> metadata = {
      {"step", absl::StrCat(facts.cursor.step)},
      {"batches", absl::StrCat(facts.cursor.batches)},
      {"since_line.loss", Exact(facts.since_line.loss)},
      {"since_line.weight", Exact(facts.since_line.weight)},
      {"since_line.items", absl::StrCat(facts.since_line.items)},
      {"since_line.seconds", Exact(facts.since_line.seconds)},
      {"version", facts.origin.version},
      {"data", facts.origin.data},
      {"pipeline", facts.origin.pipeline}};
  if (!facts.origin.tokenizer.empty()) metadata[kTokenizerKey] = facts.origin.tokenizer;
  if (!facts.best.empty()) {
    metadata["best"] = facts.best;
    metadata["best_value"] = Exact(facts.best_value);
  }
  if (facts.total_steps > 0) {
    metadata[kTotalSteps] = absl::StrCat(facts.total_steps);
    metadata[kStepsPerEpoch] = Exact(facts.steps_per_epoch);
  }
  return metadata;
}

absl::StatusOr<CheckpointFacts> FromMetadata(const std::string& path,
                                             const std::map<std::string, std::string>& metadata) {
  CheckpointFacts facts;
  std::string missing;
  const auto text = [&](const std::string& key) -> std::string {
    const auto it = metadata.find(key);
    if (it != metadata.end()) return it->second;
    if (missing.empty()) missing = key;
    return "";
  };
  const auto whole = [&](const std::string& key, int64_t& number) {
    const std::string digits = text(key);
    if ((!absl::SimpleAtoi(digits, &number) || number < 0) && missing.empty()) missing = key;
  };
  const auto real = [&](const std::string& key, double& number) {
    if (!absl::SimpleAtod(text(key), &number) && missing.empty()) missing = key;
  };
  whole("step", facts.cursor.step);
  whole("batches", facts.cursor.batches);
  real("since_line.loss", facts.since_line.loss);
  real("since_line.weight", facts.since_line.weight);
  whole("since_line.items", facts.since_line.items);
  real("since_line.seconds", facts.since_line.seconds);
  facts.origin = {text("version"), text("data"), text("pipeline"), ""};
  if (metadata.count(kTokenizerKey) > 0) facts.origin.tokenizer = text(kTokenizerKey);
  if (metadata.count("best") > 0) {
    facts.best = text("best");
    real("best_value", facts.best_value);
  }
  if (metadata.count(kTotalSteps) > 0) {
    whole(kTotalSteps, facts.total_steps);
    real(kStepsPerEpoch, facts.steps_per_epoch);
  }
  if (missing.empty()) return facts;
  return absl::FailedPreconditionError(absl::StrCat(
      path, " does not say its ", missing, ": it was written by another version of pretext"));
}

struct CheckpointPaths {
  explicit CheckpointPaths(const std::string& path)
      : weights(WeightsIn(WholeFolder(path))), optimizer(WholeFolder(path) + kOptimizer) {}
  const std::string weights, optimizer;
};

}  // namespace

std::string WeightsChecksum(const TensorFile& weights) {
  std::string all;
  for (const NamedTensor& named : weights.tensors) {
    absl::StrAppend(&all, named.name, " ", TensorChecksum(named.tensor), "\n");
  }
  return Checksum(all);
}

TensorFile WeightsOf(const std::vector<const ParameterSet*>& sets, const std::string& tokenizer) {
  TensorFile weights;
  for (const ParameterSet* set : sets) {
    for (const Parameter& p : set->parameters()) weights.tensors.push_back({p.name, p.value});
    for (const Buffer& b : set->buffers()) weights.tensors.push_back({b.name, b.value});
  }
  if (!tokenizer.empty()) weights.metadata[kTokenizerKey] = tokenizer;
  return weights;
}

std::string CheckpointAside(const std::string& path) { return path + ".new"; }

absl::Status SaveCheckpoint(const std::string& path, const CheckpointFacts& facts,
                            const ModelState& state, const std::string& old_to) {
  // The weights are used without the optimizer's file.
  const TensorFile weights =
      WeightsOf({state.sets.begin(), state.sets.end()}, facts.origin.tokenizer);
  TensorFile optimizer;
  for (Optimizer::State& s : state.optimizer->state()) {
    optimizer.tensors.push_back({s.name, s.value});
  }
  absl::Status status = CheckFinite(weights, facts.cursor.step);
  if (status.ok()) status = CheckFinite(optimizer, facts.cursor.step);
  if (!status.ok()) return status;
  optimizer.metadata = ToMetadata(facts);
  optimizer.metadata["weights"] = WeightsChecksum(weights);

  const std::string aside = CheckpointAside(path);
  status = RemoveAll(aside);
  if (status.ok()) status = MakeFolders(aside);
  if (status.ok()) status = WriteTensors(WeightsIn(aside), weights);
  if (status.ok()) status = WriteTensors(aside + kOptimizer, optimizer);
  return status.ok() ? ReplaceFolder(aside, path, old_to) : status;
}

absl::StatusOr<CheckpointFacts> LoadCheckpoint(
    const std::string& path, const ModelState& state,
    const std::function<absl::Status(const CheckpointFacts&)>& agrees) {
  const CheckpointPaths paths(path);
  const absl::StatusOr<OpenedTensors> weights = OpenedTensors::Open(paths.weights);
  if (!weights.ok()) return weights.status();
  const absl::StatusOr<OpenedTensors> optimizer = OpenedTensors::Open(paths.optimizer);
  if (!optimizer.ok()) return optimizer.status();
  absl::StatusOr<CheckpointFacts> facts = FromMetadata(paths.optimizer, optimizer->metadata());
  if (!facts.ok()) return facts.status();
  const auto of_weights = optimizer->metadata().find("weights");
  if (of_weights == optimizer->metadata().end() || of_weights->second != ChecksumOf(*weights)) {
    return absl::DataLossError(absl::StrCat(paths.weights, " and ", paths.optimizer,
                                            " are not of one checkpoint: other checksums"));
  }
  if (agrees != nullptr) {
    if (absl::Status status = agrees(*facts); !status.ok()) return status;
  }
  const auto model = ModelTensors(state.sets), kept = OptimizerTensors(*state.optimizer);
  if (auto s = CheckFits(paths.weights, weights->tensors(), model, true); !s.ok()) return s;
  if (auto s = CheckFits(paths.optimizer, optimizer->tensors(), kept, true); !s.ok()) return s;
  CopyInto(*weights, model);
  CopyInto(*optimizer, kept);
  return facts;
}

absl::StatusOr<CheckpointFacts> ReadCheckpointFacts(const std::string& path) {
  const CheckpointPaths paths(path);
  const absl::StatusOr<OpenedTensors> optimizer = OpenedTensors::Open(paths.optimizer);
  if (!optimizer.ok()) return optimizer.status();
  return FromMetadata(paths.optimizer, optimizer->metadata());
}

absl::Status LoadWeights(const std::string& path, const std::vector<ParameterSet*>& sets,
                         const TokenizerInUse& tokenizer) {
  const CheckpointPaths paths(path);
  const absl::StatusOr<TensorFile> weights = ReadTensors(paths.weights);
  return weights.ok() ? TakeWeights(paths.weights, *weights, sets, tokenizer) : weights.status();
}

absl::Status TakeWeights(const std::string& path, const TensorFile& weights,
                         const std::vector<ParameterSet*>& sets, const TokenizerInUse& tokenizer) {
  const auto theirs = weights.metadata.find(kTokenizerKey);
  if (theirs != weights.metadata.end() && theirs->second != tokenizer.fingerprint) {
    return absl::DataLossError(absl::StrCat(tokenizer.file, tokenizer.file.empty() ? "" : ": ",
                                            "the vocabulary or its options are not those that ",
                                            path, " was trained with: another checksum"));
  }
  const auto model = ModelTensors(sets);
  if (auto s = CheckFits(path, weights.tensors, model, false); !s.ok()) return s;
  CopyInto(weights, model);
  return absl::OkStatus();
}

}  // namespace pretext
