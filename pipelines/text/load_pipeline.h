// Reads a pipeline from its file and the overrides of a command line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/text/source_map.h"

namespace pretext {

class Pipeline;

// A pipeline as far as it could be read, with the faults of its text.
struct LoadedPipeline {
  LoadedPipeline();
  LoadedPipeline(LoadedPipeline&&) noexcept;
  LoadedPipeline& operator=(LoadedPipeline&&) noexcept;
  ~LoadedPipeline();

  std::unique_ptr<Pipeline> config;  // never null
  SourceMap map;
  // Whether the text could be read to its end: else what is missing from `config`
  // may only not have been reached.
  bool complete = true;
};

// Reads `text`, which messages call `name`, and merges the overrides over it in their order, as
// binder.h says. Messages call them "--override #1" and on. Faults are in the result's map.
LoadedPipeline LoadPipelineText(const std::string& name, const std::string& text,
                                const std::vector<std::string>& overrides = {});

// The text of a pipeline's file, as any system writes text (base/unicode/text_decoder.h). NotFound
// or another error when it cannot be read; names the nearest file beside it.
absl::StatusOr<std::string> ReadPipelineText(const std::string& path);

// ReadPipelineText, then LoadPipelineText by the path's name.
absl::StatusOr<LoadedPipeline> LoadPipelineFile(const std::string& path,
                                                const std::vector<std::string>& overrides = {});

// Writes out every field that has a default, in the pipeline and in its parts' configs.
void FillDefaults(Pipeline* pipeline);
// The same, and leaves the parts' configs as they were written: where a part is checked, what was
// said can be told from what was not (FieldChecker::Unread).
void FillSectionDefaults(Pipeline* pipeline);

// The pipeline as text that loads again to the same: with every field that has a default written
// out, sections too, and `version` in its field.
std::string ResolvedText(const Pipeline& pipeline, const std::string& version);

}  // namespace pretext
