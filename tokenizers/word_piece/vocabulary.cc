#include "tokenizers/word_piece/vocabulary.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/unicode/unicode.h"

namespace pretext {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

bool IsPlaceholder(std::string_view piece) {
  constexpr std::string_view kUnused = "[unused";
  if (piece.size() <= kUnused.size() + 1 || piece.substr(0, kUnused.size()) != kUnused ||
      piece.back() != ']') {
    return false;
  }
  const std::string_view number = piece.substr(kUnused.size(), piece.size() - kUnused.size() - 1);
  return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::vector<std::string> WordPieceVocabulary::SpecialPieces() {
  std::vector<std::string> pieces;
  for (const std::string_view piece : {kPad, kUnknown, kCls, kSep, kMask}) {
    pieces.emplace_back(piece);
  }
  return pieces;
}

absl::StatusOr<WordPieceVocabulary> WordPieceVocabulary::FromPieces(
    std::vector<std::string> pieces) {
  WordPieceVocabulary vocabulary;
  vocabulary.pieces_ = std::move(pieces);
  vocabulary.kind_.resize(vocabulary.pieces_.size(), Kind::kWord);
  for (size_t id = 0; id < vocabulary.pieces_.size(); ++id) {
    const std::string_view piece = vocabulary.pieces_[id];
    if (piece.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", id + 1, " of the vocabulary is empty: every line is one piece"));
    }
    if (ValidUtf8Prefix(piece) != piece.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", id + 1, " of the vocabulary is not UTF-8"));
    }
    const bool continuation = piece.size() > kContinuation.size() &&
                              piece.substr(0, kContinuation.size()) == kContinuation;
    const std::string_view key = continuation ? piece.substr(kContinuation.size()) : piece;
    Map& map = continuation ? vocabulary.continuation_ : vocabulary.initial_;
    const auto [at, inserted] = map.try_emplace(View(key), static_cast<int32_t>(id));
    if (!inserted) {
      return absl::InvalidArgumentError(absl::StrCat("the piece \"", View(piece), "\" is on line ",
                                                     at->second + 1,
                                                     " of the vocabulary and on line ", id + 1));
    }
    size_t& longest = continuation ? vocabulary.longest_continuation_ : vocabulary.longest_initial_;
    longest = std::max(longest, key.size());
    if (continuation) {
      vocabulary.kind_[id] = Kind::kContinuation;
    } else if (IsPlaceholder(piece)) {
      vocabulary.kind_[id] = Kind::kSpecial;
    }
  }
  const std::pair<std::string_view, int32_t*> specials[] = {{kPad, &vocabulary.pad_},
                                                            {kUnknown, &vocabulary.unknown_},
                                                            {kCls, &vocabulary.cls_},
                                                            {kSep, &vocabulary.sep_},
                                                            {kMask, &vocabulary.mask_}};
  std::string missing;
  for (const auto& [piece, id] : specials) {
    *id = vocabulary.Find(piece);
    if (*id >= 0) {
      vocabulary.kind_[*id] = Kind::kSpecial;
    } else {
      absl::StrAppend(&missing, missing.empty() ? "" : ", ", View(piece));
    }
  }
  if (!missing.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the vocabulary of ", vocabulary.size(), " pieces lacks ", missing,
                     ": a WordPiece vocabulary has [PAD], [UNK], [CLS], [SEP] and [MASK]"));
  }
  return vocabulary;
}

absl::StatusOr<WordPieceVocabulary> WordPieceVocabulary::Parse(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    pieces.emplace_back(line);
  }
  return FromPieces(std::move(pieces));
}

std::string WordPieceVocabulary::ToText() const {
  std::string text;
  for (const std::string& piece : pieces_) absl::StrAppend(&text, piece, "\n");
  return text;
}

int32_t WordPieceVocabulary::Find(std::string_view piece) const {
  const bool continuation =
      piece.size() > kContinuation.size() && piece.substr(0, kContinuation.size()) == kContinuation;
  const Map& map = continuation ? continuation_ : initial_;
  const auto at = map.find(View(continuation ? piece.substr(kContinuation.size()) : piece));
  return at == map.end() ? -1 : at->second;
}

size_t WordPieceVocabulary::LongestMatch(const Map& map, size_t longest_key, std::string_view text,
                                         int32_t* id) {
  for (size_t length = std::min(longest_key, text.size()); length > 0; --length) {
    // Only whole characters.
    if (length < text.size() && (text[length] & 0xC0) == 0x80) continue;
    const auto at = map.find(View(text.substr(0, length)));
    if (at != map.end()) {
      *id = at->second;
      return length;
    }
  }
  return 0;
}

void WordPieceVocabulary::EncodeWord(std::string_view word, int64_t max_word_characters,
                                     std::vector<int32_t>& ids) const {
  const size_t before = ids.size();
  bool known = static_cast<int64_t>(word.size()) <= max_word_characters ||
               CountCodePoints(word) <= max_word_characters;
  for (std::string_view rest = word; known && !rest.empty();) {
    int32_t id;
    const bool first = rest.size() == word.size();
    const size_t length = LongestMatch(first ? initial_ : continuation_,
                                       first ? longest_initial_ : longest_continuation_, rest, &id);
    known = length > 0;
    if (known) ids.push_back(id);
    rest.remove_prefix(length);
  }
  if (!known) {
    ids.resize(before);
    ids.push_back(unknown_);
  }
}

}  // namespace pretext
