// A report in a browser: Debian's Chromium without a window. It must have nothing to complain of,
// its maps answer to keys, and no width of a phone makes the page scroll sideways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <regex>

#include "tests/program.h"

namespace pretext {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kChromium[] = "/usr/bin/chromium";

// What a shell's command prints, both ways.
std::string Output(const std::string& command) {
  std::string output;
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> part;
  for (size_t n; (n = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    output.append(part.data(), n);
  pclose(pipe);
  return output;
}

class Chromium : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kChromium, X_OK) != 0) GTEST_SKIP() << kChromium << " is not installed";
    WriteScratchFile("seen.textproto", SmallAutoencoder("seen"));
    if (!FileContents("runs/seen/report.html").empty()) return;
    const ProgramResult result =
        RunProgram({"train", "seen.textproto", "--override",
                    "train { epochs: 3 log_every: 1 } evaluate { every_epochs: 1 }"});
    ASSERT_EQ(result.exit_code, 0) << result.output;
  }
  // The page after its scripts, and above it what the browser said.
  std::string Dump(const std::string& page, const std::string& size) {
    const std::string home = ScratchFolder() + "/browser";
    return Output("HOME=" + home + " " + kChromium +
                  " --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage "
                  "--enable-logging=stderr --user-data-dir=" +
                  home + "/data --window-size=" + size +
                  " --virtual-time-budget=4000 --dump-dom file://" + ScratchFolder() + "/" + page);
  }
};

TEST_F(Chromium, NothingToComplainOfAndMapsAnswerToKeys) {
  std::string page = FileContents("runs/seen/report.html");
  // Goes from sample to sample with the arrow keys, shows one class alone, and says what happened.
  const std::string script = R"js(<script>
    addEventListener("load", () => {
      const figure = document.querySelector("figure.map"), field = figure.querySelector("svg.field");
      const words = figure.querySelector(".words"), said = [];
      for (const key of ["Home", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"]) {
        field.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
        said.push(words.textContent);
      }
      figure.querySelector(".legend button").click();
      const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const small = [...document.querySelectorAll("button, summary")].filter(
          e => e.offsetParent && e.getBoundingClientRect().height < 24).length;
      const unnamed = [...document.querySelectorAll("img:not([hidden]):not([alt]), svg[role]:not([aria-label])")].length;
  document.title = "SAID " + said.join("|") + " OFF " + figure.querySelectorAll(".off").length +
                   " WIDE " + wide + " SMALL " + small + " UNNAMED " + unnamed + " END";
});
  </script></body>)js";
  page.replace(page.rfind("</body>"), 7, script);
  WriteScratchFile("acted.html", page);
  for (const char* size : {"390,844", "1280,900"}) {
    const std::string output = Dump("acted.html", size);
    EXPECT_THAT(output, Not(HasSubstr("CONSOLE"))) << output.substr(0, 2000);
    // The title alone: std::regex goes as deep as its text is long.
    const size_t title = output.find("<title>SAID ");
    ASSERT_NE(title, std::string::npos) << output.substr(0, 3000);
    const std::string said = output.substr(title, output.find("</title>", title) - title);
    std::smatch result;
    ASSERT_TRUE(std::regex_search(
        said, result,
        std::regex(
            "SAID (sample \\d+[^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*) OFF (\\d+) WIDE "
            "(-?\\d+) SMALL (\\d+) UNNAMED (\\d+) END")))
        << said;
    EXPECT_NE(result[1], result[2]) << "the arrow to the right goes on";
    EXPECT_GT(std::stoi(result[6]), 0) << "other classes are dimmed";
    EXPECT_LE(std::stoi(result[7]), 0) << "the page is wider than a window of " << size;
    EXPECT_EQ(result[8], "0") << "too small for a finger";
    EXPECT_EQ(result[9], "0") << "without a name for who does not see it";
  }
}

TEST_F(Chromium, AComparisonHasNothingToComplainOf) {
  ASSERT_EQ(RunProgram({"report", "runs/seen", "runs/seen", "--out", "two.html"}).exit_code, 0);
  const std::string output = Dump("two.html", "390,844");
  EXPECT_THAT(output, Not(HasSubstr("CONSOLE")));
  EXPECT_THAT(output, HasSubstr("What differs"));
}

}  // namespace
}  // namespace pretext
