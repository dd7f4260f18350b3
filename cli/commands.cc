#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "cli/command.h"

namespace pretext {

// Abseil keeps a flag's last value only; this type gathers all of them as they are parsed.
struct OverrideList {};

namespace {

std::vector<std::string>& MutableOverrides() {
  static std::vector<std::string>* const overrides = new std::vector<std::string>;
  return *overrides;
}

}  // namespace

bool AbslParseFlag(absl::string_view text, OverrideList*, std::string*) {
  // Abseil also parses the default, which is empty.
  if (!text.empty()) MutableOverrides().emplace_back(text);
  return true;
}
std::string AbslUnparseFlag(const OverrideList&) { return ""; }

}  // namespace pretext

ABSL_FLAG(pretext::OverrideList, override, {},
          "text merged over the pipeline, such as 'train { epochs: 1 }'; may be repeated, later "
          "ones win");
ABSL_FLAG(std::string, out, "",
          "where the result is written; a device or a pipe is written into, what else is there is "
          "replaced once the result is whole");

namespace pretext {

const std::vector<std::string>& Overrides() { return MutableOverrides(); }

std::string OutFlag() { return absl::GetFlag(FLAGS_out); }

absl::StatusOr<std::string> OutPath(const char* what) {
  const std::string path = absl::GetFlag(FLAGS_out);
  if (path.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--out is missing: the file for ", what));
  }
  // Before the work, not after it. A pipe is not opened: whoever reads it would see it end.
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  if (*kind != PathKind::kOther) {
    if (absl::Status status = FileWriter::Create(path).status(); !status.ok()) return status;
  }
  return path;
}

std::FILE* SaidBeside(const std::string& out) { return IsStandardOutput(out) ? stderr : stdout; }

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"init",
       "DATA --out FILE.textproto",
       "looks at pictures or text, measures this machine and writes a pipeline with its reasons",
       {{"out", "FILE.textproto"}, {"method", "METHOD"}, {"hours", "H"}},
       InitCommand},
      {"train",
       "PIPELINE | --resume RUN",
       "trains a pipeline, or goes on with a run",
       {{"override", "TEXT"}, {"resume", "RUN"}},
       TrainCommand},
      {"validate",
       "PIPELINE",
       "checks a pipeline and prints what it comes to",
       {{"override", "TEXT"}},
       ValidateCommand},
      {"preview",
       "PIPELINE --out FILE.png",
       "draws a sheet of samples beside their augmented views",
       {{"out", "FILE.png"}, {"samples", "N"}, {"draws", "N"}, {"override", "TEXT"}},
       PreviewCommand},
      {"plugins",
       "[KIND | NAME]",
       "lists the plugins with their fields and defaults",
       {},
       PluginsCommand},
      {"tokenizer",
       "train CORPUS... --out FILE",
       "learns a WordPiece vocabulary from files or folders of text",
       {{"out", "FILE"},
        {"vocab_size", "N"},
        {"lower_case", ""},
        {"strip_accents", ""},
        {"split_cjk", ""},
        {"clean", ""},
        {"normalization", "FORM"},
        {"max_word_characters", "N"},
        {"min_count", "N"},
        {"alphabet_limit", "N"},
        {"max_bytes", "N"}},
       TokenizerCommand},
      {"tokenize",
       "PIPELINE --out FILE.npy",
       "writes the token ids of a pipeline's sequences, [N, L]",
       {{"out", "FILE.npy"}, {"split", "train|test"}, {"override", "TEXT"}},
       TokenizeCommand},
      {"fill-mask",
       "RUN TEXT",
       "shows what a masked language model puts in the place of each [MASK]",
       {{"top", "N"}, {"json", ""}},
       FillMaskCommand},
      {"embed",
       "RUN|ENCODER --input WHAT --out FILE",
       "writes a vector for each picture or text",
       {{"input", "WHAT"},
        {"out", "FILE"},
        {"layer", "h|tokens|z"},
        {"unit", "line|paragraph|file"},
        {"labels", "FILE"},
        {"format", "FORMAT"},
        {"text", "FILE"}},
       EmbedCommand},
      {"eval",
       "RUN|ENCODER --dataset TEXT | --features FILE --labels FILE --test FILE --test_labels FILE",
       "measures a trained encoder on another dataset, or vectors from files",
       {{"dataset", "TEXT|FILE"},
        {"override", "TEXT"},
        {"json", ""},
        {"features", "FILE.npy"},
        {"labels", "FILE.npy"},
        {"test", "FILE.npy"},
        {"test_labels", "FILE.npy"}},
       EvalCommand},
      {"new",
       "KIND NAME [--out DIR]",
       "writes a plugin's package to begin from: encoder, head, loss, augmentation, dataset or "
       "optimizer",
       {{"out", "DIR"}, {"pretext", "DIR"}},
       NewCommand},
      {"selfcheck",
       "[FOLDER]",
       "checks what this program computes on this machine, and files in the folder",
       {},
       SelfcheckCommand},
      {"version",
       "",
       "prints the version, what it was built for and with",
       {{"verbose", ""}},
       VersionCommand},
  };
  return *commands;
}

absl::Status CheckArguments(const char* command, const std::vector<std::string>& arguments,
                            size_t least, size_t most) {
  if (arguments.size() >= least && arguments.size() <= most) return absl::OkStatus();
  for (const Command& c : Commands()) {
    if (absl::string_view(c.name) != command) continue;
    return absl::InvalidArgumentError(absl::StrCat("usage: pretext ", c.name, " ", c.arguments,
                                                   " (", arguments.size(),
                                                   " arguments were given)"));
  }
  return absl::InternalError("a command that is not listed");
}

}  // namespace pretext
