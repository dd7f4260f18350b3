#include "pipelines/selfcheck/selfcheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file/testing.h"
#include "core/ops/basic.h"
#include "core/plugin/plugin.h"
#include "losses/nt_xent/nt_xent.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

TEST(SelfCheck, PassesHere) {
  const TestFolder folder;
  for (const SelfCheck& check : SelfChecks(folder.path())) {
    const CheckResult result = check.run();
    EXPECT_TRUE(result.passed) << check.name << ": " << result.text;
    EXPECT_FALSE(result.text.empty());
    EXPECT_EQ(result.text.find('\n'), std::string::npos);
  }
  EXPECT_TRUE(folder.Names().empty()) << "nothing is left";
}

// A loss whose gradient is a twentieth too large.
class WrongLoss : public Loss {
 public:
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const NtXent&, const BuildContext&) {
    return std::make_unique<WrongLoss>();
  }
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override {
    const Var x = prediction.value;
    const Var right = Mean(tape, Square(tape, x));
    // The value of the first alone, the gradient of both.
    const Var more = Scale(tape, right, 0.05f);
    return {.loss = Add(tape, Add(tape, right, more), Scale(tape, Detach(tape, more), -1)),
            .weight = static_cast<double>(batch.samples)};
  }
};

TEST(SelfCheck, AWrongGradientIsFound) {
  static const auto wrong = Registry<Loss>::EntryOf<WrongLoss, NtXent>(__FILE__, __LINE__);
  const Plugin* right = internal::ReplacePlugin(wrong.name, &wrong);
  const CheckResult result = CheckPluginGradients();
  internal::ReplacePlugin(wrong.name, right);
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.text, HasSubstr("(NtXent)"));
}

TEST(SelfCheck, AFolderThatCannotBeWrittenIsSaid) {
  const CheckResult result = CheckFiles("/proc/no");
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.text, HasSubstr("/proc/no"));
}

}  // namespace
}  // namespace pretext
