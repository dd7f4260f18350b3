#include "pipelines/checkpoint/fingerprint.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/loader/read_samples.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

uint32_t Add(uint32_t sum, const Sample& sample) {
  const std::vector<int64_t> facts = {sample.label, sample.length};
  return AddToSum(AddToSum(AddToSum(AddToSum(sum, facts), sample.values), sample.tokens),
                  sample.segments);
}

// A sum of each block, and the sum of these: whatever the number of threads.
absl::StatusOr<uint32_t> SumOf(const Dataset& dataset, Split split) {
  std::vector<uint32_t> sums(
      static_cast<size_t>((dataset.size(split) + kReadBlock - 1) / kReadBlock));
  const absl::Status status = ReadSamples(dataset, split, [&](int64_t i, const Sample& sample) {
    uint32_t& sum = sums[static_cast<size_t>(i / kReadBlock)];
    sum = Add(sum, sample);
  });
  if (!status.ok()) return status;
  return AddToSum(0, sums);
}

}  // namespace

std::string TokenizerFingerprint(const Dataset& dataset) {
  const Tokenizer* tokenizer = dataset.tokenizer();
  return tokenizer == nullptr ? "" : TokenizerFingerprint(*tokenizer);
}

std::string TokenizerFingerprint(const Tokenizer& tokenizer) {
  return Checksum(absl::StrCat(tokenizer.Fingerprint(), "\n", tokenizer.Serialize()));
}

absl::StatusOr<std::string> Fingerprint(const Dataset& dataset) {
  const absl::StatusOr<uint32_t> train = SumOf(dataset, Split::kTrain);
  if (!train.ok()) return train.status();
  const absl::StatusOr<uint32_t> test = SumOf(dataset, Split::kTest);
  if (!test.ok()) return test.status();
  return absl::StrFormat("%d samples %08x, %d samples %08x", dataset.size(Split::kTrain), *train,
                         dataset.size(Split::kTest), *test);
}

}  // namespace pretext
