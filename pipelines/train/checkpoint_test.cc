#include "pipelines/train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// One momentum buffer a parameter.
class Momentum : public Optimizer {
 public:
  double learning_rate() const override { return 1; }
  void Attach(std::vector<Parameter*> parameters) override {
    for (Parameter* p : parameters) {
      states_.push_back({p->name + ".momentum", Tensor::Zeros(p->shape)});
    }
  }
  void Step(int64_t, double, double) override {}
  std::vector<State> state() override { return states_; }

 private:
  std::vector<State> states_;
};

struct Model {
  explicit Model(float fill, int64_t width = 3) {
    weight = set.Add("weight", Role::kWeight, {2, width}, Initializer::Constant(fill));
    mean = set.AddBuffer("mean", {2}, fill);
    set.Allocate("encoder", 1);
    optimizer.Attach({weight});
    optimizer.state()[0].value.data()[1] = fill;
  }
  absl::Status Save(const std::string& path, const Cursor& cursor) {
    return SaveCheckpoint(path, cursor, {&set}, optimizer);
  }
  ParameterSet set;
  Parameter* weight;
  Buffer* mean;
  Momentum optimizer;
};

TEST(Checkpoint, RestoresEverythingAndReplacesTheOldOne) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(Model(1).Save(path, {.step = 5, .batches = 6}).ok());
  ASSERT_TRUE(Model(2).Save(path, {.step = 7, .batches = 8}).ok());
  EXPECT_THAT(folder.Names(), ElementsAre("checkpoint"));
  Model model(0);
  const auto cursor = LoadCheckpoint(path, {&model.set}, model.optimizer);
  ASSERT_TRUE(cursor.ok()) << cursor.status();
  EXPECT_EQ(cursor->step, 7);
  EXPECT_EQ(cursor->batches, 8);
  EXPECT_EQ(model.weight->value.data()[5], 2);
  EXPECT_EQ(model.mean->value.data()[1], 2);
  EXPECT_EQ(model.optimizer.state()[0].value.data()[1], 2);
}

// What a crash while writing leaves: an unfinished folder aside. The checkpoint is still whole, and
// the next save works.
TEST(Checkpoint, ACrashWhileWritingLosesNothing) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(Model(1).Save(path, {.step = 5}).ok());
  ASSERT_TRUE(MakeFolders(path + ".new").ok());
  ASSERT_TRUE(WriteFileAtomically(path + ".new/weights.safetensors", "half").ok());
  Model model(0);
  ASSERT_TRUE(LoadCheckpoint(path, {&model.set}, model.optimizer).ok());
  EXPECT_TRUE(Model(3).Save(path, {.step = 6}).ok());
}

// All that the new one holds is on the disk before it takes the old one's place, and its place is
// before anyone is told.
TEST(Checkpoint, IsFlushedBeforeItIsExchangedAndItsFolderAfter) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(Model(1).Save(path, {.step = 5}).ok());
  std::vector<FileCall> calls;
  {
    const FileWatch watch([&](const FileCall& call) {
      calls.push_back(call);
      return 0;
    });
    ASSERT_TRUE(Model(2).Save(path, {.step = 6}).ok());
  }
  const auto place = [&](Kind kind, const std::string& at) {
    return std::find_if(calls.begin(), calls.end(),
                        [&](const FileCall& call) { return call.kind == kind && call.path == at; });
  };
  const auto exchange = place(Kind::kExchange, path + ".new");
  ASSERT_NE(exchange, calls.end());
  for (const char* file : {"/weights.safetensors", "/optimizer.safetensors"}) {
    EXPECT_LT(place(Kind::kFlush, path + ".new" + file), exchange) << file;
  }
  EXPECT_LT(place(Kind::kFlushFolder, path + ".new"), exchange);
  const auto flushed = place(Kind::kFlushFolder, folder.path());
  EXPECT_GT(flushed, exchange);
  EXPECT_NE(flushed, calls.end());
  EXPECT_LT(flushed, std::find_if(exchange, calls.end(),
                                  [](const FileCall& call) { return call.kind == Kind::kRemove; }));
}

// A file system without exchange has the old one under another name between two renames.
TEST(Checkpoint, ACrashBetweenTwoRenamesLeavesTheOldOne) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(Model(1).Save(path, {.step = 5}).ok());
  {
    const FileWatch watch([&](const FileCall& call) {
      if (call.kind == Kind::kExchange) return EINVAL;
      return call.kind == Kind::kRename && call.to == path ? EIO : 0;
    });
    EXPECT_FALSE(Model(2).Save(path, {.step = 6}).ok());
  }
  Model model(0);
  const auto cursor = LoadCheckpoint(path, {&model.set}, model.optimizer);
  ASSERT_TRUE(cursor.ok()) << cursor.status();
  EXPECT_EQ(cursor->step, 5);
  EXPECT_TRUE(LoadWeights(path, {&model.set}).ok());
  ASSERT_TRUE(Model(3).Save(path, {.step = 7}).ok());
  EXPECT_EQ(LoadCheckpoint(path, {&model.set}, model.optimizer)->step, 7);
  EXPECT_THAT(folder.Names(), ElementsAre("checkpoint"));
}

TEST(Checkpoint, WhatDoesNotFitChangesNothing) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(Model(1).Save(path, {}).ok());
  Model wide(0, 4);
  EXPECT_THAT(std::string(LoadCheckpoint(path, {&wide.set}, wide.optimizer).status().message()),
              HasSubstr("encoder.weight is 2×3, the model's is 2×4"));
  EXPECT_EQ(wide.mean->value.data()[0], 0);
  Model more(0);
  ParameterSet head;
  head.Add("bias", Role::kBias, {1}, Initializer::Constant(0));
  head.Allocate("head", 1);
  EXPECT_THAT(
      std::string(LoadCheckpoint(path, {&more.set, &head}, more.optimizer).status().message()),
      HasSubstr("has no tensor head.bias"));
}

TEST(Checkpoint, ADamagedFileIsAnError) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(Model(1).Save(path, {}).ok());
  ASSERT_TRUE(WriteFileAtomically(path + "/weights.safetensors", std::string(40, ' ')).ok());
  Model model(0);
  EXPECT_THAT(std::string(LoadCheckpoint(path, {&model.set}, model.optimizer).status().message()),
              HasSubstr("not a whole safetensors file"));
}

TEST(LoadWeights, TakesAPartOfTheFile) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ParameterSet head;
  head.Add("bias", Role::kBias, {1}, Initializer::Constant(4));
  head.Allocate("head", 1);
  Model saved(1);
  ASSERT_TRUE(SaveCheckpoint(path, {}, {&saved.set, &head}, saved.optimizer).ok());
  Model model(0);
  ASSERT_TRUE(LoadWeights(path, {&model.set}).ok());
  EXPECT_EQ(model.weight->value.data()[0], 1);
}

}  // namespace
}  // namespace pretext
