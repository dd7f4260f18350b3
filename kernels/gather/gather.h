// Rows of a matrix by number, and back.
#pragma once

#include <cstdint>

namespace pretext {

// out[i] = x[rows[i]] for 0 <= i < count, rows of `columns` floats.
void GatherRows(int64_t count, int64_t columns, const int32_t* rows, const float* x, float* out);

// x[rows[i]] += in[i]. The numbers differ from one another, so that the threads do not meet.
void AddToRows(int64_t count, int64_t columns, const int32_t* rows, const float* in, float* x);

}  // namespace pretext
