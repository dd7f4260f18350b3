// Both files of a checkpoint, each in its turn damaged beside the other one.
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "core/autograd/gradient_check.h"
#include "gtest/gtest.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {
namespace {

constexpr const char* kFiles[] = {"/weights.safetensors", "/optimizer.safetensors"};

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
  explicit Model(float fill) {
    weight = set.Add("weight", Role::kWeight, {2, 3}, Initializer::Constant(fill));
    mean = set.AddBuffer("mean", {2}, fill);
    set.Allocate("encoder", 1);
    optimizer.Attach({weight});
  }
  ParameterSet set;
  Parameter* weight;
  Buffer* mean;
  Momentum optimizer;
};

// Two checkpoints. Of each, one file is the one that is damaged.
struct Saved {
  std::string paths[2], files[2];

  Saved() {
    Model model(1);
    for (int i = 0; i < 2; ++i) {
      paths[i] = absl::StrCat(::testing::TempDir(), "/checkpoint", i);
      EXPECT_TRUE(
          SaveCheckpoint(paths[i], {.step = 5, .batches = 6}, {&model.set}, model.optimizer).ok());
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
    Model model(0);
    const auto cursor = LoadCheckpoint(path, {&model.set}, model.optimizer);
    if (cursor.ok()) {
      EXPECT_GE(cursor->step, 0);
      EXPECT_GE(cursor->batches, 0);
      right = true;
    } else {
      EXPECT_TRUE(absl::StrContains(cursor.status().message(), path)) << cursor.status();
      EXPECT_EQ(model.weight->value.data()[0], 0) << "nothing is changed";
      EXPECT_EQ(model.mean->value.data()[0], 0);
    }
  }
  return right;
}

std::vector<std::string> MadeFiles() { return {Whole().files[0], Whole().files[1]}; }

}  // namespace pretext::testing
