#include "pipelines/train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

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

std::string Fresh(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  std::filesystem::remove_all(path + ".new");
  return path;
}

TEST(Checkpoint, RestoresEverythingAndReplacesTheOldOne) {
  const std::string path = Fresh("checkpoint");
  ASSERT_TRUE(Model(1).Save(path, {.step = 5, .batches = 6}).ok());
  ASSERT_TRUE(Model(2).Save(path, {.step = 7, .batches = 8}).ok());
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
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
  const std::string path = Fresh("crash");
  ASSERT_TRUE(Model(1).Save(path, {.step = 5}).ok());
  std::filesystem::create_directories(path + ".new");
  std::ofstream(path + ".new/weights.safetensors") << "half";
  Model model(0);
  ASSERT_TRUE(LoadCheckpoint(path, {&model.set}, model.optimizer).ok());
  EXPECT_TRUE(Model(3).Save(path, {.step = 6}).ok());
}

TEST(Checkpoint, WhatDoesNotFitChangesNothing) {
  const std::string path = Fresh("fit");
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
  const std::string path = Fresh("damaged");
  ASSERT_TRUE(Model(1).Save(path, {}).ok());
  std::filesystem::resize_file(path + "/weights.safetensors", 40);
  Model model(0);
  EXPECT_THAT(std::string(LoadCheckpoint(path, {&model.set}, model.optimizer).status().message()),
              HasSubstr("not a whole safetensors file"));
}

TEST(LoadWeights, TakesAPartOfTheFile) {
  const std::string path = Fresh("part");
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
