// A limit of address space (ulimit -v, ulimit -d) that OpenBLAS cannot start under is said.
//
// OpenBLAS (0.3.21) takes a buffer for each thread when it is loaded, and more for the first
// products. Where there is no room it asks again without end. So it has to be found out before it
// is loaded: by a function that the dynamic linker calls before every library's, when little more
// of the C library may be used than system calls. The sanitizers are not awake then either:
// programs with them go without.
#if !defined(__SANITIZE_ADDRESS__) && !defined(PRETEXT_SANITIZE_THREAD)

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>

namespace {

constexpr size_t kBuffer = size_t{128} << 20;  // BUFFER_SIZE of OpenBLAS on x86-64
// What a thread's stack and malloc arena, and oneDNN's code, take beside it; found by lowering the
// limit until a training no longer went through.
constexpr size_t kOthers = size_t{32} << 20;
constexpr int kMostThreads = 128;  // Debian's build has buffers for no more

// The number that a variable of the environment gives, or 0.
int Variable(char** environment, const char* name) {
  const size_t length = std::strlen(name);
  for (char** at = environment; *at != nullptr; ++at) {
    if (std::strncmp(*at, name, length) != 0 || (*at)[length] != '=') continue;
    int number = 0;
    for (const char* c = *at + length + 1; *c >= '0' && *c <= '9' && number < kMostThreads; ++c) {
      number = number * 10 + (*c - '0');
    }
    return number;
  }
  return 0;
}

// As OpenBLAS counts them.
int Threads(char** environment) {
  cpu_set_t processors;
  const int most =
      sched_getaffinity(0, sizeof(processors), &processors) == 0 ? CPU_COUNT(&processors) : 1;
  int asked = 0;
  for (const char* name : {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}) {
    asked = Variable(environment, name);
    if (asked > 0) break;
  }
  return std::min({asked > 0 ? asked : most, most, kMostThreads});
}

void CheckAddressSpace(int, char**, char** environment) {
  // In pieces, as it will be asked for: one of all together may be refused where they are not.
  const int wanted = 2 * Threads(environment) + 1;
  void* pieces[2 * kMostThreads + 1];
  int taken = 0;
  for (; taken < wanted; ++taken) {
    pieces[taken] = mmap(nullptr, kBuffer + kOthers, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pieces[taken] == MAP_FAILED) break;
  }
  for (int i = 0; i < taken; ++i) munmap(pieces[i], kBuffer + kOthers);
  if (taken == wanted) return;
  constexpr char kMessage[] =
      "out of memory before the start: a limit of address space (ulimit -v, ulimit -d) leaves less "
      "than the 160 MB, and 320 MB a thread, that OpenBLAS and the threads take. Raise it, or set "
      "OMP_NUM_THREADS to fewer threads\n";
  (void)!write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
  _exit(1);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const kBeforeAll)(int, char**,
                                                                       char**) = CheckAddressSpace;

}  // namespace

#endif
