#include "cli/signal_stack.h"

#include <signal.h>

#include <cstdlib>

#include "base/check/check.h"

namespace pretext {
namespace {

// A thread's stack for handlers, as long as the thread lives.
class SignalStack {
 public:
  SignalStack() : memory_(std::malloc(kBytes)) {
    PRETEXT_CHECK(memory_ != nullptr, "out of memory");
    stack_t stack = {};
    stack.ss_sp = memory_;
    stack.ss_size = kBytes;
    PRETEXT_CHECK(sigaltstack(&stack, nullptr) == 0, "a stack of that size is accepted");
  }
  ~SignalStack() {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    std::free(memory_);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  // The registers that are saved with a signal take up to 12 KB on the newest processors.
  static constexpr size_t kBytes = 64 * 1024;
  void* memory_;
};

}  // namespace

void HandleSignal(int signal, void (*handler)(int)) {
#pragma omp parallel
  { static thread_local SignalStack stack; }
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  PRETEXT_CHECK(sigaction(signal, &action, nullptr) == 0, "a signal that can be handled");
}

}  // namespace pretext
