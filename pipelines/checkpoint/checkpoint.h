// A checkpoint: a folder with all that a run needs to go on bit for bit.
//
//   weights.safetensors    parameters ("encoder.…", "head.…") and running statistics, row-major
//   optimizer.safetensors  the optimizer's state; CheckpointFacts in its metadata
//
// Both carry checksums (core/tensor/safetensors.h), and the second those of the first, so that the
// two belong together. Replaced as a whole and atomically: the folder is written aside and flushed
// to the disk, then exchanged with the old one (ReplaceFolder of base/file/folder.h). A crash at
// any point leaves the old checkpoint or the new one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/autograd/parameter.h"
#include "core/plugin/optimizer.h"
#include "core/tensor/safetensors.h"

namespace pretext {

// Where a run stands. Everything random is a function of these and the seed.
struct Cursor {
  int64_t step = 0;     // updates made
  int64_t batches = 0;  // training batches consumed, over all epochs
};

// Of the steps since the last line of metrics: what the next line is the mean of.
struct LineSums {
  double loss = 0, weight = 0;  // of all items; their number
  int64_t items = 0;            // samples, or tokens
  double seconds = 0;
};

// What a run is made from: it goes on with no other.
struct RunOrigin {
  std::string version;    // of pretext
  std::string data;       // fingerprint.h
  std::string pipeline;   // as resolved text
  std::string tokenizer;  // of text, fingerprint.h; else empty
};

struct CheckpointFacts {
  Cursor cursor;
  LineSums since_line;
  RunOrigin origin;
  // The best one of a run by a figure of its evaluation: its name and value.
  std::string best;
  double best_value = 0;
  // Of the run as it was planned, for what follows a schedule; 0 where the file does not say.
  int64_t total_steps = 0;
  double steps_per_epoch = 0;
};

// What learns. Tensors share memory with it.
struct ModelState {
  std::vector<ParameterSet*> sets;
  Optimizer* optimizer;
};

// Puts a checkpoint at `path`, and the one that was there, if `old_to` is given, at that path.
// FailedPrecondition, and nothing is written, when a number of it is not finite. On its way it is
// at CheckpointAside(path), where a crash leaves it, or the old one on its way to `old_to`.
absl::Status SaveCheckpoint(const std::string& path, const CheckpointFacts& facts,
                            const ModelState& state, const std::string& old_to = "");

std::string CheckpointAside(const std::string& path);

// Strict: every tensor of the state is in the files with its shape and nothing else is, or nothing
// is changed and the error names the first that does not fit. DataLoss where a file is not what was
// written; what `agrees` says of the facts where that is not OK.
absl::StatusOr<CheckpointFacts> LoadCheckpoint(
    const std::string& path, const ModelState& state,
    const std::function<absl::Status(const CheckpointFacts&)>& agrees = nullptr);

// The facts alone; the optimizer's file is read and verified.
absl::StatusOr<CheckpointFacts> ReadCheckpointFacts(const std::string& path);

// The tokenizer that weights are used with.
struct TokenizerInUse {
  std::string fingerprint;  // TokenizerFingerprint; empty without one
  std::string file;         // its vocabulary, for messages
};

// The weights of `sets` alone, for using an encoder without what trained it. Every tensor of the
// sets must be there; others in the file ("head.…") are left alone. DataLoss where they were
// trained with another tokenizer (RunOrigin::tokenizer): it is the tokenizer's file that it names.
absl::Status LoadWeights(const std::string& path, const std::vector<ParameterSet*>& sets,
                         const TokenizerInUse& tokenizer = {});

// The same of a file that was read: `path` is its own, for messages.
absl::Status TakeWeights(const std::string& path, const TensorFile& weights,
                         const std::vector<ParameterSet*>& sets, const TokenizerInUse& tokenizer);

// The parameters and running statistics of `sets`, as a file holds them, with the checksum of what
// made their tokens, if anything did.
TensorFile WeightsOf(const std::vector<const ParameterSet*>& sets, const std::string& tokenizer);

// What tells weights from all others: a checksum of the checksums of their tensors.
std::string WeightsChecksum(const TensorFile& weights);

}  // namespace pretext
