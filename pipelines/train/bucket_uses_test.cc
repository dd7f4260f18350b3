#include "pipelines/train/bucket_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/ops/basic.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Four weights of linear layers, and a chain of them on a tape.
class BucketUsesTest : public testing::Test {
 protected:
  BucketUsesTest() {
    for (const char* name : {"a", "b", "c", "d"})
      weights_.push_back(parameters_.Add(name, Role::kWeight, {2, 2}, Initializer::Constant(0.5f)));
    parameters_.Allocate("test", 1);
  }

  Var Apply(Tape& tape, Var x, size_t w) {
    return Linear(tape, x, *weights_[w], nullptr, Activation::kIdentity);
  }

  ParameterSet parameters_;
  std::vector<Parameter*> weights_;
};

TEST_F(BucketUsesTest, AParameterIsGoneByWithItsFirstUse) {
  std::vector<size_t> gone;
  Tape tape;
  BucketUses uses({{weights_[3]}, {weights_[1], weights_[2]}, {weights_[0]}},
                  [&](size_t b) { gone.push_back(b); });
  tape.set_listener(&uses);
  for (int pass = 0; pass < 2; ++pass) {
    tape.Reset();
    uses.Begin();
    gone.clear();
    parameters_.ZeroGradients();
    // b and d are used twice: what is written last of d's gradient is of the first use.
    Var x = tape.Constant(Tensor::Full({3, 2}, 1));
    for (const size_t w : {3, 0, 1, 2, 1, 3}) {
      x = tape.Record("look", x.value(), {x}, [&tape, &gone, x](const Tensor& dy) {
        gone.push_back(99);  // between two layers
        tape.AddGradient(x, dy);
      });
      x = Apply(tape, x, w);
    }
    EXPECT_THAT(gone, IsEmpty());
    tape.Backward(x, Tensor::Full(x.shape(), 1));
    EXPECT_THAT(gone, ElementsAre(99, 99, 99, 1, 99, 2, 99, 0));
  }
}

TEST_F(BucketUsesTest, WhatIsNotUsedIsNotGoneBy) {
  std::vector<size_t> gone;
  Tape tape;
  BucketUses uses({{weights_[1], weights_[2]}, {weights_[0]}},
                  [&](size_t b) { gone.push_back(b); });
  tape.set_listener(&uses);
  // d is in no bucket.
  Var y = tape.Constant(Tensor::Full({3, 2}, 1));
  for (const size_t w : {0, 3, 1}) y = Apply(tape, y, w);
  tape.Backward(y, Tensor::Full(y.shape(), 1));
  EXPECT_THAT(gone, ElementsAre(1));
}

}  // namespace
}  // namespace pretext
