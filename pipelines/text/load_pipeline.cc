#include "pipelines/text/load_pipeline.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"
#include "base/file/read_file.h"
#include "base/text/nearest.h"
#include "base/unicode/text_decoder.h"
#include "pipelines/text/binder.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

// Far above any pipeline: a larger file is data, given by mistake.
constexpr int64_t kMaxBytes = 1 << 20;

void Merge(std::string name, const std::string& text, LoadedPipeline* pipeline) {
  const int source = pipeline->map.AddSource(std::move(name));
  if (static_cast<int64_t>(text.size()) > kMaxBytes) {
    pipeline->complete = false;
    pipeline->map.AddFault({source, {}}, "",
                           absl::StrCat("is no pipeline: it has ", text.size(), " bytes"));
    return;
  }
  const TextTree tree = ParseTextTree(text);
  if (!tree.faults.empty()) pipeline->complete = false;
  BindText(tree, source, pipeline->config.get(), &pipeline->map);
}

// What is said of a file that is not there: where it was looked for, and what else is there.
std::string NotThere(const std::string& path) {
  const fs::path file(path);
  std::vector<std::string> pipelines;
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(ParentOf(path));
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    // A link that leads nowhere is listed, and is no better.
    if (absl::EndsWith(name, ".textproto") && name != file.filename()) pipelines.push_back(name);
  }
  const std::string prefix = file.has_parent_path() ? ParentOf(path) + "/" : "";
  return absl::StrCat(LookedForAt(path), DidYouMean(file.filename().string(), pipelines, prefix));
}

}  // namespace

LoadedPipeline::LoadedPipeline() : config(std::make_unique<Pipeline>()) {}
LoadedPipeline::LoadedPipeline(LoadedPipeline&&) noexcept = default;
LoadedPipeline& LoadedPipeline::operator=(LoadedPipeline&&) noexcept = default;
LoadedPipeline::~LoadedPipeline() = default;

LoadedPipeline LoadPipelineText(const std::string& name, const std::string& text,
                                const std::vector<std::string>& overrides) {
  LoadedPipeline pipeline;
  Merge(name, text, &pipeline);
  for (size_t i = 0; i < overrides.size(); ++i) {
    Merge(absl::StrCat("--override #", i + 1), overrides[i], &pipeline);
  }
  return pipeline;
}

absl::StatusOr<std::string> ReadPipelineText(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxBytes);
  if (absl::IsOutOfRange(text.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is no pipeline: it has more than ", kMaxBytes, " bytes"));
  }
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(text.status().message(), NotThere(path)));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<std::string> decoded = DecodeText(*text);
  if (!decoded.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", decoded.status().message()));
  }
  return decoded;
}

absl::StatusOr<LoadedPipeline> LoadPipelineFile(const std::string& path,
                                                const std::vector<std::string>& overrides) {
  const absl::StatusOr<std::string> text = ReadPipelineText(path);
  if (!text.ok()) return text.status();
  return LoadPipelineText(path, *text, overrides);
}

}  // namespace pretext
