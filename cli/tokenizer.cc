#include "core/plugin/tokenizer.h"

#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "core/plugin/registry.h"
#include "datasets/text/corpus.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "pipelines/run/run_directory.h"

ABSL_FLAG(int64_t, vocab_size, 8192, "tokenizer train: how many pieces the vocabulary gets.");
ABSL_FLAG(bool, lower_case, true, "tokenizer train: lower-case the text, and remove accents.");

namespace pretext {
namespace {

// A WordPiece tokenizer that is still to learn. By name: which plugins there
// are is the binary's matter.
absl::StatusOr<std::unique_ptr<Tokenizer>> NewWordPiece() {
  const std::string name = "pretext.WordPiece";
  const auto* const entry = Registry<Tokenizer>::Find(name);
  if (entry == nullptr) return CheckPluginName("tokenizer", name);
  const std::unique_ptr<google::protobuf::Message> config(entry->default_config->New());
  const std::string text = absl::StrCat("learn { size: ", absl::GetFlag(FLAGS_vocab_size),
                                        " } lower_case: ", absl::GetFlag(FLAGS_lower_case));
  if (!google::protobuf::TextFormat::ParseFromString(text, config.get())) {
    return absl::InternalError(absl::StrCat(name, " has not the fields of: ", text));
  }
  return entry->create(*config, BuildContext());
}

absl::Status TrainTokenizerOn(const std::vector<std::string>& corpus) {
  const absl::StatusOr<std::string> out = OutPath("the vocabulary");
  if (!out.ok()) return out.status();
  const auto files = ListCorpus(corpus);
  if (!files.ok()) return files.status();
  const auto tokenizer = NewWordPiece();
  if (!tokenizer.ok()) return tokenizer.status();
  const absl::Time start = absl::Now();
  const auto counts = TrainTokenizer(*files, DocumentOptions(), 0, **tokenizer);
  if (!counts.ok()) return counts.status();
  const absl::Status written = WriteFileAtomically(*out, (*tokenizer)->Serialize());
  if (!written.ok()) return written;
  std::printf("%s pieces from %s documents, %.1f MB, in %.1f s: %s\n",
              Counted((*tokenizer)->vocabulary_size()).c_str(), Counted(counts->documents).c_str(),
              static_cast<double>(counts->bytes) * 1e-6, absl::ToDoubleSeconds(absl::Now() - start),
              out->c_str());
  if (counts->replaced > 0) {
    std::printf("%s ill-formed UTF-8 sequences were replaced\n", Counted(counts->replaced).c_str());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TokenizerCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("tokenizer", arguments, 2, SIZE_MAX); !status.ok())
    return status;
  if (arguments[0] != "train") {
    return absl::InvalidArgumentError(absl::StrCat("pretext tokenizer ", arguments[0],
                                                   ": there is only pretext tokenizer train"));
  }
  return TrainTokenizerOn(std::vector<std::string>(arguments.begin() + 1, arguments.end()));
}

}  // namespace pretext
