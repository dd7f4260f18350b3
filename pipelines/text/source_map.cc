#include "pipelines/text/source_map.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/text/one_line.h"

namespace pretext {
namespace {

// "a.b[1]" -> "a.b" -> "a" -> ""
absl::string_view Parent(absl::string_view path) {
  const size_t end = path.find_last_of(".[");
  return end == absl::string_view::npos ? "" : path.substr(0, end);
}

bool IsBelow(absl::string_view path, absl::string_view ancestor) {
  if (ancestor.empty() || path == ancestor) return true;
  return absl::StartsWith(path, ancestor) &&
         (path[ancestor.size()] == '.' || path[ancestor.size()] == '[');
}

}  // namespace

int SourceMap::AddSource(std::string name) {
  sources_.push_back(std::move(name));
  return static_cast<int>(sources_.size()) - 1;
}

void SourceMap::Forget(const std::string& path) {
  for (auto place = places_.lower_bound(path);
       place != places_.end() && absl::StartsWith(place->first, path);) {
    place = IsBelow(place->first, path) ? places_.erase(place) : std::next(place);
  }
}

Place SourceMap::PlaceOf(absl::string_view path) const {
  for (; !path.empty(); path = Parent(path)) {
    const auto found = places_.find(path);
    if (found != places_.end()) return found->second;
  }
  return {};
}

void SourceMap::AddFault(const Place& place, const std::string& path, const std::string& message) {
  faults_.push_back({place, {path, message}});
}

bool SourceMap::IsDoubtful(absl::string_view path) const {
  for (; !path.empty(); path = Parent(path)) {
    if (doubtful_.find(path) != doubtful_.end()) return true;
  }
  return false;
}

bool SourceMap::HasDoubt(absl::string_view path) const {
  return std::any_of(doubtful_.begin(), doubtful_.end(),
                     [path](const std::string& doubtful) { return IsBelow(doubtful, path); });
}

void SourceMap::AddFaults(const std::string& path, const absl::Status& status) {
  for (const Fault& fault : FaultsOf(status)) {
    const bool of_the_part = fault.path.empty();
    const std::string full = JoinPath(path, fault.path);
    if (IsDoubtful(full) || (of_the_part && HasDoubt(path))) continue;
    AddFault(PlaceOf(full), full, fault.message);
  }
}

void SourceMap::AddFieldFaults(const std::string& path, const absl::Status& status) {
  std::vector<Fault> faults = FaultsOf(status);
  faults.erase(std::remove_if(faults.begin(), faults.end(),
                              [](const Fault& fault) { return fault.path.empty(); }),
               faults.end());
  AddFaults(path, FaultsToStatus(faults));
}

absl::Status SourceMap::status() const {
  if (ok()) return absl::OkStatus();
  std::vector<PlacedFault> faults = faults_;
  std::stable_sort(faults.begin(), faults.end(), [](const PlacedFault& a, const PlacedFault& b) {
    return std::tie(a.place.source, a.place.at.line, a.place.at.column) <
           std::tie(b.place.source, b.place.at.line, b.place.at.column);
  });
  std::vector<std::string> lines;
  for (const PlacedFault& fault : faults) {
    lines.push_back(absl::StrCat(sources_[fault.place.source], ":", fault.place.at.line, ":",
                                 fault.place.at.column, ": ", OnOneLine(fault.fault.ToString())));
  }
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

}  // namespace pretext
