#include "heads/identity/identity.h"

#include <gtest/gtest.h>

#include "heads/identity/identity.pb.h"

namespace pretext {
namespace {

TEST(IdentityHead, PassesOnWhatItIsGiven) {
  for (const FlowType& type :
       {FlowType::Vector(4), FlowType::Image(3, 2, 2), FlowType::Sequence(5, 4)}) {
    auto head = IdentityHeadPlugin::Create(IdentityHead(), {.input = type});
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ((*head)->output(), type);
    EXPECT_EQ((*head)->parameters().count(), 0);
    Tape tape;
    const Var h = tape.Leaf(Tensor::Zeros(type.Batch(2)));
    const Var z = (*head)->Forward(tape, h, Batch(), {}).value;
    EXPECT_EQ(z.value().data(), h.value().data());
    tape.Backward(z, Tensor::Full(type.Batch(2), 3));
    EXPECT_EQ(tape.LeafGradient(h).data()[1], 3);
  }
}

}  // namespace
}  // namespace pretext
