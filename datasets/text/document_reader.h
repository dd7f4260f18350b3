// Reads a corpus document by document: files of any size, plain or gzip, UTF-8 or UTF-16 with a
// byte-order mark, lines ending as on any system (base/unicode/text_decoder.h), in bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/gzip_file/gzip_file.h"
#include "base/unicode/text_decoder.h"
#include "datasets/text/cleanup.h"
#include "datasets/text/text_files.h"

namespace pretext {

struct DocumentOptions {
  enum class Unit {
    kParagraph,  // up to a line that is blank
    kLine,       // one line
    // Up to a line that is not indented and comes after a blank one: an entry of a dictionary.
    kUnindented,
    kFile,  // one file
  };

  Unit unit = Unit::kParagraph;
  CleanupOptions cleanup;
  // A longer document is cut into pieces, documents of their own but for the split that they go to:
  // at the last whitespace before one gets too long, else between two characters.
  int64_t max_document_bytes = 1 << 20;
};

class DocumentReader {
 public:
  struct Counts {
    int64_t bytes = 0;      // of text, decompressed
    int64_t documents = 0;  // not counting those with nothing in them
    int64_t replaced = 0;   // ill-formed UTF-8 or UTF-16 that became U+FFFD
  };

  DocumentReader(std::vector<TextFile> files, DocumentOptions options);

  // Replaces `documents` by the next ones, in order: about 4 MB of them, repaired to UTF-8 and
  // cleaned up on all threads. None at the end. Errors name the file: compressed data that is
  // damaged or stops short.
  absl::Status Next(std::vector<std::string>& documents);

  // Of each of the documents that Next gave last, what decides its split (IsHeldOut): its hash, or
  // for a later piece of a document that was cut that of the first piece, so that no document is on
  // both sides.
  const std::vector<uint64_t>& split_hashes() const { return split_hashes_; }

  const Counts& counts() const { return counts_; }

 private:
  absl::Status OpenNextFile();
  // Takes in one block of the file; at its end the document under way
  // is finished and the file closed.
  absl::Status ReadBlock(std::vector<std::string>& documents);
  // Takes a line without its end; `whole` is false for a part of one that
  // is longer than a document may be.
  void TakeLine(std::string_view line, bool whole, std::vector<std::string>& documents);
  void FinishDocument(std::vector<std::string>& documents);
  // Repairs and cleans up what was read, leaves out what has nothing in it, and hashes the rest.
  void MakeReady(std::vector<std::string>& documents);
  // Cuts the document under way while it is too long.
  void CutDocument(std::vector<std::string>& documents);

  const std::vector<TextFile> files_;
  const DocumentOptions options_;
  size_t next_file_ = 0;
  std::unique_ptr<GzipFile> file_;
  TextDecoder decoder_;  // of the file
  std::vector<char> block_;
  std::string decoded_;      // the block as text
  std::string line_;         // the beginning of a line that goes on in the next block
  std::string document_;     // under way
  int64_t raw_bytes_ = 0;    // of the documents of this call to Next
  std::vector<char> later_;  // of the documents of this call: whether it is a later piece
  std::vector<uint64_t> split_hashes_;
  uint64_t first_hash_ = 0;  // of the document that is under way, if has_first_
  bool has_first_ = false;   // a piece of it was given
  bool is_later_ = false;    // document_ is a later piece
  bool in_line_ = false;     // document_ ends with the first part of a line
  bool after_blank_ = true;  // the line before was blank
  Counts counts_;
};

}  // namespace pretext
