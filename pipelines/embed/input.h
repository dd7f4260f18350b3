// What is embedded, block by block, in the order of the input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/flow/batch.h"
#include "pipelines/encoder/trained_encoder.h"

namespace pretext {

// Inputs of one kind. Those that cannot be read are left out, and said in `faults`.
struct InputBlock {
  std::vector<std::string> names;   // the path of a picture or a text's file, PATH#INDEX of a
                                    // record, the text itself of a line or a paragraph
  std::vector<int32_t> labels;      // as many, or none
  std::vector<Sample> samples;      // of pictures, as the dataset of the training gave them
  std::vector<std::string> texts;   // of text
  std::vector<int64_t> places;      // of texts that are a file each: which of the files; else none
  std::vector<std::string> faults;  // each begins with a path
  int64_t repaired = 0;             // ill-formed parts of the texts that became U+FFFD

  size_t size() const { return names.size(); }
};

class Input {
 public:
  virtual ~Input() = default;
  // Replaces the block by the next one; one without names and faults is the end.
  virtual absl::Status Next(InputBlock& block) = 0;
  // Names of the classes, by label; without labels none.
  virtual std::vector<std::string> classes() const { return {}; }
  virtual bool labelled() const { return false; }
  // Of texts that are a file each: the files, those that cannot be read among them.
  virtual std::optional<int64_t> files() const { return std::nullopt; }
  // What was read of it, in [0, 1]; 0 where the end is not known.
  virtual double share() const = 0;
};

// What one text is.
enum class TextUnit : uint8_t { kLine, kParagraph, kFile };

struct InputOptions {
  // For an encoder of pictures: a folder of pictures (as ImageFolder sees it: class folders become
  // labels), a file of IDX images, a file of CIFAR records (.bin), one picture; "@FILE", or a .txt
  // file: the paths of pictures, a line each; "-": the same from standard input.
  // For an encoder of arrays: a .npy or .safetensors file of rows, [N, D] or [N, C, H, W].
  // For an encoder of text: a file, a folder of files, "@FILE": the paths of files, a line each;
  // "-": standard input.
  std::string input;
  // Labels beside it, or empty: IDX labels of IDX images; of arrays one of labels, [N]; of texts a
  // file of lines.
  std::string labels;
  TextUnit unit = TextUnit::kLine;
  int64_t block = 256;  // pictures of a block
};

// Errors: nothing there, nothing in it, another kind of input than the encoder takes, or another
// size of images.
absl::StatusOr<std::unique_ptr<Input>> OpenInput(const InputOptions& options,
                                                 const TrainedEncoder& trained);

// The paths in a list: a file's lines, without empty ones; "-" is standard input.
absl::StatusOr<std::vector<std::string>> ReadPaths(const std::string& list);

// "line", "paragraph", "file"; or InvalidArgument that says so.
absl::StatusOr<TextUnit> ParseTextUnit(absl::string_view name);

}  // namespace pretext
