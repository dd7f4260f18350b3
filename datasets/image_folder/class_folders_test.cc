#include "datasets/image_folder/class_folders.h"

#include <gtest/gtest.h>

#include "base/file/file_writer.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

TEST(FindParts, FindsThePartsOfADataSet) {
  const TestFolder folder;
  const auto parts = [&](const std::vector<std::string>& names) {
    const Parts found = FindParts(folder.path(), names);
    return found.train + "/" + found.test + "/" + found.unused;
  };
  EXPECT_EQ(parts({"train", "val"}), "train/val/");
  EXPECT_EQ(parts({"Test", "Training"}), "Training/Test/");
  EXPECT_EQ(parts({"train", "valid"}), "train/valid/");
  EXPECT_EQ(parts({"test", "train", "val"}), "train/test/val");
  for (const auto& classes : std::vector<std::vector<std::string>>{{"train"},
                                                                   {"val", "test"},
                                                                   {"bus", "train", "test"},
                                                                   {"train", "training", "val"},
                                                                   {}}) {
    EXPECT_EQ(parts(classes), "//");
  }
  // A test part without labels cannot be measured on.
  for (const char* name : {"train/cat/1.png", "val/cat/2.png", "test/3.png"}) {
    ASSERT_TRUE(MakeFolders(ParentOf(folder / name)).ok());
    ASSERT_TRUE(WriteFileAtomically(folder / name, "x").ok());
  }
  EXPECT_EQ(parts({"test", "train", "val"}), "train/val/test");
}

}  // namespace
}  // namespace pretext
