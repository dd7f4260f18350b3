#include "core/plugin/tokenizer.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "cli/from_flags.h"
#include "cli/out_path.h"
#include "core/plugin/save_tokenizer.h"
#include "datasets/text/corpus.h"

ABSL_FLAG(int64_t, vocab_size, 8192, "how many pieces the vocabulary gets");
ABSL_FLAG(bool, lower_case, true, "lower-case the text");
ABSL_FLAG(std::optional<bool>, strip_accents, std::nullopt,
          "remove accents; where it is not said, as --lower_case");
ABSL_FLAG(bool, split_cjk, true, "make a word of every Chinese, Japanese or Korean ideograph");
ABSL_FLAG(bool, clean, true, "drop control characters and U+FFFD");
ABSL_FLAG(std::string, normalization, "NONE",
          "a Unicode normalization form, NONE, NFC, NFD, NFKC or NFKD");
ABSL_FLAG(int64_t, max_word_characters, 100, "a longer word is [UNK]");
ABSL_FLAG(int64_t, min_count, 2, "a pair of pieces is joined where it stands at least this often");
ABSL_FLAG(int64_t, alphabet_limit, 1000,
          "at most this many different characters, the most frequent ones");
ABSL_FLAG(int64_t, max_bytes, 1073741824, "learn from about this many first bytes of the text");

namespace pretext {
namespace {

// A WordPiece tokenizer that is still to learn.
absl::StatusOr<std::unique_ptr<Tokenizer>> NewWordPiece() {
  std::string text = absl::StrCat(
      "learn { size: ", absl::GetFlag(FLAGS_vocab_size),
      " min_count: ", absl::GetFlag(FLAGS_min_count),
      " alphabet_limit: ", absl::GetFlag(FLAGS_alphabet_limit),
      " max_bytes: ", absl::GetFlag(FLAGS_max_bytes),
      " } lower_case: ", absl::GetFlag(FLAGS_lower_case),
      " split_cjk: ", absl::GetFlag(FLAGS_split_cjk), " clean: ", absl::GetFlag(FLAGS_clean),
      " max_word_characters: ", absl::GetFlag(FLAGS_max_word_characters));
  if (const auto strip = absl::GetFlag(FLAGS_strip_accents)) {
    absl::StrAppend(&text, " strip_accents: ", *strip);
  }
  const std::string form = absl::AsciiStrToUpper(absl::GetFlag(FLAGS_normalization));
  const std::string forms[] = {"NONE", "NFC", "NFD", "NFKC", "NFKD"};
  if (std::find(std::begin(forms), std::end(forms), form) == std::end(forms)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--normalization is NONE, NFC, NFD, NFKC or NFKD; it is ", form));
  }
  absl::StrAppend(&text, " normalization: ", form);
  return CreateFromFlags<Tokenizer>("pretext.WordPiece", text,
                                    {{"learn.size", "vocab_size"},
                                     {"learn.min_count", "min_count"},
                                     {"learn.alphabet_limit", "alphabet_limit"},
                                     {"learn.max_bytes", "max_bytes"},
                                     {"max_word_characters", "max_word_characters"}});
}

absl::Status TrainTokenizerOn(const std::vector<std::string>& corpus) {
  const absl::StatusOr<std::string> out = OutPath(Result::kVocabulary, corpus);
  if (!out.ok()) return out.status();
  // What is wrong with the flags is said before the corpus is looked through.
  const auto tokenizer = NewWordPiece();
  if (!tokenizer.ok()) return tokenizer.status();
  const auto opened = OpenCorpus(corpus);
  if (!opened.ok()) return opened.status();
  if (absl::Status free = CheckOptionsAreFree(**tokenizer, *out); !free.ok()) return free;
  const absl::Time start = absl::Now();
  const auto counts = TrainTokenizer(opened->files(), DocumentOptions(), 0, **tokenizer);
  if (!counts.ok()) return counts.status();
  const absl::Status written = SaveTokenizer(**tokenizer, *out);
  if (!written.ok()) return written;
  std::FILE* const said = SaidBeside(*out);
  std::fprintf(said, "%s pieces from %s documents, %.1f MB, in %.1f s: %s\n",
               Counted((*tokenizer)->vocabulary_size()).c_str(), Counted(counts->documents).c_str(),
               static_cast<double>(counts->bytes) * 1e-6,
               absl::ToDoubleSeconds(absl::Now() - start), out->c_str());
  if (counts->replaced > 0) {
    std::fprintf(said, "%s ill-formed UTF-8 or UTF-16 sequences were replaced\n",
                 Counted(counts->replaced).c_str());
  }
  if (!opened->left_out.empty()) std::fprintf(said, "%s\n", opened->LeftOut().c_str());
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
