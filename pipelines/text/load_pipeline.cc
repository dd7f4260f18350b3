#include "pipelines/text/load_pipeline.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "base/unicode/text_decoder.h"
#include "pipelines/text/binder.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

// Far above any pipeline: a larger file is data, given by mistake.
constexpr std::uintmax_t kMaxBytes = 1 << 20;

void Merge(std::string name, const std::string& text, LoadedPipeline* pipeline) {
  const int source = pipeline->map.AddSource(std::move(name));
  if (text.size() > kMaxBytes) {
    pipeline->complete = false;
    pipeline->map.AddFault({source, {}}, "",
                           absl::StrCat("is no pipeline: it has ", text.size(), " bytes"));
    return;
  }
  const TextTree tree = ParseTextTree(text);
  if (!tree.faults.empty()) pipeline->complete = false;
  BindText(tree, source, pipeline->config.get(), &pipeline->map);
}

absl::Status CannotRead(const std::string& path, const std::string& why) {
  const fs::path file(path);
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::vector<std::string> pipelines;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".textproto") {
      pipelines.push_back(entry.path().filename().string());
    }
  }
  std::sort(pipelines.begin(), pipelines.end());
  const std::string prefix = file.has_parent_path() ? folder.string() + "/" : "";
  return absl::NotFoundError(absl::StrCat(path, ": cannot be read: ", why,
                                          DidYouMean(file.filename().string(), pipelines, prefix)));
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

absl::StatusOr<LoadedPipeline> LoadPipelineFile(const std::string& path,
                                                const std::vector<std::string>& overrides) {
  std::error_code error;
  if (fs::is_directory(path, error)) return CannotRead(path, "it is a folder");
  if (const std::uintmax_t size = fs::file_size(path, error); !error && size > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is no pipeline: it has ", size, " bytes"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return CannotRead(path, std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return CannotRead(path, std::strerror(errno));
  const absl::StatusOr<std::string> decoded = DecodeText(text.str());
  if (!decoded.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", decoded.status().message()));
  }
  return LoadPipelineText(path, *decoded, overrides);
}

}  // namespace pretext
