#include "pipelines/checkpoint/fingerprint.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/flow/content_sum.h"
#include "core/loader/content_sums.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

// Samples that are read: their values show how bytes become them (their size, their scale).
constexpr int64_t kRead = 16;

absl::StatusOr<uint32_t> ChecksumOf(const Dataset& dataset, Split split) {
  const absl::StatusOr<std::vector<SampleSum>> sums = SumsOf(dataset, split);
  if (!sums.ok()) return sums.status();
  uint32_t all = AddToSum(0, *sums);
  const int64_t size = dataset.size(split);
  for (int64_t i = 0; i < std::min(size, kRead); ++i) {
    Sample sample;
    if (absl::Status s = dataset.Read(split, i * size / kRead % size, sample); !s.ok()) return s;
    const uint32_t values = SumOf(sample).content;
    all = AddToSum(all, &values, sizeof(values));
  }
  return all;
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
  const absl::StatusOr<uint32_t> train = ChecksumOf(dataset, Split::kTrain);
  if (!train.ok()) return train.status();
  const absl::StatusOr<uint32_t> test = ChecksumOf(dataset, Split::kTest);
  if (!test.ok()) return test.status();
  return absl::StrFormat("%d samples %08x, %d samples %08x", dataset.size(Split::kTrain), *train,
                         dataset.size(Split::kTest), *test);
}

}  // namespace pretext
