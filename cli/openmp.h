// How the program's OpenMP threads wait, and whether there are as many as its settings say.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace pretext {

// Sets how long a thread that waits for the others of its team spins before it sleeps, unless the
// environment says so (OMP_WAIT_POLICY, GOMP_SPINCOUNT). libgomp reads that before main: the
// program starts itself again. To be called first.
//
// There is no other way: libgomp has no call for it, and its constructor runs before any code of
// the program that could change the environment (what a function of DT_PREINIT_ARRAY sets, libc's
// own start throws away). Starting again takes 10 ms.
//
// libgomp's default spins for milliseconds. Beside other work that is ruinous: the thread that is
// waited for cannot run because the waiting one spins. kSpins turns outlast the gaps between the
// parts of a step, and no more (measured: docs/design.md).
void ChooseWaiting(char** argv);

// What came of it, for a person: "by spinning 2000 turns, then sleeping".
std::string DescribeWaiting();

// The settings are made such that teams have the size they should (kernels/team); an error, naming
// the variables of the environment that speak of OpenMP, when they still have not.
absl::Status CheckTeams();

}  // namespace pretext
