#include "pipelines/repro/repro.h"

#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "pipelines/report/run_files.h"
#include "pipelines/repro/recipe_bands.pb.h"

ABSL_FLAG(std::string, pipelines, "pipelines",
          "the folder with the recipes, and their figures in repro/bands.textproto");

namespace pretext {

absl::Status ReproCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("repro", arguments, 1, 1); !status.ok()) return status;
  const std::string folder = absl::GetFlag(FLAGS_pipelines);
  const absl::StatusOr<RecipeBands> bands = LoadBands(folder + "/repro/bands.textproto");
  if (absl::IsNotFound(bands.status())) {
    return absl::NotFoundError(
        absl::StrCat(bands.status().message(),
                     ". Run it in the folder of pretext's sources, or name their folder of recipes "
                     "with --pipelines"));
  }
  if (!bands.ok()) return bands.status();
  const absl::StatusOr<RecipeBand> band = BandOf(*bands, arguments[0]);
  if (!band.ok()) return band.status();
  const absl::StatusOr<std::string> path =
      TrainToEnd(absl::StrCat(folder, "/", arguments[0], ".textproto"), /*resume=*/"");
  if (!path.ok()) return path.status();
  if (path->empty()) return absl::OkStatus();  // the first of several processes looks at it
  const absl::StatusOr<RunFiles> run = ReadRun(*path);
  if (!run.ok()) return run.status();
  const auto& evaluations = run->history.evaluations();
  if (evaluations.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(*path, ": the run measured nothing at its end"));
  }
  const Reproduction result = Judge(*band, evaluations.back().figures);
  std::printf("\n%s, %d seeds on %s:\n%s", arguments[0].c_str(), band->seeds(),
              band->machine().c_str(), result.table.c_str());
  if (result.holds) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(*path, ": not what ", arguments[0], " came to before"));
}

}  // namespace pretext
