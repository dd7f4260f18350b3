#include "pipelines/checkpoint/fingerprint.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/plugin/tokenizer.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 256;  // samples, of one thread's work

template <typename T>
uLong Add(uLong sum, const std::vector<T>& values) {
  if (values.empty()) return sum;  // zlib takes null for a wish to begin
  return crc32_z(sum, reinterpret_cast<const Bytef*>(values.data()), values.size() * sizeof(T));
}

uLong Add(uLong sum, const Sample& sample) {
  const std::vector<int64_t> facts = {sample.label, sample.length};
  return Add(Add(Add(Add(sum, facts), sample.values), sample.tokens), sample.segments);
}

absl::StatusOr<uint32_t> SumOf(const Dataset& dataset, Split split) {
  const int64_t size = dataset.size(split);
  const int64_t blocks = (size + kBlock - 1) / kBlock;
  std::vector<uint32_t> sums(static_cast<size_t>(blocks));
  absl::Status failed = absl::OkStatus();
  std::mutex mutex;
#pragma omp parallel
  {
    Sample sample;
#pragma omp for schedule(dynamic)
    for (int64_t block = 0; block < blocks; ++block) {
      uLong sum = 0;
      for (int64_t i = block * kBlock; i < std::min(size, (block + 1) * kBlock); ++i) {
        const absl::Status status = dataset.Read(split, i, sample);
        if (!status.ok()) {
          const std::lock_guard<std::mutex> lock(mutex);
          failed.Update(status);
          break;
        }
        sum = Add(sum, sample);
      }
      sums[static_cast<size_t>(block)] = static_cast<uint32_t>(sum);
    }
  }
  if (!failed.ok()) return failed;
  return static_cast<uint32_t>(Add(0, sums));
}

}  // namespace

std::string TokenizerFingerprint(const Dataset& dataset) {
  const Tokenizer* tokenizer = dataset.tokenizer();
  if (tokenizer == nullptr) return "";
  return Checksum(absl::StrCat(tokenizer->Fingerprint(), "\n", tokenizer->Serialize()));
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
