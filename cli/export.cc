#include "exports/write/export.h"

#include <cstdio>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/folder.h"
#include "cli/command.h"
#include "cli/out_path.h"
#include "pipelines/trained/export_request.h"

ABSL_DECLARE_FLAG(std::string, format);
ABSL_FLAG(bool, with_head, false,
          "export the head too, where the format has a place for it: a masked language model's "
          "scores, a decoder's reconstruction");

namespace pretext {

absl::Status ExportCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("export", arguments, 1, 1); !status.ok()) return status;
  const auto format = FindExportFormat(absl::GetFlag(FLAGS_format));
  if (!format.ok()) return format.status();
  const absl::StatusOr<std::string> out = OutFolder();
  if (!out.ok()) return out.status();
  const std::string& folder = *out;
  // Before the work, not after it.
  if (absl::Status status = CheckExportFolder(folder); !status.ok()) return status;
  const auto trained = OpenForExport(arguments[0], absl::GetFlag(FLAGS_with_head), kVersion);
  if (!trained.ok()) return trained.status();
  const absl::StatusOr<Proof> proof = Export(trained->request, **format, folder);
  if (!proof.ok()) {
    return absl::Status(proof.status().code(),
                        absl::StrCat(arguments[0], ": ", proof.status().message()));
  }
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(folder);
  if (!names.ok()) return names.status();
  std::printf("%s: %s\n", folder.c_str(), absl::StrJoin(*names, ", ").c_str());
  for (const ProofOfOutput& output : proof->outputs) {
    std::printf(
        "read back and compared with the encoder's own forward pass: %s differs by %.2g at most "
        "(allowed %.2g, root mean square %.3g)\n",
        output.output.c_str(), output.difference, output.allowed, output.rms);
  }
  return absl::OkStatus();
}

}  // namespace pretext
