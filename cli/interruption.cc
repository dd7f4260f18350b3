#include "cli/interruption.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

#include "base/file/aside.h"
#include "cli/signal_stack.h"

namespace pretext {
namespace {

constexpr unsigned kPatienceSeconds = 2;

StopRequest request;
const char* words = "";
sem_t ending;  // posted by a signal that ends the process
std::atomic<bool> is_ending{false};

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

void OnEndingSignal(int signal) {
  if (request.signal.exchange(signal) != 0) _exit(128 + signal);
  is_ending = true;
  sem_post(&ending);
}

// Removing folders is nothing for a handler.
void* AwaitSignalAndEnd(void*) {
  while (sem_wait(&ending) != 0) {
  }
  RemoveAsides();
  _exit(StopExitStatus());
}

bool IsIgnored(int signal) {
  struct sigaction action;
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void HandleStops(void (*handler)(int)) {
  for (const int signal : {SIGINT, SIGTERM}) HandleSignal(signal, handler);
  if (!IsIgnored(SIGHUP)) HandleSignal(SIGHUP, handler);
}

}  // namespace

StopRequest& SignalledStop() { return request; }

void StopOnSignals(const char* last_words) {
  words = last_words;
  HandleSignal(SIGALRM, OnAlarm);
  HandleStops(OnSignal);
}

void StopOnSignalsAtAnyTime(const char* last_words) {
  request.all_is_saved = true;
  StopOnSignals(last_words);
}

void EndOnSignals() {
  constexpr size_t kStack = 256 * 1024;  // where address space is limited, not the 8 MB of others
  pthread_attr_t attributes;
  pthread_t thread;
  sem_init(&ending, 0, 0);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // Without it signals end the process as ever.
  if (pthread_create(&thread, &attributes, AwaitSignalAndEnd, nullptr) == 0)
    HandleStops(OnEndingSignal);
  pthread_attr_destroy(&attributes);
}

void AwaitEndOnSignals() {
  while (is_ending.load()) pause();
}

int StopExitStatus() {
  const int signal = request.signal.load();
  return signal == 0 ? 0 : 128 + signal;
}

}  // namespace pretext
