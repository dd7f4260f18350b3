// The shipped program has every plugin that a BUILD file declares, under its kind, and no other. It
// passes its own check of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/program.h"

namespace pretext {
namespace {

// "encoder //encoders/mlp" of each line "encoder mlp //encoders/mlp" that
// tools/plugin_list.bzl wrote.
std::set<std::string> DeclaredPlugins() {
  const std::string path = "../pretext_plugins/names.txt";
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::set<std::string> plugins;
  std::string kind, name, package;
  while (file >> kind >> name >> package) plugins.insert(kind + " " + package);
  return plugins;
}

// The same from the headings of `pretext plugins KIND`:
// "Mlp  (encoder, [type.googleapis.com/pretext.Mlp], encoders/mlp)".
std::set<std::string> ListedPlugins(const std::set<std::string>& kinds) {
  const std::regex heading(R"(^\w+  \((\w+), \[[^\]]+\], (\S+)\)$)");
  std::set<std::string> plugins;
  for (const std::string& kind : kinds) {
    const ProgramResult result = RunProgram({"plugins", kind});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::istringstream lines(result.output);
    std::smatch match;
    for (std::string line; std::getline(lines, line);) {
      if (std::regex_match(line, match, heading)) {
        plugins.insert(match.str(1) + " //" + match.str(2));
      }
    }
  }
  return plugins;
}

TEST(ShippedPlugins, AreThoseThatAreDeclared) {
  const std::set<std::string> declared = DeclaredPlugins();
  EXPECT_THAT(declared, testing::Contains("encoder //encoders/mlp"));
  EXPECT_EQ(ListedPlugins(
                {"augmentation", "dataset", "encoder", "head", "loss", "optimizer", "tokenizer"}),
            declared);
}

// Each plugin's gradients beside differences, as a user asks for them; selfcheck_test has a few.
TEST(ShippedPlugins, PassTheSelfcheck) {
  const ProgramResult result = RunProgram({"selfcheck"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, testing::HasSubstr("encoders, heads and losses"));
}

}  // namespace
}  // namespace pretext
