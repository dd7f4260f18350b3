#include "datasets/text/text.h"

#include <omp.h>

#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"
#include "core/plugin/unknown_tokens.h"
#include "datasets/text/corpus.h"
#include "datasets/text/document_hash.h"
#include "datasets/text/text.pb.h"

namespace pretext {
namespace {

// Part of every key: what is in a cache file, and how documents come about.
constexpr absl::string_view kFormat = "pretext text cache 4";

DocumentOptions::Unit UnitOf(Text::Document document) {
  switch (document) {
    case Text::PARAGRAPH:
      return DocumentOptions::Unit::kParagraph;
    case Text::LINE:
      return DocumentOptions::Unit::kLine;
    case Text::UNINDENTED:
      return DocumentOptions::Unit::kUnindented;
    case Text::FILE:
      return DocumentOptions::Unit::kFile;
  }
  return DocumentOptions::Unit::kParagraph;  // proto2 refuses unknown values while parsing
}

DocumentOptions MakeDocumentOptions(const Text& config, FieldChecker& check) {
  DocumentOptions options;
  options.unit = UnitOf(config.document());
  check.InRange("max_document_bytes", config.max_document_bytes(), 64, int64_t{1} << 30);
  options.max_document_bytes = config.max_document_bytes();
  const Text::Cleanup& cleanup = config.cleanup();
  options.cleanup.collapse_whitespace = cleanup.collapse_whitespace();
  for (int i = 0; i < cleanup.remove_size(); ++i) {
    const auto& remove = cleanup.remove(i);
    const std::string field = absl::StrCat("cleanup.remove[", i, "]");
    check.NotEmpty(field + ".open", remove.open());
    check.NotEmpty(field + ".close", remove.close());
    check.Positive(field + ".max_bytes", remove.max_bytes());
    options.cleanup.remove.push_back({remove.open(), remove.close(), remove.max_bytes()});
  }
  for (int i = 0; i < cleanup.replace_size(); ++i) {
    const auto& replace = cleanup.replace(i);
    check.NotEmpty(absl::StrCat("cleanup.replace[", i, "].from"), replace.from());
    options.cleanup.replace.push_back({replace.from(), replace.to()});
  }
  return options;
}

// Everything that documents depend on, for the keys of caches.
std::string CorpusKey(const Corpus& corpus, const DocumentOptions& options, double held_out) {
  std::string key =
      absl::StrCat(kFormat, "\nunit ", static_cast<int>(options.unit), " max_document_bytes ",
                   options.max_document_bytes, " collapse ", options.cleanup.collapse_whitespace,
                   " held_out ", absl::StrFormat("%.17g", held_out), "\n");
  // Lengths before texts, so that no two lists read the same.
  const auto add = [&key](const std::string& text) {
    absl::StrAppend(&key, text.size(), ":", text, " ");
  };
  for (const CleanupOptions::Enclosed& remove : options.cleanup.remove) {
    key += "remove ";
    add(remove.open);
    add(remove.close);
    absl::StrAppend(&key, remove.max_bytes, "\n");
  }
  for (const CleanupOptions::Replacement& replace : options.cleanup.replace) {
    key += "replace ";
    add(replace.from);
    add(replace.to);
    key += "\n";
  }
  for (const Corpus::File& file : corpus.text) {
    absl::StrAppend(&key, "file ", file.bytes, " ", absl::Hex(file.checksum), "\n");
  }
  return key;
}

std::string CachePath(const std::string& directory, absl::string_view what,
                      const std::string& key) {
  return absl::StrCat(directory, "/", what, "-", absl::Hex(DocumentHash(key), absl::kZeroPad16),
                      ".cache");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> TextDataset::Create(const Text& config,
                                                             const BuildContext& context) {
  FieldChecker check;
  Options options;
  options.documents = MakeDocumentOptions(config, check);
  check.That(config.files_size() > 0, "files", "is missing: name files or folders of text");
  for (int i = 0; i < config.files_size(); ++i) {
    const std::string field = absl::StrCat("files[", i, "]");
    if (!check.NotEmpty(field, config.files(i))) continue;
    options.files.push_back(context.Resolve(config.files(i)));
    if (context.run_directory.empty()) {
      check.Nested(field, ListTextFiles(options.files.back()).status());
    }
  }
  check.InRange("sequence_length", config.sequence_length(), 3, kMaxExtent);
  check.InHalfOpenRange("held_out", config.held_out(), 0, 1);
  options.sequence_length = config.sequence_length();
  options.mix_documents = config.mix_documents();
  options.held_out = config.held_out();
  options.cache = CacheDirectoryFor(config.cache_directory(), context, check);

  std::unique_ptr<Tokenizer> tokenizer;
  if (check.That(config.has_tokenizer(), "tokenizer",
                 "is missing: write tokenizer { [type.googleapis.com/pretext.WordPiece] { … } }")) {
    absl::StatusOr<std::unique_ptr<Tokenizer>> made =
        Registry<Tokenizer>::Create(config.tokenizer(), context);
    if (check.Nested("tokenizer", made.status())) tokenizer = *std::move(made);
  }
  if (!check.ok()) return check.status();
  return std::unique_ptr<Dataset>(new TextDataset(std::move(options), std::move(tokenizer)));
}

TextDataset::TextDataset(Options options, std::unique_ptr<Tokenizer> tokenizer)
    : options_(std::move(options)), tokenizer_(std::move(tokenizer)) {}

FlowType TextDataset::type() const {
  return FlowType::Tokens(options_.sequence_length, tokenizer_->vocabulary_size());
}

double TextDataset::characters_per_token(Split split) const {
  const TokenizedDocuments& documents = cache_->split(split);
  return documents.tokens == 0 ? 0 : static_cast<double>(documents.characters) / documents.tokens;
}

DatasetExtent TextDataset::extent() const {
  // English in a vocabulary of some thousand pieces has four bytes a token; packed it takes a
  // third.
  constexpr double kBytesAToken = 4, kPacked = 3;
  double bytes = 0;
  for (const std::string& path : options_.files) {
    const absl::StatusOr<std::vector<TextFile>> files = ListTextFiles(path);
    if (!files.ok()) continue;
    for (const TextFile& file : *files) {
      const bool packed = absl::EndsWith(file.path, ".gz") || absl::EndsWith(file.path, ".dz");
      bytes += static_cast<double>(file.size) * (packed ? kPacked : 1);
    }
  }
  const double id_bytes = tokenizer_->vocabulary_size() > (1 << 16) ? 4 : 2;
  return {.bytes = bytes / kBytesAToken * id_bytes};
}

int64_t TextDataset::size(Split split) const { return packings_[static_cast<int>(split)]->size(); }

absl::Status TextDataset::Read(Split split, int64_t index, Sample& sample) const {
  sample.index = index;
  sample.label = -1;
  sample.type = type();
  sample.tokens.resize(options_.sequence_length);
  sample.segments.clear();
  sample.targets.clear();
  sample.length =
      static_cast<int32_t>(packings_[static_cast<int>(split)]->Read(index, sample.tokens.data()));
  return absl::OkStatus();
}

absl::Status TextDataset::Load() {
  const absl::StatusOr<Corpus> opened = OpenCorpus(options_.files);
  if (!opened.ok()) return opened.status();
  const std::vector<TextFile> files = opened->files();
  files_ = files.size();
  left_out_ = opened->LeftOut();
  const std::string corpus = CorpusKey(*opened, options_.documents, options_.held_out);
  if (tokenizer_->needs_training()) {
    absl::Status status = LoadVocabulary(files, corpus);
    if (!status.ok()) return status;
  }
  absl::Status status = LoadTokens(files, corpus);
  if (!status.ok()) return status;
  for (const Split split : {Split::kTrain, Split::kTest}) {
    packings_[static_cast<int>(split)].emplace(
        cache_->split(split), PackingOptions{.length = options_.sequence_length,
                                             .mix_documents = options_.mix_documents,
                                             .special = tokenizer_->special()});
  }
  return absl::OkStatus();
}

absl::Status TextDataset::LoadVocabulary(const std::vector<TextFile>& files,
                                         const std::string& corpus) {
  const std::string key = absl::StrCat(corpus, "vocabulary of ", tokenizer_->Fingerprint());
  const std::string path = CachePath(options_.cache.path, "vocabulary", key);
  if (const auto kept = CacheFile::Open(path, key);
      kept.ok() && tokenizer_->Restore((*kept)->Section("vocabulary")).ok()) {
    return absl::OkStatus();
  }
  const double start = omp_get_wtime();
  if (const auto learnt = TrainTokenizer(files, options_.documents, options_.held_out, *tokenizer_);
      !learnt.ok()) {
    return learnt.status();
  }
  learning_seconds_ = omp_get_wtime() - start;
  absl::StatusOr<std::unique_ptr<CacheFileWriter>> writer =
      CacheFileWriter::Create(path, options_.cache.rights);
  if (!writer.ok()) return writer.status();
  const std::string vocabulary = tokenizer_->Serialize();
  const absl::Status status = (*writer)->Append("vocabulary", vocabulary.data(), vocabulary.size());
  return status.ok() ? (*writer)->Finish(key) : status;
}

absl::Status TextDataset::LoadTokens(const std::vector<TextFile>& files,
                                     const std::string& corpus) {
  const std::string key = absl::StrCat(corpus, "tokens of ", tokenizer_->Fingerprint());
  const std::string path = CachePath(options_.cache.path, "tokens", key);
  absl::StatusOr<std::unique_ptr<TokenCache>> cache = TokenCache::Open(path, key);
  if (!cache.ok()) {
    const double start = omp_get_wtime();
    DocumentReader reader(files, options_.documents);
    absl::Status status =
        TokenCache::Write(reader, *tokenizer_, options_.held_out, path, key, options_.cache.rights);
    if (!status.ok()) return status;
    tokenizing_seconds_ = omp_get_wtime() - start;
    cache = TokenCache::Open(path, key);
    if (!cache.ok()) return cache.status();
  }
  cache_ = *std::move(cache);
  for (const Split split : {Split::kTrain, Split::kTest}) {
    if (cache_->split(split).documents > 0 || (split == Split::kTest && options_.held_out == 0)) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrFormat(
        "held_out: %g of %d documents leaves none for %s; equal ones go together. Change the "
        "fraction, or take a smaller unit than %s for a document.",
        options_.held_out,
        cache_->split(Split::kTrain).documents + cache_->split(Split::kTest).documents,
        split == Split::kTrain ? "training" : "evaluation",
        Text::Document_Name(static_cast<Text::Document>(options_.documents.unit))));
  }
  return absl::OkStatus();
}

std::string TextDataset::Summary() const {
  const TokenizedDocuments &train = cache_->split(Split::kTrain),
                           &test = cache_->split(Split::kTest);
  std::string text = absl::StrCat(
      Counted(train.documents), " + ", Counted(test.documents), " documents, ",
      Counted(train.tokens), " + ", Counted(test.tokens), " tokens, ", Counted(size(Split::kTrain)),
      " + ", Counted(size(Split::kTest)), " sequences of ", options_.sequence_length,
      "; vocabulary ", Counted(tokenizer_->vocabulary_size()));
  if (learning_seconds_.has_value()) {
    absl::StrAppendFormat(&text, ", learnt in %.1f s", *learning_seconds_);
  }
  const double megabytes = static_cast<double>(cache_->bytes()) * 1e-6;
  absl::StrAppendFormat(&text, "; %.1f MB in %d file%s, ", megabytes, files_,
                        files_ == 1 ? "" : "s");
  if (tokenizing_seconds_.has_value()) {
    absl::StrAppendFormat(&text, "tokenized in %.1f s", *tokenizing_seconds_);
  } else {
    absl::StrAppend(&text, "tokens from the cache");
  }
  if (cache_->replaced() > 0) {
    absl::StrAppend(&text, "; ", Counted(cache_->replaced()),
                    " ill-formed UTF-8 or UTF-16 sequences replaced");
  }
  if (!left_out_.empty()) absl::StrAppend(&text, "; ", left_out_);
  if (cache_->duplicates() > 0.01) {
    absl::StrAppendFormat(&text, "; %.0f%% of the documents are repeats",
                          100 * cache_->duplicates());
  }
  const std::string unknown =
      TooManyUnknown(train.unknown + test.unknown, train.tokens + test.tokens);
  if (!unknown.empty()) {
    absl::StrAppend(
        &text, "\nwarning: ", unknown,
        ": the vocabulary does not fit this text. Was it learnt from text of another language or "
        "kind, or with other options (lower_case, strip_accents, …)? Is its alphabet_limit too "
        "low?");
  }
  return text;
}

PRETEXT_REGISTER_DATASET(TextDataset, Text);

}  // namespace pretext
