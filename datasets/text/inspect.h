// A look at every byte of a corpus before it is used: which files are text, and what tells this
// state of them from any other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/text/text_files.h"

namespace pretext {

struct Corpus {
  struct File {
    TextFile file;
    int64_t bytes = 0;      // decompressed
    uint64_t checksum = 0;  // of them: CRC-32 and Adler-32
  };
  std::vector<File> text;
  // Files that are no text (there is a NUL in them, and they are not UTF-16), by path.
  std::vector<std::string> left_out;

  std::vector<TextFile> files() const;  // those of `text`
  // "2 files are no text (NUL bytes in them) and were left out: a.png, b.png"; "" where none is.
  std::string LeftOut() const;
};

// Reads all of the files, on all threads. `named` are paths that the user gave: one of those that
// is no text is an error, as is a corpus in which no file is text, and compressed data that is
// damaged.
absl::StatusOr<Corpus> InspectCorpus(const std::vector<TextFile>& files,
                                     const std::vector<std::string>& named);

}  // namespace pretext
