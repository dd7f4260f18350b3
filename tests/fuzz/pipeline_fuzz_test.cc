// Feeds the loader and the assembly with mutated pipelines: none may crash, hang, allocate what it
// declares, or pass with what protobuf's own parser refuses. Linked once with all plugins and once
// with the fake ones. PRETEXT_FUZZ_RUNS: how many.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/random/random.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"
#include "tests/fuzz/mutator.h"

namespace pretext::testing {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Descriptor;

int Runs() {
  const char* runs = std::getenv("PRETEXT_FUZZ_RUNS");
  int number = 0;
  return runs != nullptr && absl::SimpleAtoi(runs, &number) ? number : 24000;
}

std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

constexpr char kInstalledData[] = "/usr/share/datasets/fashion-mnist/";

// `text` with the installed images replaced by the few of WriteData, in the base directory.
std::string WithDataHere(const std::string& text) {
  return absl::StrReplaceAll(text, {{kInstalledData, ""}});
}

// Where the paths of the texts start: a folder with 20 images and labels in the place of the
// installed ones.
std::string WriteData() {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/data");
  fs::create_directories(folder);
  for (const char* part : {"train", "t10k"}) {
    std::string images("\0\0\x08\x03\0\0\0\x14\0\0\0\x1c\0\0\0\x1c", 16);
    std::string labels("\0\0\x08\x01\0\0\0\x14", 8);
    images.append(20 * 28 * 28, '\x7f');
    labels.append(20, '\0');
    std::ofstream(absl::StrCat(folder, "/", part, "-images-idx3-ubyte.gz")) << images;
    std::ofstream(absl::StrCat(folder, "/", part, "-labels-idx1-ubyte.gz")) << labels;
  }
  return folder;
}

// Every *.textproto in a folder of the runfiles, in the order of their names.
std::vector<std::string> ReadTexts(const std::string& folder) {
  std::set<fs::path> paths;
  std::error_code none_there;
  for (const auto& entry : fs::directory_iterator(folder, none_there)) {
    if (entry.path().extension() == ".textproto") paths.insert(entry.path());
  }
  std::vector<std::string> texts;
  for (const fs::path& path : paths) {
    texts.push_back(WithDataHere(ReadText(path)));
  }
  return texts;
}

// `text` with each plugin once, its defaults written out, in the place of the part that was there.
// What is not linked is filled with the first plugin of its kind.
std::vector<std::string> PipelinesOfEachPlugin(const std::string& text) {
  std::vector<std::string> texts;
  for (const absl::string_view kind : PluginKinds()) {
    for (const Plugin* plugin : PluginsOfKind(kind)) {
      Pipeline pipeline = *LoadPipelineText("p", text).config;
      const auto set = [&](absl::string_view other, google::protobuf::Any* part) {
        const auto known = PluginsOfKind(other);
        if (other == kind) {
          part->PackFrom(*plugin->default_config);
        } else if (part->type_url().empty() && !known.empty()) {
          part->PackFrom(*known.front()->default_config);
        }
      };
      set("dataset", pipeline.mutable_dataset());
      pipeline.mutable_views()->clear_augmentation();
      set("augmentation", pipeline.mutable_views()->add_augmentation());
      set("encoder", pipeline.mutable_encoder());
      set("head", pipeline.mutable_head());
      set("loss", pipeline.mutable_loss());
      set("optimizer", pipeline.mutable_optimizer());
      texts.push_back(ResolvedText(pipeline, "0"));
    }
  }
  return texts;
}

// The names of the fields and enum values of a message and those inside it.
void AddWords(const Descriptor& message, std::set<std::string>* words) {
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    if (!words->insert(field.name()).second) continue;
    if (field.message_type() != nullptr) AddWords(*field.message_type(), words);
    for (int v = 0; field.enum_type() != nullptr && v < field.enum_type()->value_count(); ++v) {
      words->insert(field.enum_type()->value(v)->name());
    }
  }
}

std::vector<std::string> Words() {
  std::set<std::string> words = {"{", "}", "[", "]", ":", ",", ";", "<", ">", "#", "-", "\n"};
  AddWords(*Pipeline::descriptor(), &words);
  for (const absl::string_view kind : PluginKinds()) {
    for (const Plugin* plugin : PluginsOfKind(kind)) {
      words.insert(absl::StrCat(TypeInBrackets(plugin->name), " {"));
      words.insert(absl::StrCat(kind, " { ", TypeInBrackets(plugin->name), " {} }"));
      AddWords(*plugin->default_config->GetDescriptor(), &words);
    }
  }
  return {words.begin(), words.end()};
}

class Silent : public google::protobuf::io::ErrorCollector {
  void AddError(int, int, const std::string&) override {}
};

// What protobuf's parser makes of the text. Protobuf 3.21 knows no separator after a message of a
// type in brackets, which the format's specification has: a text with such is read without them.
bool ParseWithProtobuf(const std::string& text, Pipeline* pipeline) {
  google::protobuf::TextFormat::Parser parser;
  Silent silent;
  parser.RecordErrorsTo(&silent);
  parser.AllowPartialMessage(true);
  if (parser.ParseFromString(text, pipeline)) return true;
  for (const char* separator : {"([}>]\\s*);", "([}>]\\s*)[;,]"}) {  // A comma may be a list's.
    const std::string without = std::regex_replace(text, std::regex(separator), "$1");
    if (parser.ParseFromString(without, pipeline)) return true;
  }
  return false;
}

// Each line is "SOURCE:LINE:COLUMN: MESSAGE", with a place in the text.
void ExpectPlacedFaults(absl::string_view message) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 3));
    int row = 0, column = 0;
    ASSERT_EQ(parts.size(), 4) << line;
    EXPECT_TRUE(parts[0] == "p" || parts[0] == "--override #1") << line;
    EXPECT_TRUE(absl::SimpleAtoi(parts[1], &row) && row >= 1) << line;
    EXPECT_TRUE(absl::SimpleAtoi(parts[2], &column) && column >= 1) << line;
    EXPECT_GT(parts[3].size(), 5) << line;
  }
}

struct Counts {
  int loaded = 0;     // without a fault in the text
  int assembled = 0;  // without any
};

void LoadAndAssemble(const std::string& text, const std::vector<std::string>& overrides,
                     Counts* counts) {
  static const std::string folder = WriteData();
  LoadedPipeline loaded = LoadPipelineText("p", text, overrides);
  ASSERT_EQ(loaded.map.ok(), loaded.map.status().ok());
  if (loaded.map.ok()) {
    ++counts->loaded;
    Pipeline expected;
    if (overrides.empty()) {
      ASSERT_TRUE(ParseWithProtobuf(text, &expected)) << "protobuf refuses what the loader took";
      ASSERT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*loaded.config, expected));
    }
  }
  const absl::StatusOr<Assembled> parts = Assemble(std::move(loaded), {.base_directory = folder});
  if (!parts.ok()) {
    ExpectPlacedFaults(parts.status().message());
    return;
  }
  ++counts->assembled;
  const std::string resolved = ResolvedText(*parts->config, "0");
  LoadedPipeline again = LoadPipelineText("p", resolved);
  ASSERT_TRUE(again.map.ok()) << again.map.status() << "\n" << resolved;
  ASSERT_EQ(ResolvedText(*again.config, "0"), resolved);
}

int64_t PeakBytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * int64_t{1024};
}

TEST(PipelineFuzzTest, NoTextCrashesTheLoader) {
  std::vector<std::string> texts = ReadTexts("pipelines");
  for (const std::string& text : ReadTexts("tests/fuzz/corpus")) texts.push_back(text);
  for (const std::string& text :
       PipelinesOfEachPlugin(WithDataHere(ReadText("tests/fuzz/corpus/autoencoder.textproto"))))
    texts.push_back(text);
  const Mutator mutator(Words(), texts);
  std::vector<std::string>
      whole;  // those without a fault in the text, which are changed more often
  for (const std::string& text : texts) {
    Counts counts;
    LoadAndAssemble(text, {}, &counts);
    if (counts.loaded > 0) whole.push_back(text);
  }
  ASSERT_FALSE(whole.empty());
  Counts mutated;

  const int64_t before = PeakBytes();
  const int runs = Runs();
  for (int i = 0; i < runs; ++i) {
    Random random({.seed = 1, .sample = static_cast<uint64_t>(i)});
    const std::vector<std::string>& from = random.Below(4) == 0 ? texts : whole;
    const std::string& seed = from[random.Below(static_cast<uint32_t>(from.size()))];
    const bool as_override = random.Below(8) == 0;
    const std::string text = mutator.Mutate(seed, random);
    if (as_override) {
      LoadAndAssemble(seed, {text}, &mutated);
    } else {
      LoadAndAssemble(text, {}, &mutated);
    }
    if (HasFatalFailure() || HasNonfatalFailure())
      FAIL() << "run " << i << ":\n" << absl::CHexEscape(text);
  }
  // What is asked for in the texts is petabytes; the bound leaves room
  // for a sanitizer's quarantine.
  EXPECT_LT(PeakBytes() - before, int64_t{1} << 30);
  // The mutations are no noise: many texts stay right, many get as far as the parts.
  EXPECT_GT(mutated.loaded, runs / 20);
  RecordProperty("loaded", mutated.loaded);
  RecordProperty("assembled", mutated.assembled);
  std::printf("%d texts, %d mutated: %d loaded, %d assembled\n", static_cast<int>(texts.size()),
              runs, mutated.loaded, mutated.assembled);
}

TEST(MutatorTest, IsDeterministicAndChangesTexts) {
  const Mutator mutator({"a", "b"}, {"x { y: 1 }"});
  int changed = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    Random one({.sample = i}), two({.sample = i});
    const std::string text = mutator.Mutate("x { y: \"s\" z: 1 }", one);
    EXPECT_EQ(text, mutator.Mutate("x { y: \"s\" z: 1 }", two));
    changed += text != "x { y: \"s\" z: 1 }";
  }
  EXPECT_GT(changed, 80);
  EXPECT_EQ(Tokens("x { y: \"s\\\"t\" -1.5 }"),
            (std::vector<std::string>{"x", " ", "{", " ", "y", ":", " ", "\"s\\\"t\"", " ", "-",
                                      "1.5", " ", "}"}));
  Random random({});
  EXPECT_FALSE(mutator.Mutate("", random).empty());
}

}  // namespace
}  // namespace pretext::testing
