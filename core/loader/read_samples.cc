#include "core/loader/read_samples.h"

#include <algorithm>

namespace pretext {

absl::Status ReadSamples(const Dataset& dataset, Split split,
                         const std::function<void(int64_t, const Sample&)>& use) {
  const int64_t size = dataset.size(split), blocks = (size + kReadBlock - 1) / kReadBlock;
  absl::Status failed;
  int64_t failed_at = size;
#pragma omp parallel
  {
    Sample sample;
#pragma omp for schedule(dynamic)
    for (int64_t block = 0; block < blocks; ++block) {
      for (int64_t i = block * kReadBlock; i < std::min(size, (block + 1) * kReadBlock); ++i) {
        const absl::Status status = dataset.Read(split, i, sample);
        if (status.ok()) {
          use(i, sample);
          continue;
        }
#pragma omp critical
        if (i < failed_at) {
          failed = status;
          failed_at = i;
        }
        break;
      }
    }
  }
  return failed;
}

}  // namespace pretext
