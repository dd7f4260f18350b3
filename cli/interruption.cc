#include "cli/interruption.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <initializer_list>

#include "cli/signal_stack.h"

namespace pretext {
namespace {

constexpr unsigned kPatienceSeconds = 2;

StopRequest request;
const char* words = "";

void OnSignal(int signal) {
  if (request.signal.exchange(signal) != 0) _exit(128 + signal);
  if (request.all_is_saved.load()) alarm(kPatienceSeconds);
}

void OnAlarm(int) {
  if (!request.all_is_saved.load()) return;
  // Nothing is to be done where it cannot be said.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, words, strlen(words));
  _exit(StopExitStatus());
}

bool IsIgnored(int signal) {
  struct sigaction action;
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

StopRequest& SignalledStop() { return request; }

void StopOnSignals(const char* last_words) {
  words = last_words;
  HandleSignal(SIGALRM, OnAlarm);
  for (const int signal : {SIGINT, SIGTERM}) HandleSignal(signal, OnSignal);
  if (!IsIgnored(SIGHUP)) HandleSignal(SIGHUP, OnSignal);
}

void StopOnSignalsAtAnyTime(const char* last_words) {
  request.all_is_saved = true;
  StopOnSignals(last_words);
}

int StopExitStatus() {
  const int signal = request.signal.load();
  return signal == 0 ? 0 : 128 + signal;
}

}  // namespace pretext
