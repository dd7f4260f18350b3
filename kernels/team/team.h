// The size of OpenMP teams, made what the libraries take it for.
//
// OpenBLAS and oneDNN share out their work by omp_get_max_threads(); the part of a thread that does
// not come is left undone (zeros in the result) or waited for without end. A team has fewer threads
// than that under OMP_THREAD_LIMIT, under OMP_DYNAMIC, which leaves its size to the runtime, and
// under OMP_MAX_ACTIVE_LEVELS=0, which leaves one thread.
#pragma once

namespace pretext {

// Makes the settings of this thread such that a team of its has omp_get_max_threads() threads.
// Called before work of the libraries is planned or done; a few loads when there is nothing to do.
void SettleTeam();

// How many threads a team really has: counted in one.
int CountTeam();

}  // namespace pretext
