// What formats that are read by transformers share.
#pragma once

#include <string>

#include "exports/write/export_format.h"

namespace pretext {

// model.safetensors, config.json, and the tokenizer's files or preprocessor_config.json.
absl::Status WriteTransformersFolder(const ExportRequest& request, const ForeignModel& model,
                                     const std::string& folder);

// The files of the request's tokenizer, if it has one, read back and checked. A tokenizer that has
// no form in them is InvalidArgument where they are `required`, and goes without them where not.
absl::Status WriteTokenizer(const ExportRequest& request, bool required, const std::string& folder);

// preprocessor_config.json: bytes to the encoder's input by CLIPImageProcessor, which resizes the
// shorter side, crops the middle and normalises.
std::string ProcessorJson(const ExportRequest& request);

}  // namespace pretext
