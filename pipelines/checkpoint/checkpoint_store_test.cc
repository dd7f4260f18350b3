#include "pipelines/checkpoint/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "pipelines/checkpoint/testing.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

absl::Status Anything(const CheckpointFacts&) { return absl::OkStatus(); }

absl::Status SaveStep(CheckpointStore& store, int64_t step) {
  SmallModel model(static_cast<float>(step));
  return store.Save({.cursor = {.step = step}}, model.state());
}

void Damage(const std::string& path) {
  std::string contents = *ReadFile(path);
  contents.back() ^= 1;
  ASSERT_TRUE(WriteFileAtomically(path, contents).ok());
}

// What the store loads: its step, or 0 for none. `said` is what it told.
int64_t Loaded(CheckpointStore& store, std::string* said = nullptr) {
  SmallModel model(0);
  const auto facts = store.Load(model.state(), Anything, [&](const std::string& line) {
    if (said != nullptr) *said += line;
  });
  EXPECT_TRUE(facts.ok()) << facts.status();
  if (!facts.ok() || !facts->has_value()) return 0;
  EXPECT_EQ(model.weight->value.data()[0], (*facts)->cursor.step);
  return (*facts)->cursor.step;
}

TEST(CheckpointStore, KeepsOneUnlessItIsTold) {
  const TestFolder folder;
  CheckpointStore store(folder.path(), 1);
  EXPECT_EQ(Loaded(store), 0);
  for (const int64_t step : {8, 16, 24}) ASSERT_TRUE(SaveStep(store, step).ok());
  EXPECT_THAT(folder.Names(), ElementsAre("checkpoint"));
  EXPECT_EQ(Loaded(store), 24);
}

TEST(CheckpointStore, KeepsAsManyAsItIsTold) {
  const TestFolder folder;
  CheckpointStore store(folder.path(), 3);
  for (const int64_t step : {8, 16, 96, 104}) ASSERT_TRUE(SaveStep(store, step).ok());
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-16", "step-96"));
  // The same step again, as of a run that is stopped where a checkpoint was due.
  ASSERT_TRUE(SaveStep(store, 104).ok());
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-16", "step-96"));
  CheckpointStore fewer(folder.path(), 2);
  EXPECT_EQ(Loaded(fewer), 104);
  ASSERT_TRUE(SaveStep(fewer, 112).ok());
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-104"));
}

// Of a run that is ended early after step 20 and goes on: what is kept is what would be without.
TEST(CheckpointStore, ACheckpointThatWasNotDueDoesNotStay) {
  const auto is_due = [](const Cursor& cursor) { return cursor.step % 8 == 0; };
  const TestFolder folder;
  CheckpointStore store(folder.path(), 3, is_due);
  for (const int64_t step : {8, 16, 20}) ASSERT_TRUE(SaveStep(store, step).ok());
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-16", "step-8"));
  CheckpointStore again(folder.path(), 3, is_due);
  EXPECT_EQ(Loaded(again), 20);
  ASSERT_TRUE(SaveStep(again, 24).ok());
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-16", "step-8"));
  EXPECT_EQ(Loaded(again), 24);
  // A crash left one beside the latest that came after it.
  CheckpointStore aside(folder / "aside", 3);
  ASSERT_TRUE(SaveStep(aside, 20).ok());
  ASSERT_TRUE(
      ReplaceFolder(folder / "aside/checkpoint", CheckpointAside(folder / "checkpoint")).ok());
  ASSERT_TRUE(RemoveAll(folder / "aside").ok());
  EXPECT_EQ(Loaded(again), 24);
  EXPECT_THAT(folder.Names(), ElementsAre("checkpoint", "checkpoints"));
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-16", "step-8"));
}

TEST(CheckpointStore, FallsBackPastWhatIsDamaged) {
  const TestFolder folder;
  CheckpointStore store(folder.path(), 3);
  for (const int64_t step : {8, 16, 24}) ASSERT_TRUE(SaveStep(store, step).ok());
  Damage(folder / "checkpoint/weights.safetensors");
  std::string said;
  CheckpointStore again(folder.path(), 3);
  EXPECT_EQ(Loaded(again, &said), 16);
  EXPECT_THAT(said, AllOf(HasSubstr("checkpoint/weights.safetensors"),
                          HasSubstr("tensor \"encoder.mean\" is damaged"), HasSubstr("step-16")));
  // The damaged one is not kept as an older one.
  ASSERT_TRUE(SaveStep(again, 24).ok());
  ASSERT_TRUE(SaveStep(again, 32).ok());
  EXPECT_THAT(ListFolder(folder / "checkpoints").value(), ElementsAre("step-16", "step-24"));
  EXPECT_EQ(Loaded(again), 32);

  Damage(folder / "checkpoint/optimizer.safetensors");
  Damage(folder / "checkpoints/step-24/optimizer.safetensors");
  EXPECT_EQ(Loaded(again), 16);
  ASSERT_TRUE(RemoveAll(folder / "checkpoints/step-16/weights.safetensors").ok());
  SmallModel model(0);
  const absl::Status status =
      again.Load(model.state(), Anything, [](const std::string&) {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("checkpoint/optimizer.safetensors"));
}

// What does not agree is no damage.
TEST(CheckpointStore, DoesNotFallBackFromWhatIsRefused) {
  const TestFolder folder;
  CheckpointStore store(folder.path(), 2);
  for (const int64_t step : {8, 16}) ASSERT_TRUE(SaveStep(store, step).ok());
  SmallModel model(0);
  const auto refuse = [](const CheckpointFacts& facts) {
    return facts.cursor.step == 16 ? absl::InvalidArgumentError("no") : absl::OkStatus();
  };
  EXPECT_EQ(store.Load(model.state(), refuse, [](const std::string&) {}).status().message(), "no");
}

TEST(CheckpointStore, KeepsTheBest) {
  const TestFolder folder;
  CheckpointStore store(folder.path(), 1);
  const auto offer = [&](const std::string& name, double value, float fill, bool higher) {
    SmallModel model(fill);
    const CheckpointFacts facts{.best = name, .best_value = value};
    ASSERT_TRUE(store.SaveIfBest(facts, model.state(), higher).ok());
  };
  const auto kept = [&] {
    SmallModel model(0);
    EXPECT_TRUE(model.Load(folder / "checkpoints/best").ok());
    return model.weight->value.data()[0];
  };
  offer("probe", 80, 1, true);
  offer("probe", 79, 2, true);
  offer("probe", 80, 3, true);
  EXPECT_EQ(kept(), 1);
  offer("probe", 81, 4, true);
  EXPECT_EQ(kept(), 4);
  // Another figure is not compared with it.
  offer("test_mse", 0.5, 5, false);
  EXPECT_EQ(kept(), 5);
  offer("test_mse", 0.6, 6, false);
  EXPECT_EQ(kept(), 5);
  offer("test_mse", 0.4, 7, false);
  EXPECT_EQ(kept(), 7);
  Damage(folder / "checkpoints/best/optimizer.safetensors");
  offer("test_mse", 0.6, 8, false);
  EXPECT_EQ(kept(), 8);
}

// Whatever call of a save is the last one, what was there can be gone on from.
TEST(CheckpointStore, AKillAtAnyCallLeavesACheckpoint) {
  for (const bool exchange : {true, false}) {
    for (int last = 0;; ++last) {
      const TestFolder folder;
      CheckpointStore store(folder.path(), 2);
      for (const int64_t step : {8, 16}) ASSERT_TRUE(SaveStep(store, step).ok());
      int calls = 0;
      bool whole = true;
      {
        const FileWatch watch([&](const FileCall& call) {
          if (!exchange && call.kind == Kind::kExchange) return EINVAL;
          whole &= calls < last;
          return calls++ < last ? 0 : EIO;
        });
        SaveStep(store, 24).IgnoreError();
      }
      CheckpointStore again(folder.path(), 2);
      const int64_t step = Loaded(again);
      EXPECT_TRUE(step == 16 || step == 24) << step << " after " << last << " calls";
      EXPECT_THAT(
          ListFolder(folder / "checkpoints").value(),
          AnyOf(ElementsAre(step == 16 ? "step-8" : "step-16"), ElementsAre("step-16", "step-8")))
          << last << " calls";
      ASSERT_TRUE(SaveStep(again, 32).ok());
      EXPECT_THAT(folder.Names(), ElementsAre("checkpoint", "checkpoints"));
      EXPECT_THAT(ListFolder(folder / "checkpoints").value(),
                  ElementsAre("step-" + std::to_string(step)));
      if (whole) {
        EXPECT_EQ(step, 24);
        break;
      }
      ASSERT_LT(last, 100);
    }
  }
}

}  // namespace
}  // namespace pretext
