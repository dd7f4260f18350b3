#include "pipelines/assembly/freeze.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/text/nearest.h"
#include "core/plugin/field_checker.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

// Calls visit(name, frozen) for each parameter and buffer.
template <class Visit>
void ForEachName(ParameterSet& set, const Visit& visit) {
  for (Parameter& p : set.parameters()) visit(p.name, p.frozen);
  for (Buffer& b : set.buffers()) visit(b.name, b.frozen);
}

// Whether anything of the set bears the name, and is frozen now.
bool FreezeNamed(ParameterSet& set, const std::string& beginning) {
  bool any = false;
  ForEachName(set, [&](const std::string& name, bool& frozen) {
    if (!beginning.empty() && !BeginsWith(name, beginning)) return;
    frozen = any = true;
  });
  return any;
}

// Every beginning of the set's names.
void AddBeginnings(ParameterSet& set, const std::string& part, std::vector<std::string>& all) {
  ForEachName(set, [&](const std::string& name, bool&) {
    for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
      all.push_back(part + name.substr(0, dot));
    }
    all.push_back(part + name);
  });
}

std::string NotThere(const std::string& asked, ParameterSet& encoder, ParameterSet& head) {
  std::vector<std::string> candidates = {"encoder", "head"};
  AddBeginnings(encoder, "", candidates);
  AddBeginnings(encoder, "encoder.", candidates);
  AddBeginnings(head, "head.", candidates);
  std::vector<std::string> layers = LayerNames(encoder);
  for (const std::string& name : LayerNames(head)) layers.push_back("head." + name);
  return absl::StrCat("names no parameter: ", Quoted(asked), DidYouMean(asked, candidates),
                      ". There are: ", ListOrNone(layers));
}

}  // namespace

bool BeginsWith(const std::string& name, const std::string& beginning) {
  return absl::StartsWith(name, beginning) &&
         (name.size() == beginning.size() || name[beginning.size()] == '.');
}

std::vector<std::string> LayerNames(const ParameterSet& set) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    size_t end = std::min(name.find('.'), name.size());
    // "layers.0" and not "layers" alone.
    const size_t next = end + 1;
    if (next < name.size() && absl::ascii_isdigit(static_cast<unsigned char>(name[next])))
      end = std::min(name.find('.', next), name.size());
    if (seen.insert(name.substr(0, end)).second) names.push_back(name.substr(0, end));
  };
  for (const Parameter& p : set.parameters()) add(p.name);
  for (const Buffer& b : set.buffers()) add(b.name);
  return names;
}

int64_t FrozenCount(const ParameterSet& set) {
  int64_t count = 0;
  for (const Parameter& p : set.parameters()) count += p.frozen ? p.shape.size() : 0;
  return count;
}

absl::Status Freeze(const Pipeline& config, ParameterSet& encoder, ParameterSet& head) {
  FieldChecker check;
  for (int i = 0; i < config.freeze_size(); ++i) {
    const std::string field = absl::StrCat("freeze[", i, "]");
    const std::string name(absl::StripSuffix(config.freeze(i), "."));
    if (!check.NotEmpty(field, name)) continue;
    bool any = false;
    if (BeginsWith(name, "head")) {
      any = FreezeNamed(head, std::string(absl::StripPrefix(name.substr(4), ".")));
    } else if (BeginsWith(name, "encoder")) {
      any = FreezeNamed(encoder, std::string(absl::StripPrefix(name.substr(7), ".")));
    }
    // An encoder may itself have an "encoder.0".
    if (!any) any = FreezeNamed(encoder, name);
    if (!any) check.That(false, field, NotThere(config.freeze(i), encoder, head));
  }
  const int64_t all = encoder.count() + head.count();
  check.That(
      config.freeze_size() == 0 || !check.ok() || FrozenCount(encoder) + FrozenCount(head) < all,
      "freeze", "leaves nothing to train: all parameters are frozen");
  return check.status();
}

}  // namespace pretext
