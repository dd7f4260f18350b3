#include "datasets/image_folder/picture_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pretext {
namespace {

// An empty folder.
std::string NewFolder(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

void Touch(const std::string& path) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << "x";
}

std::vector<std::string> Names(const absl::StatusOr<std::vector<PictureFile>>& files,
                               const std::string& folder) {
  std::vector<std::string> names;
  EXPECT_TRUE(files.ok()) << files.status();
  if (!files.ok()) return names;
  for (const PictureFile& file : *files) {
    names.push_back(file.path.substr(folder.size() + 1) + " " + std::to_string(file.label));
  }
  return names;
}

TEST(PictureFiles, ClassesAreTheFoldersInOrder) {
  const std::string folder = NewFolder("classes");
  for (const char* name : {"dog/b.png", "dog/a.JPG", "dog/deep/er/c.jpeg", "cat/z.png",
                           "cat/notes.txt", ".hidden/h.png", "dog/.thumbs/t.png", "dog/.x.png"}) {
    Touch(folder + "/" + name);
  }
  const auto classes = ListClasses(folder);
  ASSERT_TRUE(classes.ok());
  EXPECT_EQ(*classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(Names(ListPictures(folder, *classes, true), folder),
            (std::vector<std::string>{"cat/z.png 0", "dog/a.JPG 1", "dog/b.png 1",
                                      "dog/deep/er/c.jpeg 1"}));
  EXPECT_EQ(Names(ListPictures(folder, {}, true), folder),
            (std::vector<std::string>{"cat/z.png -1", "dog/a.JPG -1", "dog/b.png -1",
                                      "dog/deep/er/c.jpeg -1"}));
}

TEST(PictureFiles, WithoutFoldersThereAreNoClasses) {
  const std::string folder = NewFolder("flat");
  Touch(folder + "/b.png");
  Touch(folder + "/a.png");
  const auto classes = ListClasses(folder);
  ASSERT_TRUE(classes.ok());
  EXPECT_TRUE(classes->empty());
  EXPECT_EQ(Names(ListPictures(folder, *classes, true), folder),
            (std::vector<std::string>{"a.png -1", "b.png -1"}));
}

TEST(PictureFiles, NamesWhatIsWrong) {
  const std::string folder = NewFolder("faulty");
  EXPECT_EQ(ListClasses(folder + "/no").status().message(),
            folder + "/no: cannot be listed: No such file or directory");
  EXPECT_EQ(CheckFolder(folder + "/no").message(),
            folder + "/no: cannot be listed: No such file or directory");
  EXPECT_TRUE(CheckFolder(folder).ok());
  EXPECT_EQ(ListPictures(folder, {}, true).status().message(),
            folder + ": has no pictures (.png, .jpg or .jpeg)");
  Touch(folder + "/file.png");
  EXPECT_EQ(CheckFolder(folder + "/file.png").message(),
            folder + "/file.png: cannot be listed: Not a directory");
  Touch(folder + "/cat/a.txt");
  EXPECT_EQ(ListClasses(folder).status().message(),
            folder +
                ": file.png lies beside folders, which are classes; move it into one of them, "
                "or set labels: NONE");
  EXPECT_EQ(ListPictures(folder, {"cat"}, true).status().message(),
            folder + "/cat: has no pictures (.png, .jpg or .jpeg)");
  EXPECT_EQ(ListPictures(folder, {"cat", "dog"}, false).status().message(),
            folder + ": has no pictures (.png, .jpg or .jpeg)");
}

TEST(PictureFiles, LinksToNowhereAndRoundInCirclesAreNoPictures) {
  const std::string folder = NewFolder("links");
  Touch(folder + "/a/real.png");
  std::filesystem::create_symlink(folder + "/gone.png", folder + "/a/dangling.png");
  std::filesystem::create_directory_symlink(folder, folder + "/a/round");
  std::filesystem::create_symlink(folder + "/a/real.png", folder + "/a/second.png");
  EXPECT_EQ(Names(ListPictures(folder, {"a"}, true), folder),
            (std::vector<std::string>{"a/real.png 0", "a/second.png 0"}));
}

}  // namespace
}  // namespace pretext
