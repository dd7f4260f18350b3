// Samples side by side in the tensors of a batch. Internal to the package.
#pragma once

#include <cstdint>
#include <span>

#include "core/flow/batch.h"
#include "core/flow/flow_type.h"
#include "core/tensor/tensor.h"

namespace pretext {

// The bytes of a sample's main data.
void CopyRow(const Sample& sample, int64_t row, int64_t size, Tensor& target);

Tensor NewRows(const FlowType& type, int64_t rows);

// Lengths, segments and masked positions of token batches.
void PackTokens(std::span<const Sample> rows, Batch& batch);

// Which patches of image batches stand masked.
void PackPatches(std::span<const Sample> rows, Batch& batch);

}  // namespace pretext
