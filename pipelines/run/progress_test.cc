#include "pipelines/run/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace pretext {
namespace {

ProgressState Halfway() {
  return {.step = 50,
          .total_steps = 100,
          .epoch = 2,
          .total_epochs = 3,
          .loss = 0.0123456,
          .items_per_second = 25310.7};
}

TEST(Progress, FormatsDurations) {
  EXPECT_EQ(ClockText(absl::Seconds(42)), "0:42");
  EXPECT_EQ(ClockText(absl::Seconds(3723)), "1:02:03");
}

TEST(Progress, TheBarFillsWithTheSteps) {
  EXPECT_EQ(ProgressLine(Halfway(), absl::Seconds(42), 80, true),
            "epoch 2/3 [==========>         ]  50 % loss 0.012346 25,310 samples/s 0:42 left");
}

TEST(Progress, ANarrowTerminalCutsTheLine) {
  EXPECT_EQ(ProgressLine(Halfway(), absl::Seconds(42), 20, true), "epoch 2/3  50 % los");
}

// Elsewhere than on a terminal: whole lines, no control characters.
TEST(Progress, AFileGetsPlainLines) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    Progress progress(out, /*terminal=*/false, 80);
    progress.Show(Halfway());
    progress.Show(Halfway());  // too soon after the first
    progress.Say("note");
  }
  std::fclose(out);
  EXPECT_EQ(std::string(text, size), "epoch 2/3  50 % loss 0.012346 25,310 samples/s\nnote\n");
  std::free(text);
}

TEST(Progress, SaysWhatIsLeftOnceItIsKnown) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    Progress progress(out, /*terminal=*/false, 80);
    ProgressState state = Halfway();
    progress.Show(state, /*force=*/true);
    absl::SleepFor(absl::Milliseconds(40));
    state.step = 51;
    state.total_steps = 100'000;
    progress.Show(state, /*force=*/true);
    state.step = state.total_steps;
    progress.Show(state, /*force=*/true);
  }
  std::fclose(out);
  const std::string said(text, size);
  std::free(text);
  const size_t second = said.find('\n') + 1, third = said.find('\n', second) + 1;
  EXPECT_EQ(said.substr(0, second).find("left"), std::string::npos) << said;
  EXPECT_NE(said.substr(second, third - second).find(" left\n"), std::string::npos) << said;
  EXPECT_EQ(said.substr(second, third - second).find(" 0:00 left"), std::string::npos) << said;
  EXPECT_NE(said.find(" 0:00 left\n", third), std::string::npos) << said;
}

TEST(Progress, TellsOfWorkWithoutSteps) {
  for (const bool terminal : {false, true}) {
    char* text = nullptr;
    size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    {
      Progress progress(out, terminal, 20);
      progress.ShowWork("evaluation: k-NN", 0.4);
      progress.ShowWork("evaluation: k-NN", 0.5);  // too soon after the first
      progress.Say("note");
    }
    std::fclose(out);
    EXPECT_EQ(std::string(text, size),
              terminal ? "evaluation: k-NN 40\r\x1b[Knote\n" : "evaluation: k-NN 40 %\nnote\n");
    std::free(text);
  }
}

}  // namespace
}  // namespace pretext
