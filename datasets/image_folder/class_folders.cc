#include "datasets/image_folder/class_folders.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"
#include "base/unicode/unicode.h"
#include "datasets/image_folder/picture_files.h"

namespace pretext {
namespace {

bool IsOneOf(const std::string& name, std::initializer_list<absl::string_view> names) {
  return std::count(names.begin(), names.end(), absl::AsciiStrToLower(name)) > 0;
}

}  // namespace

absl::Status CheckFolder(const std::string& directory) {
  const absl::Status status = ListFolder(directory).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(status.message(), absl::IsNotFound(status) ? LookedForAt(directory) : ""));
}

std::vector<std::string> ClassNames(std::vector<std::string> folders) {
  int64_t replaced = 0;
  for (std::string& name : folders) RepairUtf8(&name, &replaced);
  return folders;
}

absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& directory) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(directory);
  if (!names.ok()) return absl::InvalidArgumentError(names.status().message());
  std::vector<std::string> classes;
  std::string loose;
  PassedOver passed_over;
  for (const std::string& name : *names) {
    if (name.front() == '.') continue;
    const std::string path = FolderOf(directory, name);
    const absl::StatusOr<PathKind> kind = KindOfPath(path);
    if (!kind.ok()) return absl::InvalidArgumentError(kind.status().message());
    if (*kind == PathKind::kFolder) {
      classes.push_back(name);
    } else if (loose.empty() && IsPicture(path, passed_over)) {
      loose = name;
    }
  }
  // A class may be on a disk that is not there. Where pictures lie beside it there are no classes.
  if (loose.empty() && !passed_over.broken.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        passed_over.broken.front(),
        ": is a link that leads nowhere; it may be a class: mend it, or take it away"));
  }
  if (!classes.empty() && !loose.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(directory, ": ", loose,
                     " lies beside folders, which are classes; move it into "
                     "one of them, or set labels: NONE"));
  }
  return classes;
}

Parts FindParts(const std::string& directory, const std::vector<std::string>& classes) {
  std::string train, test, val;
  for (const std::string& name : classes) {
    std::string* const part = IsOneOf(name, {"train", "training"})            ? &train
                              : IsOneOf(name, {"test", "testing"})            ? &test
                              : IsOneOf(name, {"val", "valid", "validation"}) ? &val
                                                                              : nullptr;
    // Another folder, or two for one part: then they are classes.
    if (part == nullptr || !part->empty()) return {};
    *part = name;
  }
  if (train.empty() || (test.empty() && val.empty())) return {};
  if (test.empty()) return {train, val, ""};
  const auto has_classes = [&](const std::string& name) {
    const auto found = ListClasses(FolderOf(directory, name));
    return found.ok() && !found->empty();
  };
  if (!val.empty() && has_classes(train) && has_classes(val) && !has_classes(test)) {
    return {train, val, test};
  }
  return {train, test, val};
}

}  // namespace pretext
