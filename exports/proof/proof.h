// The proof of an export: what its files compute, beside pretext's own forward pass.
//
// Inputs are drawn at random (normal numbers; pictures of smooth waves with noise in the encoder's
// own scale; sequences of random tokens of several lengths, padded), in batches of 1 and of 3. The
// graph that was read back is interpreted in double precision (exports/interpreter), and every
// output is compared with the encoder's and the head's, element by element, padding left out.
//
// Tolerance: single precision itself. The graph is interpreted in single precision too, and how far
// that is from double is what rounding makes of this network on these inputs, sums taken one after
// another. Allowed is kRoundings times the largest such difference of the output (blocked sums and
// Winograd's convolutions round otherwise, by factors below ten), and 1e-6 of its root mean square.
// More than kMostAllowed of the root mean square would prove nothing, and fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/plugin/encoder.h"
#include "core/plugin/head.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

inline constexpr double kRoundings = 32, kMostAllowed = 0.02;

struct ProofModel {
  Encoder* encoder = nullptr;
  Head* head = nullptr;  // null: the encoder alone
  FlowType input;
  const Tokenizer* tokenizer = nullptr;  // of tokens
};

struct ProofOfOutput {
  std::string output;
  double difference = 0, allowed = 0;  // the largest
  double rms = 0;                      // of the output's elements
};

struct Proof {
  std::vector<ProofOfOutput> outputs;
  std::vector<int64_t> batches;
};

// DataLoss when an output differs by more than is allowed (NaN included), has another shape, or
// when there is nothing to compare; it names the output and both numbers.
absl::StatusOr<Proof> Prove(const Graph& graph, const ProofModel& model);

}  // namespace pretext
