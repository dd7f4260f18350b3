// What a tokenizer is too that can be written as HuggingFace's files.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

class HuggingFaceTokenizer {
 public:
  virtual ~HuggingFaceTokenizer() = default;
  // Contents by name: vocab.txt, tokenizer.json, tokenizer_config.json. `length`: the most tokens
  // of a text. InvalidArgument, with the reason, where the files cannot express an option.
  virtual absl::StatusOr<std::map<std::string, std::string>> HuggingFaceFiles(
      int64_t length) const = 0;
  // DataLoss unless the files in the folder, read back, encode texts of many scripts as this does.
  virtual absl::Status CheckHuggingFaceFiles(const std::string& folder) const = 0;
};

}  // namespace pretext
