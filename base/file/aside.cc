#include "base/file/aside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/file_calls.h"
#include "base/file/folder.h"

namespace pretext {
namespace {

constexpr char kEnd[] = ".part";

struct Asides {
  std::mutex mutex;
  std::multiset<std::string> names;
  std::shared_mutex places;
};

Asides& All() {
  static Asides* const asides = new Asides;
  return *asides;
}

// What the names for a path begin with, behind the folder.
std::string BeginningFor(const std::string& path) {
  constexpr size_t kLongest = 200;  // of the at most 255 bytes of a name
  return absl::StrCat(".", std::filesystem::path(path).filename().string().substr(0, kLongest),
                      ".");
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Whether AsideName gave the name for that path, to some process.
bool IsAsideFor(const std::string& path, absl::string_view name) {
  if (!absl::ConsumePrefix(&name, BeginningFor(path)) || !absl::ConsumeSuffix(&name, kEnd))
    return false;
  const size_t dash = name.find('-');
  return dash != absl::string_view::npos && IsNumber(name.substr(0, dash)) &&
         IsNumber(name.substr(dash + 1));
}

int OpenFolder(const std::string& path) {
  return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Whether the open folder is still the one that has the name.
bool HasName(int folder, const std::string& name) {
  struct stat of_folder, of_name;
  return fstat(folder, &of_folder) == 0 && lstat(name.c_str(), &of_name) == 0 &&
         of_folder.st_dev == of_name.st_dev && of_folder.st_ino == of_name.st_ino;
}

// What cannot be removed is in nobody's way.
void RemoveLeftFor(const std::string& path) {
  const std::string parent = ParentOf(path);
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(parent);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (!IsAsideFor(path, name)) continue;
    const std::string left = absl::StrCat(parent, "/", name);
    const int folder = OpenFolder(left);
    if (folder < 0) continue;
    if (file_calls::Lock(folder, left) == 0 && HasName(folder, left)) file_calls::Remove(left);
    file_calls::Close(folder);
  }
}

}  // namespace

std::string AsideName(const std::string& path) {
  static std::atomic<int> number{0};
  return absl::StrCat(ParentOf(path), "/", BeginningFor(path), getpid(), "-", number++, kEnd);
}

NamedAside::NamedAside(std::string name) : name_(std::move(name)) {
  const std::lock_guard<std::mutex> lock(All().mutex);
  All().names.insert(name_);
}

NamedAside::~NamedAside() {
  const std::lock_guard<std::mutex> lock(All().mutex);
  All().names.erase(All().names.find(name_));
}

absl::StatusOr<std::unique_ptr<AsideFolder>> AsideFolder::Create(const std::string& path) {
  RemoveLeftFor(path);
  while (true) {
    std::unique_ptr<AsideFolder> folder(new AsideFolder(path, AsideName(path)));
    const absl::StatusOr<bool> made = folder->MakeAndLock();
    if (!made.ok()) return made.status();
    if (*made) return folder;
  }
}

// False where the name is another's.
absl::StatusOr<bool> AsideFolder::MakeAndLock() {
  const absl::StatusOr<PathKind> kind = KindOfPath(name());
  if (!kind.ok()) return kind.status();
  if (*kind != PathKind::kNothing) return false;
  if (absl::Status status = MakeFolders(name()); !status.ok()) return status;
  lock_ = OpenFolder(name());
  const int error = lock_ < 0 ? errno : 0;
  // A process of the same number, of another machine or container, may have been faster.
  made_ = error != 0 || (file_calls::Lock(lock_, name()) != EWOULDBLOCK && HasName(lock_, name()));
  if (error != 0) return FileError(error, name(), "the folder cannot be opened");
  return made_;
}

AsideFolder::~AsideFolder() {
  if (made_) file_calls::Remove(name());  // what went wrong is said
  if (lock_ >= 0) file_calls::Close(lock_);
}

absl::Status AsideFolder::PutInPlace() {
  const PuttingInPlace putting;
  return ReplaceFolder(name(), path_);
}

PuttingInPlace::PuttingInPlace() : lock_(All().places) {}

void RemoveAsides() {
  All().places.lock();  // for good
  const std::lock_guard<std::mutex> lock(All().mutex);
  constexpr int kTries = 100;
  for (const std::string& name : All().names) {
    // Another thread may put a file into a folder that is being removed.
    for (int tries = 0; tries < kTries && file_calls::Remove(name) != 0; ++tries) {
    }
  }
}

}  // namespace pretext
