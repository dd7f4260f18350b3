// What formats that are read by transformers share.
#pragma once

#include <string>

#include "exports/write/export_format.h"

namespace pretext {

// model.safetensors, config.json, and the tokenizer's files or preprocessor_config.json.
absl::Status WriteTransformersFolder(const ExportRequest& request, const ForeignModel& model,
                                     const std::string& folder);

// preprocessor_config.json: bytes to the encoder's input by CLIPImageProcessor, which resizes the
// shorter side, crops the middle and normalises.
std::string ProcessorJson(const ExportRequest& request);

}  // namespace pretext
