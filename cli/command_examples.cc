#include "cli/command_examples.h"

namespace pretext {
namespace {

struct Example {
  absl::string_view command, line;
};

constexpr Example kExamples[] = {
    {"init", "pretext init ~/pictures --out pictures.textproto"},
    {"train",
     "pretext train pipelines/fashion_mnist_simclr.textproto --override 'train { epochs: 2 }'"},
    {"validate", "pretext validate pipelines/fashion_mnist_simclr.textproto"},
    {"preview", "pretext preview pipelines/fashion_mnist_simclr.textproto --out views.png"},
    {"plugins", "pretext plugins NtXent"},
    {"tokenizer", "pretext tokenizer train corpus.txt --vocab_size 8192 --out vocab.txt"},
    {"tokenize", "pretext tokenize pipelines/gcide_mlm_tiny.textproto --out tokens.npy"},
    {"fill-mask", "pretext fill-mask runs/gcide_mlm_tiny \"a [MASK] of water\""},
    {"embed", "pretext embed runs/pictures --input ~/pictures --out features.npy"},
    {"eval",
     "pretext eval runs/pictures --dataset 'dataset { [type.googleapis.com/pretext.ImageFolder] { "
     "directory: \"other\" } }'"},
    {"new", "pretext new loss MyLoss --out ~/my_plugins"},
    {"selfcheck", "pretext selfcheck"},
    {"version", "pretext version --verbose"},
};

}  // namespace

absl::string_view ExampleOf(absl::string_view command) {
  for (const Example& example : kExamples) {
    if (example.command == command) return example.line;
  }
  return "";
}

}  // namespace pretext
