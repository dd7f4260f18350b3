#include "datasets/image_folder/picture_folders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_files.h"

namespace pretext {
namespace {

// Adds a fault for each class of the test pictures that the training pictures do not have.
void CheckTestClasses(const std::vector<std::string>& train, const std::vector<std::string>& test,
                      const char* field, FieldChecker& check) {
  check.That(train.empty() == test.empty(), field,
             absl::StrCat("the test pictures must have class folders exactly when the training "
                          "pictures have; these have ",
                          train.size(), ", the test pictures ", test.size()));
  if (train.empty()) return;
  for (const std::string& name : test) {
    check.That(std::binary_search(train.begin(), train.end(), name), field,
               absl::StrCat("has the class ", name, ", which the training pictures do not have"));
  }
}

}  // namespace

PictureFolders FindPictureFolders(const ImageFolder& config, const BuildContext& context,
                                  FieldChecker& check) {
  PictureFolders found;
  const bool with_labels = config.labels() != ImageFolder::NONE;
  const auto classes_of = [&](const char* field, const std::string& directory) {
    std::vector<std::string> none;
    if (!with_labels) {
      check.Nested(field, CheckFolder(directory));
      return none;
    }
    absl::StatusOr<std::vector<std::string>> classes = ListClasses(directory);
    return check.Nested(field, classes.status()) ? *std::move(classes) : none;
  };
  found.train = context.Resolve(config.directory());
  found.test = config.test_directory().empty() ? "" : context.Resolve(config.test_directory());
  const char* const test_field = found.test.empty() ? "directory" : "test_directory";
  found.classes = classes_of("directory", found.train);
  if (found.test.empty()) found.parts = FindParts(found.train, found.classes);
  if (!found.parts.train.empty()) {
    found.test = absl::StrCat(found.train, "/", found.parts.test);
    absl::StrAppend(&found.train, "/", found.parts.train);
    found.classes = classes_of("directory", found.train);
  }
  if (check.ok()) check.Nested("directory", CheckPictures(found.train, found.classes));
  if (found.test.empty()) return found;
  const auto test_classes = classes_of(test_field, found.test);
  if (check.ok()) CheckTestClasses(found.classes, test_classes, test_field, check);
  if (check.ok()) check.Nested(test_field, CheckPictures(found.test, {}));
  check.That(config.held_out() == 0, "held_out",
             absl::StrCat("keeps training pictures for the test split, but there is ",
                          found.parts.test.empty() ? "a test_directory"
                                                   : absl::StrCat("the folder ", found.test),
                          "; leave one out"));
  return found;
}

}  // namespace pretext
