// Vectors, with the names and labels of what they are of, in a file of one of four formats:
//
//   .npy          float32 [N, D]; beside it NAME.names.txt, a name a line, and with labels
//                 NAME.labels.npy, int32 [N], and NAME.classes.txt, the name of a class a line;
//                 NAME.encoder.txt, what made the vectors (BatchEncoder::Mark)
//   .safetensors  "vectors" F32 [N, D], and with labels "labels" I32 [N]; beside it the three texts
//                 as above
//   .csv          name, label, class, x0, x1, …: a row a vector, after one of these titles
//   .jsonl        {"name":…,"label":…,"class":…,"vector":[…]}: an object a line
//
// NAME is the file's without its extension. Numbers in text read back as the same float. Rows come
// one after the other, any number of them; of memory no more is taken than by labels (.npy and
// .safetensors). Files take their names when they are whole, the vectors last. Beside a device or a
// pipe there is no place for other files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pretext {

struct VectorFacts {
  absl::string_view name;
  absl::string_view token;  // of vectors of tokens
  int32_t label = -1;       // of labelled ones; -1: not known
};

class VectorFile {
 public:
  struct Options {
    std::string format;  // "npy", …; empty: by the path's extension
    int64_t width = 0;   // D
    bool labelled = false, of_tokens = false;
    std::vector<std::string> classes;  // names, by label
    std::string encoder;               // what makes the vectors; empty: nothing is said of it
  };

  // Errors: a format that there is not, a path that cannot be written, and a file beside it that
  // would be replaced though `path` is not there, or would be left over from other vectors.
  static absl::StatusOr<std::unique_ptr<VectorFile>> Create(const std::string& path,
                                                            const Options& options);
  virtual ~VectorFile() = default;

  // The next rows [facts.size(), D].
  virtual absl::Status Append(const std::vector<VectorFacts>& facts, const float* values) = 0;
  // After the last row: the paths that were written, the vectors' first.
  virtual absl::StatusOr<std::vector<std::string>> Finish() = 0;
};

}  // namespace pretext
