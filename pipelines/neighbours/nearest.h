// The nearest of many vectors, by cosine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/neighbours/vector_table.h"

namespace pretext {

struct Neighbour {
  int64_t row = 0;  // of the table
  double cosine = 0;
};

// For each query [Q, D] the `top` rows of the table with the greatest cosine, greatest first, equal
// ones in the order of the table; fewer where it has fewer. What has the query's own name is left
// out. A row or a query of zeros has cosine 0 to everything. One pass over the table, on all
// threads, the same for any number of them.
std::vector<std::vector<Neighbour>> FindNearest(const VectorTable& table,
                                                const std::vector<float>& queries,
                                                const std::vector<std::string>& names, int64_t top);

}  // namespace pretext
