// The size of OpenMP teams, told truly to the libraries.
#pragma once

#include <omp.h>

namespace pretext {

// Under OMP_THREAD_LIMIT a team has fewer threads than omp_get_max_threads() says; OpenBLAS and
// oneDNN share out their work by that number, and the part of a thread that does not come is left
// undone: zeros in the result. Called before their work is planned or done; two loads when there is
// nothing to do.
inline void LimitTeam() {
  const int limit = omp_get_thread_limit();
  if (omp_get_max_threads() > limit) omp_set_num_threads(limit);
}

}  // namespace pretext
