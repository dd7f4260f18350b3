// WordPiece's vocabulary: the pieces with their ids, and the greedy longest-match split
// of a word into them (google-research/bert, tokenization.py, class WordpieceTokenizer;
// Wu et al. 2016, section 4.1).
//
// A piece that goes on with a word is written with "##" before it:
// "unaffable" = "un" "##aff" "##able". A word that cannot be split, or that is longer
// than max_word_characters, is [UNK] as a whole.
//
// The file is HuggingFace's vocab.txt: UTF-8, one piece a line, the id is the line's number from 0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pretext {

class WordPieceVocabulary {
 public:
  static constexpr std::string_view kPad = "[PAD]";
  static constexpr std::string_view kUnknown = "[UNK]";
  static constexpr std::string_view kCls = "[CLS]";
  static constexpr std::string_view kSep = "[SEP]";
  static constexpr std::string_view kMask = "[MASK]";
  static constexpr std::string_view kContinuation = "##";

  // The five special pieces in the order in which the trainer writes them: ids 0 to 4.
  static std::vector<std::string> SpecialPieces();

  // Errors: an empty or repeated piece, ill-formed UTF-8, a special piece that is missing. They
  // name the piece and its line.
  static absl::StatusOr<WordPieceVocabulary> FromPieces(std::vector<std::string> pieces);
  // The text of a vocab.txt. A final newline is no piece; "\r\n" ends a line too.
  static absl::StatusOr<WordPieceVocabulary> Parse(std::string_view text);
  std::string ToText() const;

  WordPieceVocabulary(WordPieceVocabulary&&) = default;
  WordPieceVocabulary& operator=(WordPieceVocabulary&&) = default;

  int64_t size() const { return static_cast<int64_t>(pieces_.size()); }
  const std::string& piece(int32_t id) const { return pieces_[id]; }
  // -1 if there is none.
  int32_t Find(std::string_view piece) const;

  int32_t pad() const { return pad_; }
  int32_t unknown() const { return unknown_; }
  int32_t cls() const { return cls_; }
  int32_t sep() const { return sep_; }
  int32_t mask() const { return mask_; }
  // The five above, and the placeholders "[unused0]", "[unused1]", … of BERT's own vocabularies.
  bool is_special(int32_t id) const { return kind_[id] == Kind::kSpecial; }
  bool is_continuation(int32_t id) const { return kind_[id] == Kind::kContinuation; }

  // Appends the pieces of one word of the basic tokenizer.
  void EncodeWord(std::string_view word, int64_t max_word_characters,
                  std::vector<int32_t>& ids) const;

 private:
  enum class Kind : uint8_t { kWord, kContinuation, kSpecial };
  // Keys are views of pieces_, whose strings never move.
  using Map = absl::flat_hash_map<absl::string_view, int32_t>;

  WordPieceVocabulary() = default;

  // The longest key of `map` that `text` starts with: its length and id, or 0.
  static size_t LongestMatch(const Map& map, size_t longest_key, std::string_view text,
                             int32_t* id);

  std::vector<std::string> pieces_;
  std::vector<Kind> kind_;
  Map initial_;       // pieces that may begin a word, special ones included
  Map continuation_;  // the others, without their "##"
  size_t longest_initial_ = 0, longest_continuation_ = 0;  // bytes
  int32_t pad_ = -1, unknown_ = -1, cls_ = -1, sep_ = -1, mask_ = -1;
};

}  // namespace pretext
