// Exports a trained encoder to a folder that another program opens, and proves it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "exports/proof/proof.h"
#include "exports/write/export_format.h"

namespace pretext {

// InvalidArgument with the known ones and the nearest match.
absl::StatusOr<const ExportFormat*> FindExportFormat(const std::string& name);

// Where DIR may be made: nothing is there, or an empty folder. InvalidArgument else.
absl::Status CheckExportFolder(const std::string& folder);

// Writes the files aside, reads them back, proves them (exports/proof) and only then puts the
// folder in its place, README.md with the proof's figures in it. On any error nothing is left.
// InvalidArgument where the format cannot express the encoder or the head: the reason, and the
// formats that can.
absl::StatusOr<Proof> Export(const ExportRequest& request, const ExportFormat& format,
                             const std::string& folder);

}  // namespace pretext
