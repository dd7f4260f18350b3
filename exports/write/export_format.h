// A format that encoders are exported to. Each has its folder in exports/.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "exports/write/export_request.h"

namespace pretext {

struct ExportFormat {
  const char* name;     // "huggingface"
  const char* library;  // in the model card: "transformers"
  const char* weights;  // the file of the folder that holds them, for the model card

  // Writes the folder's files. `model` is what the plugins made of themselves; empty of a format
  // that draws graphs.
  absl::Status (*write)(const ExportRequest& request, const ForeignModel& model,
                        const std::string& folder);
  // Reads them back as a graph; null: by ForeignModel::reading.
  absl::StatusOr<Graph> (*read)(const std::string& folder);
  // Lines of Python that load the folder and use it.
  std::string (*loader)(const ExportRequest& request, const ForeignModel& model);
};

extern const ExportFormat kTorchvisionFormat, kTimmFormat, kHuggingFaceFormat,
    kSentenceTransformersFormat, kOnnxFormat;

}  // namespace pretext
