#include "cli/command_line.h"

#include <algorithm>
#include <set>

#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/check/check.h"
#include "base/text/nearest.h"

namespace pretext {
namespace {

constexpr char kExitStatuses[] =
    "Exit status: 0 when all is done; 2 for a fault in what was given (a flag, an argument, the\n"
    "pipeline); 1 for what failed otherwise (a file, the disk, memory, the output); 128 + the\n"
    "signal when a signal ended it.\n";

struct FlagWord {
  std::string name;
  bool has_value = false;  // after '='
  std::string value;
};

// Whether a word is a flag: a dash or two, a letter, and letters, digits, '_' and '-' up to its end
// or a '='. A text that begins with a dash is none.
bool AsFlag(absl::string_view word, FlagWord* flag) {
  if (!absl::ConsumePrefix(&word, "-")) return false;
  absl::ConsumePrefix(&word, "-");
  const size_t end = word.find('=');
  const absl::string_view name = word.substr(0, end);
  if (name.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(name[0]))) return false;
  const bool letters = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-';
  });
  flag->name = std::string(name);
  std::replace(flag->name.begin(), flag->name.end(), '-', '_');  // either is typed
  flag->has_value = end != absl::string_view::npos;
  if (flag->has_value) flag->value = std::string(word.substr(end + 1));
  return letters;
}

const CommandFlag* FindFlag(const Command& command, absl::string_view name) {
  const auto at = std::find_if(command.flags.begin(), command.flags.end(),
                               [&](const CommandFlag& flag) { return name == flag.name; });
  return at == command.flags.end() ? nullptr : &*at;
}

absl::CommandLineFlag& Storage(const CommandFlag& flag) {
  absl::CommandLineFlag* const storage = absl::FindCommandLineFlag(flag.name);
  PRETEXT_CHECK(storage != nullptr, "a command's flag is defined by ABSL_FLAG");
  return *storage;
}

bool IsSwitch(const CommandFlag& flag) { return flag.value[0] == '\0'; }

std::vector<std::string> FlagNames(const Command& command) {
  std::vector<std::string> names;
  for (const CommandFlag& flag : command.flags) names.push_back(flag.name);
  names.push_back("help");
  return names;
}

absl::Status UnknownFlag(const Command& command, const std::string& name) {
  const std::vector<std::string> known = FlagNames(command);
  std::vector<std::string> takers;
  for (const Command& other : Commands()) {
    if (FindFlag(other, name) != nullptr) takers.push_back(other.name);
  }
  const std::string meant = DidYouMean(name, known, "--");
  const std::string why = takers.empty()
                              ? absl::StrCat("takes no flag --", name, meant.empty() ? "." : meant)
                              : absl::StrCat("does not take --", name, ", which is a flag of ",
                                             absl::StrJoin(takers, ", "), ".");
  return absl::InvalidArgumentError(absl::StrCat("pretext ", command.name, " ", why, " It takes --",
                                                 absl::StrJoin(known, ", --")));
}

// The flag that a word sets, with what a --noswitch means.
const CommandFlag* MeantFlag(const Command& command, FlagWord* word) {
  const CommandFlag* const flag = FindFlag(command, word->name);
  if (flag != nullptr || word->has_value || !absl::StartsWith(word->name, "no")) return flag;
  const CommandFlag* const negated = FindFlag(command, word->name.substr(2));
  if (negated == nullptr || !IsSwitch(*negated)) return nullptr;
  word->has_value = true;
  word->value = "false";
  return negated;
}

// What is missing where a flag's value would be words[at]: all, or a flag of the command is there.
absl::Status CheckValue(const Command& command, const CommandFlag& flag,
                        const std::vector<std::string>& words, size_t at) {
  FlagWord next;
  const bool missing = at == words.size();
  if (!missing && !(AsFlag(words[at], &next) && MeantFlag(command, &next) != nullptr))
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "pretext ", command.name, ": --", flag.name, " needs its value, ", flag.value,
      missing ? ""
              : absl::StrCat("; what follows is a flag, ", words[at],
                             " (as a value it is written --", flag.name, "=", words[at], ")")));
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const Command& command,
                                             const std::vector<std::string>& words) {
  CommandLine line;
  std::set<std::string> seen;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      line.arguments.insert(line.arguments.end(), words.begin() + static_cast<long>(i) + 1,
                            words.end());
      break;
    }
    FlagWord word;
    if (!AsFlag(words[i], &word)) {
      line.arguments.push_back(words[i]);
      continue;
    }
    if (word.name == "help" || word.name == "h") {
      line.help = true;
      continue;
    }
    const CommandFlag* const flag = MeantFlag(command, &word);
    if (flag == nullptr) return UnknownFlag(command, word.name);
    if (!word.has_value) {
      const bool is_switch = IsSwitch(*flag);
      if (!is_switch) {
        if (absl::Status s = CheckValue(command, *flag, words, i + 1); !s.ok()) return s;
      }
      word.value = is_switch ? "true" : words[++i];
    }
    if (!flag->repeated && !seen.insert(flag->name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("pretext ", command.name, ": --", flag->name, " is given twice"));
    }
    std::string ignored;
    if (!Storage(*flag).ParseFrom(word.value, &ignored)) {
      return absl::InvalidArgumentError(
          absl::StrCat("pretext ", command.name, ": --", flag->name, " takes ",
                       IsSwitch(*flag) ? "true or false" : flag->value, "; it is ", word.value));
    }
  }
  return line;
}

std::string ProgramHelp() {
  std::string text = "self-supervised pretraining from pipelines\n\n";
  for (const Command& command : Commands()) {
    absl::StrAppend(&text, "  pretext ", command.name, command.arguments[0] == '\0' ? "" : " ",
                    command.arguments, "\n      ", command.summary, "\n");
  }
  return absl::StrCat(text, "\n`pretext COMMAND --help` lists a command's flags.\n");
}

std::string CommandHelp(const Command& command) {
  std::string text = absl::StrCat(
      "usage: pretext ", command.name, command.arguments[0] == '\0' ? "" : " ", command.arguments,
      command.flags.empty() ? "" : " [FLAG…]", "\n", command.summary, "\n\n");
  for (const CommandFlag& flag : command.flags) {
    const absl::CommandLineFlag& storage = Storage(flag);
    const std::string initial = storage.DefaultValue();
    absl::StrAppend(&text, "  --", flag.name, IsSwitch(flag) ? "" : " ", flag.value, "\n      ",
                    storage.Help(),
                    initial.empty() ? "" : absl::StrCat(" (default: ", initial, ")"), "\n");
  }
  return absl::StrCat(text, "  --help\n      prints this\n\nFor example:\n  pretext ",
                      command.example, "\n\n", kExitStatuses);
}

}  // namespace pretext
