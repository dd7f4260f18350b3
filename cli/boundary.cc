#include "cli/boundary.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/tensor/out_of_memory.h"
#include "processes/group_failure.h"

namespace pretext {
namespace {

constexpr char kNoMemory[] =
    "out of memory. A smaller batch_size, or train { chunk }, needs less; so do fewer threads";

absl::Status StatusOfCode(const std::error_code& code, const std::string& message) {
  const bool has_errno =
      code.category() == std::generic_category() || code.category() == std::system_category();
  return has_errno ? absl::ErrnoToStatus(code.value(), message)
                   : absl::InternalError(absl::StrCat(message, ": ", code.message()));
}

[[noreturn]] void SayAndEnd() {
  const std::exception_ptr thrown = std::current_exception();
  if (thrown == nullptr) std::abort();  // terminate() for another reason: a fault of ours
  const std::string message = StatusOfException(thrown).ToString() + "\n";
  // Not through stdio: another thread may hold its lock.
  (void)!write(STDERR_FILENO, message.data(), message.size());
  _exit(1);
}

}  // namespace

absl::Status StatusOfException(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const GroupFailure& e) {
    return e.status();
  } catch (const OutOfMemory& e) {
    return absl::ResourceExhaustedError(e.what());
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(kNoMemory);
  } catch (const std::filesystem::filesystem_error& e) {
    return StatusOfCode(e.code(), e.path1().string());
  } catch (const std::system_error& e) {
    return StatusOfCode(e.code(),
                        "the system refused a thread, a lock or a file, for want of memory or by a "
                        "limit (ulimit -v, -u, -n, or a container's)");
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory) return absl::ResourceExhaustedError(kNoMemory);
    return absl::InternalError(absl::StrCat("oneDNN: ", e.what()));
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("a library failed: ", e.what()));
  } catch (...) {
    return absl::InternalError("a library failed and does not say why");
  }
}

absl::Status CatchExceptions(const std::function<absl::Status()>& act) {
  try {
    return act();
  } catch (...) {
    return StatusOfException(std::current_exception());
  }
}

void EndOnUncaughtExceptions() { std::set_terminate(SayAndEnd); }

}  // namespace pretext
