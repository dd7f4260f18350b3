// Signal handlers that may run while matrix products do.
//
// oneDNN's generated code keeps data where the stack pointer points (2.6.3's sgemm):
// a handler that runs on the thread's own stack overwrites it, and the heap with it.
// A handler set here runs on a stack apart.
#pragma once

namespace pretext {

// Sets the handler of a signal, and gives the calling thread and those of its OpenMP
// team a stack for handlers. To be called again when the number of threads was raised.
// System calls are restarted.
void HandleSignal(int signal, void (*handler)(int));

}  // namespace pretext
