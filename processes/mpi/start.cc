#include "processes/start.h"

#include "processes/mpi/mpi_processes.h"

namespace pretext {
namespace {

[[maybe_unused]] const bool registered =
    RegisterLauncher({.start = MpiProcesses::Start, .describe = MpiProcesses::Describe});

}  // namespace
}  // namespace pretext
