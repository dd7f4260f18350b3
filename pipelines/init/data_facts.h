// What data there are at a path, as far as a choice of pipeline depends on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pretext {

struct DataFacts {
  enum class Kind { kPictures, kIdx, kCifar, kArrays, kText };
  Kind kind = Kind::kPictures;
  std::string path;                // as it was given, without a slash at its end
  std::vector<std::string> found;  // lines for people

  int64_t copies = 0;  // samples or documents that repeat another

  // Pictures and arrays.
  int64_t samples = 0;            // that can be trained on
  int64_t test_samples = 0;       // of a test part of their own
  int64_t classes = 0;            // 0: no labels
  int64_t channels = 3;           // 1 where all are grey
  int64_t height = 0, width = 0;  // of the size that is proposed: that of the pictures up to 64
  int64_t features = 0;           // of arrays of vectors; 0: of images
  bool unit_range = true;         // values are in [0, 1]
  bool larger = false;            // the pictures are larger than that
  bool no_labels = false;         // pictures lie beside folders: no classes
  std::string mirrored;        // why a mirrored picture may mean something else; "" if it does not
  double seconds_to_read = 0;  // a picture, decoded on all cores
  std::string fields;          // of the dataset's config that name its files

  // Text.
  int64_t documents = 0, words = 0, distinct_words = 0;
  int64_t characters = 0;         // different ones
  int64_t longest_word = 0;       // in characters, where many have more than the tokenizer takes
  double words_per_document = 0;  // the median
  std::string unit;               // Text.document
  bool ideographs = false;        // most characters are words of their own
};

// Looks at a folder of pictures, IDX files (a folder with them, or the file of images), a folder of
// CIFAR's binary files, an array (.npy or .safetensors, labels beside as embed writes them), or
// text (a file or a folder). Errors: there is nothing, or nothing of these.
absl::StatusOr<DataFacts> LookAtData(const std::string& path);

// Its parts, by kind.
absl::StatusOr<DataFacts> LookAtPictures(const std::string& path);
absl::StatusOr<DataFacts> LookAtText(const std::string& path);
absl::StatusOr<DataFacts> LookAtArrays(const std::string& path);
// Of samples that a dataset's config names: all of them are read.
absl::StatusOr<DataFacts> LookAtDataset(DataFacts::Kind kind, const std::string& path,
                                        const std::string& type, const std::string& fields);

// A path as a pipeline's text has it: quoted and escaped.
std::string QuotedPath(const std::string& path);

// Adds a line on the copies there are, if any.
void AddCopies(DataFacts& facts);

// "1,234 × 3 words" -> of counts of things: "3 pictures", "1 picture".
std::string CountOf(int64_t n, const std::string& one, const std::string& many);

}  // namespace pretext
