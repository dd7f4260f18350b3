#include "pipelines/assembly/part_maker.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

// Numbers in one sample between two parts.
constexpr int64_t kMaxSampleSize = int64_t{1} << 31;

}  // namespace

FlowType PartMaker::Bounded(const FlowType& type, const std::string& path) {
  const int64_t size = CheckedSize(type);
  if (size >= 0 && size <= kMaxSampleSize) return type;
  map_.AddFaults(path, absl::InvalidArgumentError(absl::StrCat("gives ", type.ToString(),
                                                               ", more than the ", kMaxSampleSize,
                                                               " numbers that a sample may have")));
  return FlowType();
}

absl::Status PartMaker::Missing(absl::string_view kind) {
  std::vector<std::string> known;
  for (const Plugin* plugin : PluginsOfKind(kind)) known.push_back(plugin->name);
  return absl::InvalidArgumentError(
      absl::StrCat("is missing; write ", kind, " { ",
                   TypeInBrackets(known.empty() ? "PACKAGE.TYPE" : known.front()),
                   " { … } }. Known: ", ListOrNone(known), "."));
}

}  // namespace pretext
