#include "tokenizers/word_piece/word_piece.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/gzip_file/gzip_file.h"
#include "base/unicode/text_decoder.h"
#include "tokenizers/word_piece/options_file.h"
#include "tokenizers/word_piece/word_piece.pb.h"

namespace pretext {
namespace {

// A memo larger than this is emptied; results do not depend on it.
constexpr size_t kMostWordsInMemo = 1 << 20;

// Ten times the largest vocabularies there are.
constexpr size_t kMostVocabularyBytes = size_t{256} << 20;

absl::StatusOr<std::string> ReadVocabularyFile(const std::string& path) {
  absl::StatusOr<GzipFile> file = GzipFile::Open(path, "a vocabulary of one piece a line");
  if (!file.ok()) return file.status();
  std::string text;
  std::vector<uint8_t> block(1 << 20);
  for (;;) {
    const int64_t read = file->Read(block.data(), block.size());
    text.append(reinterpret_cast<const char*>(block.data()), read);
    if (text.size() > kMostVocabularyBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": has more than ", kMostVocabularyBytes,
                                                     " bytes: it is no vocabulary"));
    }
    if (read < static_cast<int64_t>(block.size())) break;
  }
  if (!file->Fault().empty()) {
    return absl::DataLossError(absl::StrCat(path, ": cannot be read", file->Fault()));
  }
  absl::StatusOr<std::string> decoded = DecodeText(text);
  if (!decoded.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", decoded.status().message()));
  }
  return decoded;
}

// Faults of the fields that say otherwise than the file beside the vocabulary.
void CheckOptions(const WordPieceTokenizer::Options& all, const std::string& path,
                  FieldChecker& check) {
  const BasicTokenizerOptions& options = all.basic;
  const absl::StatusOr<RememberedOptions> remembered = ReadRememberedOptions(OptionsPath(path));
  if (!remembered.ok()) {
    if (!absl::IsNotFound(remembered.status())) {
      check.That(false, "vocabulary", remembered.status().message());
    }
    return;
  }
  const auto same = [&](const char* field, const auto& known, const auto& used, const auto& text) {
    if (!known.has_value() || *known == used) return;
    check.That(false, field,
               absl::StrCat("is ", text(used), ", but ", path, " was learnt with ", field, ": ",
                            text(*known), " (", OptionsPath(path), "): write ", field, ": ",
                            text(*known), ", or learn another vocabulary"));
  };
  const auto on_or_off = [](bool on) { return on ? "true" : "false"; };
  same("lower_case", remembered->lower_case, options.lower_case, on_or_off);
  same("strip_accents", remembered->strip_accents, options.strip_accents, on_or_off);
  same("split_cjk", remembered->split_cjk, options.split_cjk, on_or_off);
  same("clean", remembered->clean, options.clean, on_or_off);
  same("normalization", remembered->normalization, options.normalization, [](Normalization form) {
    return WordPiece::Normalization_Name(static_cast<WordPiece::Normalization>(form));
  });
  same("max_word_characters", remembered->max_word_characters, all.max_word_characters,
       [](int64_t characters) { return characters; });
}

absl::StatusOr<WordPieceVocabulary> ReadVocabulary(const std::string& path) {
  absl::StatusOr<std::string> text = ReadVocabularyFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<WordPieceVocabulary> vocabulary = WordPieceVocabulary::Parse(*text);
  if (!vocabulary.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", vocabulary.status().message()));
  }
  return vocabulary;
}

bool FileExists(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  return kind.ok() && *kind != PathKind::kNothing;
}

}  // namespace

struct WordPieceTokenizer::Memo {
  struct Range {
    size_t begin, size;  // in ids
  };
  absl::flat_hash_map<std::string, Range> words;   // by finished word
  absl::flat_hash_map<std::string, Range> chunks;  // by raw text
  std::vector<int32_t> ids;
  std::string scratch;

  // Appends the ids of `key`, which encode() appends to `ids` when they are not yet known.
  template <typename Encode>
  void Append(absl::flat_hash_map<std::string, Range>& known, std::string_view key,
              std::vector<int32_t>& out, Encode&& encode) {
    auto at = known.find(absl::string_view(key.data(), key.size()));
    if (at == known.end()) {
      const size_t begin = ids.size();
      encode();
      at = known.emplace(key, Range{begin, ids.size() - begin}).first;
    }
    const int32_t* first = ids.data() + at->second.begin;
    out.insert(out.end(), first, first + at->second.size);
  }
};

class WordPieceTokenizer::Lease {
 public:
  explicit Lease(const WordPieceTokenizer& tokenizer) : tokenizer_(tokenizer) {
    {
      const std::lock_guard<std::mutex> lock(tokenizer_.mutex_);
      if (!tokenizer_.idle_memos_.empty()) {
        memo_ = std::move(tokenizer_.idle_memos_.back());
        tokenizer_.idle_memos_.pop_back();
      }
    }
    if (memo_ == nullptr || memo_->words.size() + memo_->chunks.size() > kMostWordsInMemo) {
      memo_ = std::make_unique<Memo>();
    }
  }
  ~Lease() {
    const std::lock_guard<std::mutex> lock(tokenizer_.mutex_);
    tokenizer_.idle_memos_.push_back(std::move(memo_));
  }
  Memo& operator*() { return *memo_; }

 private:
  const WordPieceTokenizer& tokenizer_;
  std::unique_ptr<Memo> memo_;
};

absl::StatusOr<std::unique_ptr<Tokenizer>> WordPieceTokenizer::Create(const WordPiece& config,
                                                                      const BuildContext& context) {
  FieldChecker check;
  check.That(config.has_vocabulary() != config.has_learn(), "vocabulary",
             config.has_learn()
                 ? "and learn exclude each other: read a vocabulary or learn one"
                 : "is missing: name a vocab.txt, or write learn {} to learn a vocabulary from the "
                   "training text");
  if (config.has_vocabulary() && !config.has_learn())
    check.NotEmpty("vocabulary", config.vocabulary());
  check.InRange("max_word_characters", config.max_word_characters(), 1, kMaxExtent);
  Options options;
  options.basic.lower_case = config.lower_case();
  options.basic.strip_accents =
      config.has_strip_accents() ? config.strip_accents() : config.lower_case();
  options.basic.split_cjk = config.split_cjk();
  options.basic.clean = config.clean();
  options.basic.normalization = static_cast<Normalization>(config.normalization());
  options.max_word_characters = config.max_word_characters();
  if (config.has_learn()) {
    check.InRange("learn.size", config.learn().size(), 16, kMaxExtent);
    check.AtLeast("learn.min_count", config.learn().min_count(), 1);
    check.InRange("learn.alphabet_limit", config.learn().alphabet_limit(), 1, 0x110000);
    check.AtLeast("learn.max_bytes", config.learn().max_bytes(), 1);
    options.learn_bytes = config.learn().max_bytes();
    options.learn = {.vocabulary_size = config.learn().size(),
                     .min_count = config.learn().min_count(),
                     .alphabet_limit = config.learn().alphabet_limit(),
                     .max_word_characters = config.max_word_characters()};
  }
  if (!check.ok()) return check.status();

  auto tokenizer = std::make_unique<WordPieceTokenizer>(options);
  std::string path = context.Resolve(config.vocabulary());
  if (!context.run_directory.empty()) {
    const std::string kept = absl::StrCat(context.run_directory, "/", tokenizer->file_name());
    if (FileExists(kept)) path = kept;
  }
  if (path.empty()) return tokenizer;
  absl::StatusOr<WordPieceVocabulary> vocabulary = ReadVocabulary(path);
  if (!vocabulary.ok()) {
    check.That(false, "vocabulary", vocabulary.status().message());
    return check.status();
  }
  CheckOptions(options, path, check);
  if (!check.ok()) return check.status();
  return std::make_unique<WordPieceTokenizer>(options, *std::move(vocabulary));
}

std::vector<std::string> WordPieceTokenizer::PathsBeside(const std::string& vocabulary) const {
  return {OptionsPath(vocabulary), WholeTokenizerPath(vocabulary)};
}

std::map<std::string, std::string> WordPieceTokenizer::FilesBeside(
    const std::string& vocabulary) const {
  std::map<std::string, std::string> files = {
      {OptionsPath(vocabulary), SerializeOptions(options_.basic, options_.max_word_characters)}};
  // One that is there is of another vocabulary, and would be read in place of this.
  const std::string whole = WholeTokenizerPath(vocabulary);
  if (!IsBertTokenizer(options_.basic, options_.max_word_characters) || FileExists(whole))
    files[whole] = WholeTokenizer();
  return files;
}

WordPieceTokenizer::WordPieceTokenizer(const Options& options)
    : options_(options), basic_(options.basic) {}

WordPieceTokenizer::WordPieceTokenizer(const Options& options, WordPieceVocabulary vocabulary)
    : options_(options), basic_(options.basic), vocabulary_(std::move(vocabulary)) {}

WordPieceTokenizer::~WordPieceTokenizer() = default;

int64_t WordPieceTokenizer::vocabulary_size() const {
  return vocabulary_.has_value() ? vocabulary_->size() : options_.learn->vocabulary_size;
}

Tokenizer::SpecialIds WordPieceTokenizer::special() const {
  if (!vocabulary_.has_value()) return {.pad = 0, .unknown = 1, .cls = 2, .sep = 3, .mask = 4};
  return {.pad = vocabulary_->pad(),
          .unknown = vocabulary_->unknown(),
          .cls = vocabulary_->cls(),
          .sep = vocabulary_->sep(),
          .mask = vocabulary_->mask()};
}

void WordPieceTokenizer::Encode(std::string_view text, std::vector<int32_t>& ids) const {
  Lease lease(*this);
  Memo& memo = *lease;
  const auto encode_word = [&](std::string_view word) {
    vocabulary_->EncodeWord(word, options_.max_word_characters, memo.ids);
  };
  basic_.Scan(
      text, memo.scratch,
      [&](std::string_view word) {
        memo.Append(memo.words, word, ids, [&] { encode_word(word); });
      },
      [&](std::string_view chunk) {
        memo.Append(memo.chunks, chunk, ids, [&] {
          for (const std::string& word : basic_.TokenizeChunk(chunk)) encode_word(word);
        });
      });
}

std::string WordPieceTokenizer::Decode(const std::vector<int32_t>& ids) const {
  std::string text;
  for (const int32_t id : ids) {
    std::string_view piece = Token(id);
    if (is_continuation(id)) {
      piece.remove_prefix(WordPieceVocabulary::kContinuation.size());
    } else if (!text.empty()) {
      text.push_back(' ');
    }
    text.append(piece);
  }
  return text;
}

std::string WordPieceTokenizer::Fingerprint() const {
  std::string text = absl::StrCat("word_piece 1, ", options_.basic.Fingerprint(),
                                  ", max_word_characters ", options_.max_word_characters);
  if (vocabulary_.has_value()) {
    absl::StrAppend(&text, ", vocabulary:\n", vocabulary_->ToText());
  } else {
    absl::StrAppend(&text, ", learn ", options_.learn->vocabulary_size, " min_count ",
                    options_.learn->min_count, " alphabet_limit ", options_.learn->alphabet_limit,
                    " max_bytes ", options_.learn_bytes);
  }
  return text;
}

absl::Status WordPieceTokenizer::Train(const NextDocuments& next) {
  if (!options_.learn.has_value()) return Tokenizer::Train(next);
  WordCounter counter(options_.basic);
  int64_t bytes = 0;
  for (std::vector<std::string> documents; bytes < options_.learn_bytes;) {
    documents.clear();
    if (absl::Status status = next(documents); !status.ok()) return status;
    if (documents.empty()) break;
    size_t taken = 0;
    while (taken < documents.size() && bytes < options_.learn_bytes)
      bytes += static_cast<int64_t>(documents[taken++].size());
    documents.resize(taken);
    counter.Add(documents);
  }
  absl::StatusOr<WordPieceVocabulary> learnt = TrainWordPiece(counter.Sorted(), *options_.learn);
  if (!learnt.ok()) return learnt.status();
  // Placeholders keep the size that the encoder was told.
  std::string text = learnt->ToText();
  for (int64_t i = learnt->size(); i < options_.learn->vocabulary_size; ++i) {
    absl::StrAppend(&text, "[unused", i - learnt->size(), "]\n");
  }
  return Restore(text);
}

absl::Status WordPieceTokenizer::Restore(std::string_view text) {
  absl::StatusOr<WordPieceVocabulary> vocabulary = WordPieceVocabulary::Parse(text);
  if (!vocabulary.ok()) return vocabulary.status();
  if (vocabulary->size() != vocabulary_size()) {
    return absl::InvalidArgumentError(absl::StrCat("the vocabulary has ", vocabulary->size(),
                                                   " pieces; it should have ", vocabulary_size()));
  }
  vocabulary_ = *std::move(vocabulary);
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_memos_.clear();
  return absl::OkStatus();
}

PRETEXT_REGISTER_TOKENIZER(WordPieceTokenizer, WordPiece);

}  // namespace pretext
