#include <algorithm>
#include <array>
#include <map>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/text/counted.h"
#include "base/unicode/unicode.h"
#include "datasets/text/corpus.h"
#include "datasets/text/document_hash.h"
#include "pipelines/init/data_facts.h"

namespace pretext {
namespace {

constexpr int64_t kMostBytes = int64_t{256} << 20;
constexpr int64_t kMostFiles = 1000;  // from which on a file is taken for a document

struct Script {
  const char* name;
  int32_t first, last;
};
// By Unicode's blocks, as far as they are told apart here.
constexpr Script kScripts[] = {
    {"Latin", 0x41, 0x24F},       {"Greek", 0x370, 0x3FF},  {"Cyrillic", 0x400, 0x52F},
    {"Armenian", 0x530, 0x58F},   {"Hebrew", 0x590, 0x5FF}, {"Arabic", 0x600, 0x6FF},
    {"Indic", 0x900, 0xDFF},      {"Thai", 0xE00, 0xE7F},   {"Georgian", 0x10A0, 0x10FF},
    {"Ethiopic", 0x1200, 0x137F}, {"kana", 0x3040, 0x30FF}, {"Han", 0x3400, 0x9FFF},
    {"Hangul", 0xAC00, 0xD7AF}};
constexpr size_t kHan = 11, kKana = 10;

constexpr int64_t kMostWordCharacters = 100;  // WordPiece's, if nothing is said

// Of bytes of UTF-8: a letter, or a character that is not of ASCII; the first of a character.
bool IsOfLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c < 0; }
bool BeginsCharacter(char c) { return (c & 0xC0) != 0x80; }

// What is counted over a text.
struct Counts {
  std::array<int64_t, std::size(kScripts)> letters{};
  int64_t words = 0, lines = 0;
  int64_t numbers = 0;       // words without a letter
  int64_t longest_word = 0;  // in characters
  int64_t long_words = 0;    // of more than the tokenizer takes if nothing is said
  absl::flat_hash_set<uint64_t> distinct;
  absl::flat_hash_set<int32_t> characters;
  std::vector<int64_t> lengths;  // of documents, in words
  DuplicateCounter duplicates;

  void Add(const std::string& document) {
    std::vector<int32_t> code_points;
    DecodeUtf8(document, &code_points);
    int64_t ideographs = 0;
    for (const int32_t c : code_points) {
      characters.insert(c);
      for (size_t s = 0; s < std::size(kScripts); ++s) {
        if (c < kScripts[s].first || c > kScripts[s].last) continue;
        ++letters[s];
        ideographs += s == kHan || s == kKana;
        break;
      }
    }
    int64_t here = 0;
    for (const absl::string_view word :
         absl::StrSplit(document, absl::ByAnyChar(" \t\n\r\f\v"), absl::SkipEmpty())) {
      ++here;
      numbers += std::none_of(word.begin(), word.end(), IsOfLetter);
      const int64_t length = std::count_if(word.begin(), word.end(), BeginsCharacter);
      longest_word = std::max(longest_word, length);
      long_words += length > kMostWordCharacters;
      if (distinct.size() < (size_t{1} << 22)) {
        distinct.insert(DocumentHash({word.data(), word.size()}));
      }
    }
    here = std::max(here, ideographs);
    words += here;
    lengths.push_back(here);
    lines += 1 + std::count(document.begin(), document.end(), '\n');
    duplicates.Add(DocumentHash(document));
  }
};

absl::Status Count(const Corpus& corpus, DocumentOptions::Unit unit, Counts& counts) {
  DocumentOptions options;
  options.unit = unit;
  options.cleanup.collapse_whitespace = false;
  DocumentReader reader(corpus.files(), options);
  std::vector<std::string> documents;
  while (reader.counts().bytes < kMostBytes) {
    if (absl::Status status = reader.Next(documents); !status.ok()) return status;
    if (documents.empty()) break;
    for (const std::string& document : documents) counts.Add(document);
  }
  return absl::OkStatus();
}

std::string ScriptsText(const Counts& counts) {
  int64_t all = 0;
  for (const int64_t n : counts.letters) all += n;
  std::vector<std::pair<int64_t, const char*>> order;
  for (size_t s = 0; s < std::size(kScripts); ++s) {
    if (counts.letters[s] * 200 >= std::max<int64_t>(all, 1))
      order.emplace_back(-counts.letters[s], kScripts[s].name);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> parts;
  for (const auto& [n, name] : order) {
    parts.push_back(absl::StrFormat("%s %.0f %%", name,
                                    -100.0 * static_cast<double>(n) / static_cast<double>(all)));
  }
  return parts.empty() ? "no letters of a script that is known here"
                       : "letters: " + absl::StrJoin(parts, ", ");
}

bool IsTable(const std::string& path) {
  return absl::EndsWithIgnoreCase(path, ".csv") || absl::EndsWithIgnoreCase(path, ".tsv");
}

absl::Status TableFault(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      ": looks like a table, not a text. Its numbers can be learnt from as an array, in Python: "
      "numpy.save(\"table.npy\", numpy.loadtxt(\"",
      path,
      "\", delimiter=\",\", skiprows=1)); a column of texts as a file with one of them a line"));
}

}  // namespace

absl::StatusOr<DataFacts> LookAtText(const std::string& path) {
  const absl::StatusOr<Corpus> corpus = OpenCorpus({path});
  if (!corpus.ok()) return absl::InvalidArgumentError(corpus.status().message());
  int64_t bytes = 0;
  for (const Corpus::File& file : corpus->text) bytes += file.bytes;
  Counts paragraphs;
  absl::Status status = Count(*corpus, DocumentOptions::Unit::kParagraph, paragraphs);
  if (!status.ok()) return status;
  DataFacts facts;
  facts.kind = DataFacts::Kind::kText;
  facts.path = path;
  const auto files = static_cast<int64_t>(corpus->text.size());
  const auto found = static_cast<int64_t>(paragraphs.lengths.size());
  Counts lines;
  Counts* counts = &paragraphs;
  facts.unit = "PARAGRAPH";
  if (files >= kMostFiles) {
    facts.unit = "FILE";
  } else if (found <= 2 * files && paragraphs.lines > 4 * found) {
    // No blank lines: what belongs together is a line.
    facts.unit = "LINE";
    status = Count(*corpus, DocumentOptions::Unit::kLine, lines);
    if (!status.ok()) return status;
    counts = &lines;
  }
  if (counts->words == 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": there are no words in it"));
  }
  if (2 * counts->numbers > counts->words || IsTable(path)) return TableFault(path);
  std::sort(counts->lengths.begin(), counts->lengths.end());
  const auto n = static_cast<int64_t>(counts->lengths.size());
  facts.documents = n;
  facts.words = counts->words;
  facts.distinct_words = static_cast<int64_t>(counts->distinct.size());
  facts.words_per_document = static_cast<double>(counts->lengths[static_cast<size_t>(n / 2)]);
  facts.characters = static_cast<int64_t>(counts->characters.size());
  if (100 * counts->long_words > counts->words) {
    facts.longest_word = counts->longest_word;
    facts.found.push_back(absl::StrCat(CountOf(counts->long_words, "word has", "words have"),
                                       " more than ", kMostWordCharacters, " characters, up to ",
                                       Counted(counts->longest_word)));
  }
  facts.ideographs = counts->letters[kHan] + counts->letters[kKana] > facts.words / 2;
  facts.found.push_back(absl::StrFormat("%s, %.1f MB of text", CountOf(files, "file", "files"),
                                        static_cast<double>(bytes) * 1e-6));
  facts.found.push_back(absl::StrCat(
      CountOf(facts.words, "word", "words"), ", ", Counted(facts.distinct_words),
      " of them different, in ", CountOf(n, "document", "documents"), " (",
      facts.unit == "LINE"   ? "lines"
      : facts.unit == "FILE" ? "files"
                             : "up to a blank line",
      ") of ", Counted(counts->lengths.front()), " to ", Counted(counts->lengths.back()),
      " words, the middle one ", Counted(static_cast<int64_t>(facts.words_per_document))));
  facts.found.push_back(ScriptsText(*counts));
  facts.copies = static_cast<int64_t>(counts->duplicates.share() * static_cast<double>(n));
  if (counts->duplicates.share() > 0.01) {
    facts.found.push_back(absl::StrFormat("%.0f %% of the documents repeat another",
                                          100 * counts->duplicates.share()));
  }
  if (!corpus->left_out.empty()) facts.found.push_back(corpus->LeftOut());
  if (bytes > kMostBytes) facts.found.push_back("counted over the first 256 MB");
  facts.fields = absl::StrCat("    files: ", QuotedPath(path), "\n");
  return facts;
}

}  // namespace pretext
