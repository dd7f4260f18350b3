// Both files of a checkpoint, each in its turn damaged beside the other one.
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "gtest/gtest.h"
#include "pipelines/checkpoint/testing.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {
namespace {

constexpr const char* kFiles[] = {"/weights.safetensors", "/optimizer.safetensors"};

// Two checkpoints. Of each, one file is the one that is damaged.
struct Saved {
  std::string paths[2], files[2];

  Saved() {
    SmallModel model(1);
    for (int i = 0; i < 2; ++i) {
      paths[i] = absl::StrCat(::testing::TempDir(), "/checkpoint", i);
      EXPECT_TRUE(model.Save(paths[i], {.step = 5, .batches = 6}).ok());
      const std::string file = paths[i] + kFiles[i];
      files[i] = *ReadFile(file);
      EXPECT_TRUE(RemoveAll(file).ok());
      EXPECT_EQ(symlink(FileOf("").c_str(), file.c_str()), 0);
    }
  }
};

const Saved& Whole() {
  static const Saved saved;
  return saved;
}

}  // namespace

bool ReadFuzzed(const std::string& bytes) {
  bool right = false;
  for (const std::string& path : Whole().paths) {
    FileOf(bytes);
    SmallModel model(0);
    const auto facts = model.Load(path);
    if (facts.ok()) {
      EXPECT_GE(facts->cursor.step, 0);
      EXPECT_GE(facts->cursor.batches, 0);
      right = true;
    } else {
      EXPECT_TRUE(absl::StrContains(facts.status().message(), path)) << facts.status();
      EXPECT_EQ(model.weight->value.data()[0], 0) << "nothing is changed";
      EXPECT_EQ(model.mean->value.data()[0], 0);
    }
  }
  return right;
}

std::vector<std::string> MadeFiles() { return {Whole().files[0], Whole().files[1]}; }

}  // namespace pretext::testing
