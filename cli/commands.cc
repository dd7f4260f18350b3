#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
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

namespace pretext {

constexpr CommandFlag kOverride = {"override", "TEXT", /*repeated=*/true};

const std::vector<std::string>& Overrides() { return MutableOverrides(); }

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"init",
       "DATA --out FILE.textproto",
       "looks at pictures, text or arrays, measures this machine and writes a pipeline with its "
       "reasons",
       {{"out", "FILE.textproto"}, {"method", "METHOD"}, {"hours", "H"}},
       InitCommand,
       "init ~/pictures --out pictures.textproto"},
      {"train",
       "PIPELINE | --resume RUN",
       "trains a pipeline, or goes on with a run",
       {kOverride, {"resume", "RUN"}, {"processes", "K"}},
       TrainCommand,
       "train pipelines/fashion_mnist_simclr.textproto --override 'train { epochs: 2 }'",
       /*among_processes=*/true},
      {"repro",
       "NAME",
       "runs a shipped pipeline and says whether it comes to what it came to before",
       {{"pipelines", "DIR"}, kOverride},
       ReproCommand,
       "repro fashion_mnist_byol",
       /*among_processes=*/true},
      {"validate",
       "PIPELINE",
       "checks a pipeline and prints what it comes to",
       {kOverride},
       ValidateCommand,
       "validate pipelines/fashion_mnist_simclr.textproto"},
      {"preview",
       "PIPELINE --out FILE.png",
       "draws a sheet of samples beside their augmented views",
       {{"out", "FILE.png"}, {"samples", "N"}, {"draws", "N"}, kOverride},
       PreviewCommand,
       "preview pipelines/fashion_mnist_simclr.textproto --out views.png"},
      {"report",
       "RUN... [--out FILE.html]",
       "writes a run's report.html anew; of several runs one page that compares them",
       {{"out", "FILE.html"}},
       ReportCommand,
       "report runs/a runs/b --out both.html"},
      {"runs",
       "[DIR]",
       "a table of the runs in a folder with their figures",
       {{"sort", "FIGURE"}, {"json", ""}},
       RunsCommand,
       "runs runs --sort probe"},
      {"plugins",
       "[KIND | NAME]",
       "lists the plugins with their fields and defaults",
       {},
       PluginsCommand,
       "plugins NtXent"},
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
       TokenizerCommand,
       "tokenizer train corpus.txt --vocab_size 8192 --out vocab.txt"},
      {"tokenize",
       "PIPELINE --out FILE.npy",
       "writes the token ids of a pipeline's sequences, [N, L]",
       {{"out", "FILE.npy"}, {"split", "train|test"}, kOverride},
       TokenizeCommand,
       "tokenize pipelines/gcide_mlm_tiny.textproto --out tokens.npy"},
      {"fill-mask",
       "RUN TEXT",
       "shows what a masked language model puts in the place of each [MASK]",
       {{"top", "N"}, {"json", ""}},
       FillMaskCommand,
       "fill-mask runs/gcide_mlm_tiny \"a [MASK] of water\""},
      {"embed",
       "RUN|ENCODER --input WHAT --out FILE",
       "writes a vector for each picture or text",
       {{"input", "WHAT"},
        {"out", "FILE"},
        {"layer", "h|tokens|z"},
        {"unit", "line|paragraph|file"},
        {"labels", "FILE"},
        {"format", "FORMAT"},
        {"text", "FILE"},
        kOverride},
       EmbedCommand,
       "embed runs/mine --input pictures/ --out vectors.npy"},
      {"neighbours",
       "RUN|ENCODER --input WHAT --among FILE",
       "finds the nearest of embedded pictures or texts, by cosine",
       {{"input", "WHAT"},
        {"among", "FILE"},
        {"top", "N"},
        {"out", "FILE.png|FILE.txt"},
        {"unit", "line|paragraph|file"}},
       NeighboursCommand,
       "neighbours runs/mine --input one.jpg --among vectors.npy --out near.png"},
      {"eval",
       "RUN|ENCODER --dataset TEXT | --features FILE --labels FILE --test FILE --test_labels FILE",
       "measures a trained encoder on another dataset, or vectors from files",
       {{"dataset", "TEXT|FILE"},
        kOverride,
        {"json", ""},
        {"features", "FILE.npy"},
        {"labels", "FILE.npy"},
        {"test", "FILE.npy"},
        {"test_labels", "FILE.npy"}},
       EvalCommand,
       "eval runs/mine --dataset 'dataset { [type.googleapis.com/pretext.ImageFolder] { directory: "
       "\"birds\" held_out: 0.2 } }'"},
      {"export",
       "RUN|ENCODER --format FORMAT --out DIR",
       "writes the trained encoder as another program opens it, read back and compared first",
       {{"format", "FORMAT"}, {"out", "DIR"}, {"with_head", ""}},
       ExportCommand,
       "export runs/gcide_mlm_tiny --format huggingface --with_head --out bert"},
      {"new",
       "KIND NAME [--out DIR]",
       "writes a plugin's package to begin from: encoder, head, loss, augmentation, dataset or "
       "optimizer",
       {{"out", "DIR"}, {"pretext", "DIR"}},
       NewCommand,
       "new loss Spectral --out ~/my_plugins"},
      {"selfcheck",
       "[FOLDER]",
       "checks what this program computes on this machine, and files in the folder",
       {},
       SelfcheckCommand,
       "selfcheck"},
      {"version",
       "",
       "prints the version, what it was built for and with",
       {{"verbose", ""}},
       VersionCommand,
       "version --verbose"},
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
