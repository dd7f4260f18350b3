// libpretext.so under Python, where python3 and numpy are at hand: the program's numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/program.h"

namespace pretext {
namespace {

constexpr char kCheck[] = R"(
import sys
sys.path.insert(0, sys.argv[1])
import numpy
import embed
encoder = embed.Encoder(sys.argv[2], "runs/small")
facts = encoder.facts
assert (facts.kind, facts.width, facts.sample_size) == (embed.PICTURES, 4, 64), facts
images = numpy.frombuffer(open("test-images", "rb").read()[16:], numpy.uint8)
images = images.reshape(-1, 1, 8, 8).astype(numpy.float32) / numpy.float32(255)
wanted = numpy.load("v.npy")
assert numpy.array_equal(encoder.values(images), wanted)
by_file = encoder.strings(["sheet.png", "sheet.png"])
assert by_file.shape == (2, 4) and numpy.array_equal(by_file[0], by_file[1])
for wrong in (lambda: encoder.strings(["absent.png"]), lambda: embed.Encoder(sys.argv[2], "no")):
  try:
    wrong()
  except RuntimeError as error:
    assert "absent.png" in str(error) or "no: is neither" in str(error), error
  else:
    raise AssertionError("an error was expected")
encoder.close()
print("all is well")
)";

TEST(CLibrary, GivesPythonTheSameNumbers) {
  if (std::system("python3 -c 'import numpy' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3 with numpy is not at hand";
  }
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  WriteScratchFile("check.py", kCheck);
  ASSERT_EQ(RunProgram({"train", "small.textproto"}).exit_code, 0);
  ASSERT_EQ(
      RunProgram({"embed", "runs/small", "--input", "test-images", "--out", "v.npy"}).exit_code, 0);
  ASSERT_EQ(RunProgram({"preview", "small.textproto", "--out", "sheet.png"}).exit_code, 0);
  const std::string root = std::string(std::getenv("TEST_SRCDIR")) + "/pretext";
  const std::string command = "cd " + ScratchFolder() + " && python3 check.py " + root +
                              "/examples/embedder " + root + "/libpretext.so >check.txt 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << FileContents("check.txt");
  EXPECT_EQ(FileContents("check.txt"), "all is well\n");
}

}  // namespace
}  // namespace pretext
