// Pictures in CIFAR's format that nobody took: each class has a colour and stripes of its own, each
// picture another place, slant and noise.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "datasets/cifar/cifar_file.h"

namespace pretext {

// Writes `records` pictures, their classes in turn; other seeds give other
// pictures of the same classes.
absl::Status WriteGeneratedCifar(const std::string& path, const CifarLayout& layout,
                                 int64_t records, uint64_t seed);

// Writes data_batch_1.bin to data_batch_FILES.bin and test_batch.bin (CIFAR-10) into the folder,
// which must exist.
absl::Status WriteGeneratedCifar10(const std::string& directory, int files, int64_t records_a_file,
                                   int64_t test_records);

}  // namespace pretext
