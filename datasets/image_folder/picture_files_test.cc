#include "datasets/image_folder/picture_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "datasets/image_folder/class_folders.h"

namespace pretext {
namespace {

using testing::HasSubstr;

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

std::vector<std::string> Names(const absl::StatusOr<PictureFiles>& found,
                               const std::string& folder) {
  std::vector<std::string> names;
  EXPECT_TRUE(found.ok()) << found.status();
  if (!found.ok()) return names;
  for (const PictureFile& file : found->files) {
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
            folder + ": has no pictures (PNG, JPEG, WebP or BMP)");
  Touch(folder + "/file.png");
  EXPECT_EQ(CheckFolder(folder + "/file.png").message(),
            folder + "/file.png: cannot be listed: Not a directory");
  Touch(folder + "/cat/a.txt");
  EXPECT_EQ(ListClasses(folder).status().message(),
            folder +
                ": file.png lies beside folders, which are classes; move it into one of them, "
                "or set labels: NONE");
  EXPECT_EQ(ListPictures(folder, {"cat"}, true).status().message(),
            folder + "/cat: has no pictures (PNG, JPEG, WebP or BMP)");
  EXPECT_EQ(ListPictures(folder, {"cat", "dog"}, false).status().message(),
            folder + ": has no pictures (PNG, JPEG, WebP or BMP)");
}

TEST(PictureFiles, FollowsLinksButNotRoundInCircles) {
  const std::string folder = NewFolder("links"), other = NewFolder("elsewhere");
  Touch(folder + "/a/real.png");
  Touch(other + "/far.png");
  std::filesystem::create_directory_symlink(folder, folder + "/a/round");
  std::filesystem::create_directory_symlink("../../elsewhere", folder + "/a/more");
  std::filesystem::create_directory_symlink(other, folder + "/b");
  std::filesystem::create_symlink(folder + "/a/real.png", folder + "/a/second.png");
  // Nothing is there, which reading will say.
  std::filesystem::create_symlink(folder + "/gone.png", folder + "/a/dangling.png");
  const auto classes = ListClasses(folder);
  ASSERT_TRUE(classes.ok());
  EXPECT_EQ(*classes, (std::vector<std::string>{"a", "b"}));
  const auto found = ListPictures(folder, *classes, true);
  EXPECT_EQ(Names(found, folder),
            (std::vector<std::string>{"a/dangling.png 0", "a/more/far.png 0", "a/real.png 0",
                                      "a/second.png 0", "b/far.png 1"}));
  EXPECT_EQ(found->passed_over.ToString(), "1 link that leads round (" + folder + "/a/round)");
}

// A class or a part of one may be on a disk that is not there.
TEST(PictureFiles, LinksThatLeadNowhereAreNamed) {
  const std::string folder = NewFolder("unmounted");
  Touch(folder + "/a/1.png");
  std::filesystem::create_symlink("/nowhere/more", folder + "/a/more");
  auto classes = ListClasses(folder);
  ASSERT_TRUE(classes.ok());
  EXPECT_EQ(ListPictures(folder, *classes, true)->passed_over.ToString(),
            "1 link that leads nowhere (" + folder + "/a/more)");
  std::filesystem::create_symlink("/nowhere/b", folder + "/b");
  EXPECT_THAT(std::string(ListClasses(folder).status().message()),
              HasSubstr(folder + "/b: is a link that leads nowhere"));
  std::filesystem::remove(folder + "/b");
  std::filesystem::create_symlink("b", folder + "/b");
  EXPECT_THAT(std::string(ListClasses(folder).status().message()), HasSubstr(folder + "/b: "));
}

TEST(PictureFiles, TellsPicturesByTheirContent) {
  const std::string folder = NewFolder("kinds");
  const auto write = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
  };
  write("jpeg_without_a_name_for_it", "\xff\xd8\xff\xe0");
  write("png.data", "\x89PNG\r\n\x1a\n");
  write("photo.WebP", "");
  write("scan.jfif", "");
  write("a.gif", "GIF89a");
  write("b.gif", "GIF87a");
  write("c.bin", std::string("II*\0", 4));
  write("notes.txt", "a text");
  write("Thumbs.db", "");
  EXPECT_EQ(mkfifo((folder + "/pipe").c_str(), 0600), 0);  // Never opened: nobody writes to it.
  const auto found = ListPictures(folder, {}, true);
  EXPECT_EQ(Names(found, folder),
            (std::vector<std::string>{"jpeg_without_a_name_for_it -1", "photo.WebP -1",
                                      "png.data -1", "scan.jfif -1"}));
  EXPECT_EQ(found->passed_over.ToString(), "2 GIF, 1 TIFF, 3 files that are no pictures");
}

TEST(PictureFiles, NamesEveryClassWithoutPictures) {
  const std::string folder = NewFolder("empty_classes");
  Touch(folder + "/cat/1.png");
  Touch(folder + "/__MACOSX/._1.png");
  Touch(folder + "/eel/notes.txt");
  const auto classes = ListClasses(folder);
  ASSERT_TRUE(classes.ok());
  EXPECT_EQ(CheckPictures(folder, *classes).message(),
            folder + "/__MACOSX, " + folder + "/eel: has no pictures (PNG, JPEG, WebP or BMP)");
  EXPECT_TRUE(CheckPictures(folder, {"cat"}).ok());
  EXPECT_TRUE(CheckPictures(folder, {}).ok());
}

}  // namespace
}  // namespace pretext
