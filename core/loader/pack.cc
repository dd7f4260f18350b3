#include "core/loader/pack.h"

#include <algorithm>
#include <cstring>

#include "base/check/check.h"

namespace pretext {

void CopyRow(const Sample& sample, int64_t row, int64_t size, Tensor& target) {
  if (target.dtype() == DType::kInt32) {
    PRETEXT_CHECK(static_cast<int64_t>(sample.tokens.size()) == size,
                  "a sample of its type's size");
    std::memcpy(target.ints() + row * size, sample.tokens.data(), static_cast<size_t>(size) * 4);
  } else {
    PRETEXT_CHECK(static_cast<int64_t>(sample.values.size()) == size,
                  "a sample of its type's size");
    std::memcpy(target.data() + row * size, sample.values.data(), static_cast<size_t>(size) * 4);
  }
}

Tensor NewRows(const FlowType& type, int64_t rows) {
  return Tensor::Uninitialized(type.Batch(rows),
                               type.is(FlowType::Kind::kTokens) ? DType::kInt32 : DType::kFloat32);
}

void PackTokens(std::span<const Sample> rows, Batch& batch) {
  const int64_t count = batch.rows(), length = batch.type.tokens;
  batch.lengths = Tensor::Uninitialized({count}, DType::kInt32);
  bool segments = false;
  int64_t masked = 0;
  for (int64_t r = 0; r < count; ++r) {
    const Sample& row = rows[static_cast<size_t>(r)];
    batch.lengths.ints()[r] = row.length;
    segments |= !row.segments.empty();
    masked += static_cast<int64_t>(row.targets.size());
  }
  batch.segments = segments ? Tensor::Zeros({count, length}, DType::kInt32) : Tensor();
  batch.masked_positions = Tensor::Uninitialized({masked}, DType::kInt32);
  batch.masked_ids = Tensor::Uninitialized({masked}, DType::kInt32);
  int64_t m = 0;
  for (int64_t r = 0; r < count; ++r) {
    const Sample& row = rows[static_cast<size_t>(r)];
    if (!row.segments.empty()) {
      std::copy(row.segments.begin(), row.segments.end(), batch.segments.ints() + r * length);
    }
    for (const Sample::Target& target : row.targets) {
      batch.masked_positions.ints()[m] = static_cast<int32_t>(r * length + target.position);
      batch.masked_ids.ints()[m++] = target.id;
    }
  }
}

void PackPatches(std::span<const Sample> rows, Batch& batch) {
  const int64_t count = batch.rows(), patches = batch.type.tokens;
  const int64_t masked = patches - batch.type.kept;  // of each
  batch.masked_positions = Tensor::Uninitialized({count * masked}, DType::kInt32);
  int32_t* next = batch.masked_positions.ints();
  for (int64_t r = 0; r < count; ++r) {
    const Sample& row = rows[static_cast<size_t>(r)];
    PRETEXT_CHECK(static_cast<int64_t>(row.masked_patches.size()) == masked,
                  "as many masked patches as its type says");
    for (const int32_t patch : row.masked_patches)
      *next++ = static_cast<int32_t>(r * patches + patch);
  }
}

}  // namespace pretext
