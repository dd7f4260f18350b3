#include "pipelines/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>
#include <vector>

#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/checkpoint/testing.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Checkpoint, RestoresEverythingAndReplacesTheOldOne) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5, .batches = 6}).ok());
  // Numbers that decimal digits do not hold exactly.
  const CheckpointFacts saved{.cursor = {.step = 7, .batches = 8},
                              .since_line = {0.1, 1.0 / 3, 9, 1e-300},
                              .origin = {"1.2.3", "2 samples", "name: \"a\\n\"\n"},
                              .best = "probe",
                              .best_value = 200.0 / 3};
  SmallModel two(2);
  ASSERT_TRUE(SaveCheckpoint(path, saved, two.state()).ok());
  EXPECT_THAT(folder.Names(), ElementsAre("checkpoint"));
  SmallModel model(0);
  const auto facts = model.Load(path);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->cursor.step, 7);
  EXPECT_EQ(facts->cursor.batches, 8);
  EXPECT_EQ(facts->since_line.loss, 0.1);
  EXPECT_EQ(facts->since_line.weight, 1.0 / 3);
  EXPECT_EQ(facts->since_line.items, 9);
  EXPECT_EQ(facts->since_line.seconds, 1e-300);
  EXPECT_EQ(facts->origin.version, "1.2.3");
  EXPECT_EQ(facts->origin.data, "2 samples");
  EXPECT_EQ(facts->origin.pipeline, "name: \"a\\n\"\n");
  EXPECT_EQ(facts->best, "probe");
  EXPECT_EQ(facts->best_value, 200.0 / 3);
  EXPECT_EQ(ReadCheckpointFacts(path)->cursor.step, 7);
  EXPECT_EQ(model.weight->value.data()[5], 2);
  EXPECT_EQ(model.mean->value.data()[1], 2);
  EXPECT_EQ(model.momentum()[1], 2);
}

// Blocks come from the pool and stay there: what it holds is the most that there was at once.
TEST(Checkpoint, NothingIsHeldTwice) {
  const TestFolder folder;
  SmallModel model(1, /*width=*/2'000'000);  // 16 MB of weights, and as much of momentum
  const auto grown = [](const auto& work) {
    MemoryPool::Trim();
    const int64_t before = MemoryPool::stats().bytes_held;
    work();
    return MemoryPool::stats().bytes_held - before;
  };
  constexpr int64_t kMegabyte = 1 << 20;
  EXPECT_LE(grown([&] { ASSERT_TRUE(model.Save(folder / "c", {}).ok()); }), kMegabyte);
  model.weight->value.data()[7] = 0;
  EXPECT_LE(grown([&] { ASSERT_TRUE(model.Load(folder / "c").ok()); }), kMegabyte);
  EXPECT_EQ(model.weight->value.data()[7], 1);
  EXPECT_LE(grown([&] { ASSERT_TRUE(ReadCheckpointFacts(folder / "c").ok()); }), kMegabyte);
}

// What a crash while writing leaves: an unfinished folder aside. The checkpoint is still whole, and
// the next save works.
TEST(Checkpoint, ACrashWhileWritingLosesNothing) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5}).ok());
  ASSERT_TRUE(MakeFolders(path + ".new").ok());
  ASSERT_TRUE(WriteFileAtomically(path + ".new/weights.safetensors", "half").ok());
  SmallModel model(0);
  ASSERT_TRUE(model.Load(path).ok());
  EXPECT_TRUE(SmallModel(3).Save(path, {.step = 6}).ok());
}

// All that the new one holds is on the disk before it takes the old one's place, and its place is
// before anyone is told.
TEST(Checkpoint, IsFlushedBeforeItIsExchangedAndItsFolderAfter) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5}).ok());
  std::vector<FileCall> calls;
  {
    const FileWatch watch([&](const FileCall& call) {
      calls.push_back(call);
      return 0;
    });
    ASSERT_TRUE(SmallModel(2).Save(path, {.step = 6}).ok());
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
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5}).ok());
  {
    const FileWatch watch([&](const FileCall& call) {
      if (call.kind == Kind::kExchange) return EINVAL;
      return call.kind == Kind::kRename && call.to == path ? EIO : 0;
    });
    EXPECT_FALSE(SmallModel(2).Save(path, {.step = 6}).ok());
  }
  SmallModel model(0);
  const auto facts = model.Load(path);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->cursor.step, 5);
  EXPECT_TRUE(LoadWeights(path, {&model.set}).ok());
  ASSERT_TRUE(SmallModel(3).Save(path, {.step = 7}).ok());
  EXPECT_EQ(model.Load(path)->cursor.step, 7);
  EXPECT_THAT(folder.Names(), ElementsAre("checkpoint"));
}

TEST(Checkpoint, WhatDoesNotFitChangesNothing) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {}).ok());
  SmallModel wide(0, 4);
  EXPECT_THAT(std::string(wide.Load(path).status().message()),
              HasSubstr("encoder.weight is 2×3, the model's is 2×4"));
  EXPECT_EQ(wide.mean->value.data()[0], 0);
  SmallModel more(0);
  ParameterSet head;
  head.Add("bias", Role::kBias, {1}, Initializer::Constant(0));
  head.Allocate("head", 1);
  EXPECT_THAT(
      std::string(LoadCheckpoint(path, {{&more.set, &head}, &more.optimizer}).status().message()),
      HasSubstr("has no tensor head.bias"));
}

TEST(Checkpoint, ADamagedFileIsAnError) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {}).ok());
  ASSERT_TRUE(WriteFileAtomically(path + "/weights.safetensors", std::string(40, ' ')).ok());
  SmallModel model(0);
  EXPECT_THAT(std::string(model.Load(path).status().message()),
              HasSubstr("not a whole safetensors file"));
}

TEST(Checkpoint, AChangedByteIsNamedAndChangesNothing) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5}).ok());
  for (const char* name : {"/weights.safetensors", "/optimizer.safetensors"}) {
    const std::string whole = *ReadFile(path + name);
    std::string damaged = whole;
    damaged[damaged.size() - 2] ^= 4;
    ASSERT_TRUE(WriteFileAtomically(path + name, damaged).ok());
    SmallModel model(0);
    const absl::Status status = model.Load(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(path + name));
    EXPECT_EQ(model.weight->value.data()[0], 0);
    EXPECT_EQ(model.momentum()[1], 0);
    ASSERT_TRUE(WriteFileAtomically(path + name, whole).ok());
  }
  EXPECT_TRUE(SmallModel(0).Load(path).ok());
}

// Both files are whole, but of two checkpoints.
TEST(Checkpoint, FilesOfTwoCheckpointsAreFound) {
  const TestFolder folder;
  ASSERT_TRUE(SmallModel(1).Save(folder / "a", {.step = 5}).ok());
  ASSERT_TRUE(SmallModel(2).Save(folder / "b", {.step = 6}).ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "a/weights.safetensors",
                                  *ReadFile(folder / "b/weights.safetensors"))
                  .ok());
  const absl::Status status = SmallModel(0).Load(folder / "a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("are not of one checkpoint"));
}

TEST(Checkpoint, WhatIsNotFiniteIsNotWritten) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5}).ok());
  SmallModel weights(2), mean(2), momentum(2);
  weights.weight->value.data()[4] = NAN;
  mean.mean->value.data()[1] = -INFINITY;
  momentum.momentum()[3] = INFINITY;
  for (auto& [model, name] :
       {std::pair{&weights, "encoder.weight has nan at element 4"},
        std::pair{&mean, "encoder.mean has -inf at element 1"},
        std::pair{&momentum, "encoder.weight.momentum has inf at element 3"}}) {
    const absl::Status status = model->Save(path, {.step = 6});
    EXPECT_THAT(std::string(status.message()), HasSubstr(name));
  }
  EXPECT_EQ(SmallModel(0).Load(path)->cursor.step, 5);
}

TEST(Checkpoint, WhatDoesNotAgreeChangesNothing) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ASSERT_TRUE(SmallModel(1).Save(path, {.step = 5}).ok());
  SmallModel model(0);
  const auto refuse = [](const CheckpointFacts& facts) {
    EXPECT_EQ(facts.cursor.step, 5);
    return absl::InvalidArgumentError("another");
  };
  EXPECT_EQ(LoadCheckpoint(path, model.state(), refuse).status().message(), "another");
  EXPECT_EQ(model.weight->value.data()[0], 0);
}

TEST(LoadWeights, TakesAPartOfTheFile) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  ParameterSet head;
  head.Add("bias", Role::kBias, {1}, Initializer::Constant(4));
  head.Allocate("head", 1);
  SmallModel saved(1);
  ASSERT_TRUE(SaveCheckpoint(path, {}, {{&saved.set, &head}, &saved.optimizer}).ok());
  SmallModel model(0);
  ASSERT_TRUE(LoadWeights(path, {&model.set}).ok());
  EXPECT_EQ(model.weight->value.data()[0], 1);
}

// It is the vocabulary that is to be looked at, not the weights.
TEST(LoadWeights, AnotherTokenizerIsNamedByItsFile) {
  const TestFolder folder;
  const std::string path = folder / "checkpoint";
  CheckpointFacts facts;
  facts.origin.tokenizer = "12345678";
  SmallModel model(1);
  ASSERT_TRUE(SaveCheckpoint(path, facts, {{&model.set}, &model.optimizer}).ok());
  EXPECT_TRUE(LoadWeights(path, {&model.set}, {"12345678", "run/vocab.txt"}).ok());
  const absl::Status other = LoadWeights(path, {&model.set}, {"87654321", "run/vocab.txt"});
  EXPECT_EQ(other.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(other.message()),
              StartsWith("run/vocab.txt: the vocabulary or its options are not those that " + path +
                         "/weights.safetensors"));
}

}  // namespace
}  // namespace pretext
