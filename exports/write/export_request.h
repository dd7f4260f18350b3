// What is exported, and what a format makes of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/flow/array_preparation.h"
#include "core/plugin/encoder.h"
#include "core/plugin/export.h"
#include "core/plugin/head.h"
#include "core/plugin/tokenizer.h"
#include "exports/card/card_facts.h"

namespace pretext {

// How a picture's bytes become the encoder's input: (byte / 255 - mean[c]) / deviation[c] in
// channel c.
struct PictureScale {
  std::vector<double> mean, deviation;  // [C]
};

struct ExportRequest {
  TrainedPart encoder;
  std::optional<TrainedPart> head;  // when it is exported too; its encoder is the one above
  // The same parts, for the proof.
  Encoder* encoder_plugin = nullptr;
  Head* head_plugin = nullptr;

  std::optional<PictureScale> scale;     // of pictures
  std::optional<ArrayPreparation> rows;  // of vectors of arrays: how a file's row becomes the input
  const Tokenizer* tokenizer = nullptr;  // of texts
  CardFacts facts;
};

// A file of the format's folder: contents by name, with folders on the way.
absl::Status WriteExportFile(const std::string& folder, const std::string& name,
                             const std::string& contents);

// DIR/kForeignWeights with "format": "pt", and the model's own files.
inline constexpr char kForeignWeights[] = "model.safetensors";
absl::Status WriteForeignModel(const std::string& folder, const ForeignModel& model);

// {"key": json, …} on lines, for people too.
std::string JsonLines(const std::vector<std::pair<std::string, std::string>>& members);
// [0.4914, 0.4822, 0.4465]
std::string JsonNumbers(const std::vector<double>& numbers);

}  // namespace pretext
