// Ctrl-C and what is like it (SIGINT, SIGTERM, SIGHUP): the work ends soon, and whole.
//
// The first signal is a request, which the work answers when what it has done is saved. During an
// evaluation, where nothing is left to save and one step of it may be long, the process ends some
// seconds later whether it was answered or not. A second signal ends the process at once.
#pragma once

#include "pipelines/run/stop_request.h"

namespace pretext {

// The request that the signals make.
StopRequest& SignalledStop();

// Makes these signals requests from now on; before, they end the process as ever. A hangup that is
// ignored (nohup) stays so. To be called on the main thread, once the number of threads is set.
// `last_words`, a line that lives as long as the process: what is said where it ends with nothing
// left to save.
void StopOnSignals(const char* last_words);
// The same for work that saves nothing on its way: it may end at any time.
void StopOnSignalsAtAnyTime(const char* last_words);

// Makes a signal end the process from now on, whatever it is doing, with nothing left of what is
// not in its place yet (base/file/aside.h). To be called as StopOnSignals, which takes its place.
void EndOnSignals();
// Does not return where such a signal came: what then fails is no news.
void AwaitEndOnSignals();

// What a process that ended by the request returns: 128 + the signal, as shells have it. 0 before
// one.
int StopExitStatus();

}  // namespace pretext
