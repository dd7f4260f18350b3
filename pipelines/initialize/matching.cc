#include "pipelines/initialize/matching.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace pretext {
namespace {

constexpr absl::string_view kBefore[] = {"module.", "backbone.", "encoder.",   "model.",
                                         "bert.",   "resnet.",   "state_dict."};

// One way of naming.
struct Naming {
  std::string name;
  std::vector<WantedTensor> wanted;
  std::set<std::string> others;         // names of parts that are not wanted
  std::vector<std::string> other_part;  // what their names begin with
  bool may_have_more_before = true;     // kBefore
  std::vector<std::string> unused;
  std::vector<std::pair<std::string, std::string>> copies;
  std::vector<ForeignSetting> settings;
  std::vector<std::string> otherwise;
};

template <class Visit>
void ForEachTensor(const ParameterSet& set, const Visit& visit) {
  for (const Parameter& p : set.parameters()) visit(p.name, p.shape);
  for (const Buffer& b : set.buffers()) visit(b.name, b.shape);
}

std::string FieldOf(const NamedPart& part, const std::string& name) {
  for (const ForeignNames& names : part.foreign) {
    for (const ForeignTensor& tensor : names.tensors) {
      if (tensor.ours == name) return tensor.rows_field;
    }
  }
  return "";
}

// The names of our runs, or with `own` those of the one part that is wanted.
Naming OurNaming(const std::vector<NamedPart>& parts, bool own) {
  Naming naming;
  naming.name = own ? "the part's own" : "pretext";
  naming.may_have_more_before = own;
  // What a run has beside the two, which nobody begins with.
  if (!own) naming.other_part = {"predictor.", "loss.", "teacher."};
  for (const NamedPart& part : parts) {
    // Without a part's name a head's tensors may be called as an encoder's.
    if (own && part.wanted && part.name != "encoder") naming.other_part = {"encoder.", "backbone."};
    if (!part.wanted) {
      if (!own) naming.other_part.push_back(part.name + ".");
      continue;
    }
    ForEachTensor(*part.set, [&](const std::string& name, const Shape& shape) {
      naming.wanted.push_back({.part = part.name,
                               .name = name,
                               .shape = shape,
                               .rows_field = FieldOf(part, name),
                               .theirs = {own ? name : part.name + "." + name},
                               .pieces = {}});
    });
  }
  return naming;
}

Naming ForeignNaming(const std::vector<NamedPart>& parts, const std::string& program) {
  Naming naming;
  naming.name = program;
  for (const NamedPart& part : parts) {
    const auto of = std::find_if(part.foreign.begin(), part.foreign.end(),
                                 [&](const ForeignNames& f) { return f.program == program; });
    std::map<std::string, const ForeignTensor*> tensors;
    if (of != part.foreign.end()) {
      for (const ForeignTensor& tensor : of->tensors) tensors[tensor.ours] = &tensor;
      naming.unused.insert(naming.unused.end(), of->unused.begin(), of->unused.end());
      naming.copies.insert(naming.copies.end(), of->copies.begin(), of->copies.end());
    }
    if (part.wanted && of != part.foreign.end()) {
      naming.settings.insert(naming.settings.end(), of->settings.begin(), of->settings.end());
      naming.otherwise.insert(naming.otherwise.end(), of->otherwise.begin(), of->otherwise.end());
    }
    ForEachTensor(*part.set, [&](const std::string& name, const Shape& shape) {
      const auto tensor = tensors.find(name);
      const bool known = tensor != tensors.end();
      if (part.wanted) {
        naming.wanted.push_back({.part = part.name,
                                 .name = name,
                                 .shape = shape,
                                 .rows_field = known ? tensor->second->rows_field : "",
                                 .theirs = {},
                                 .pieces = {}});
        if (known) naming.wanted.back().theirs = tensor->second->theirs;
      } else if (known) {
        naming.others.insert(tensor->second->theirs.begin(), tensor->second->theirs.end());
      }
    });
  }
  return naming;
}

// The name as it is, and with other ends.
std::vector<std::string> Spellings(const std::string& name) {
  std::vector<std::string> all = {name};
  if (absl::EndsWith(name, ".gamma"))
    all.push_back(absl::StrCat(absl::StripSuffix(name, "gamma"), "weight"));
  if (absl::EndsWith(name, ".beta"))
    all.push_back(absl::StrCat(absl::StripSuffix(name, "beta"), "bias"));
  return all;
}

// The name without the least of what stands before it by which `is_known`, or empty.
std::string KnownName(std::string name, bool may_have_more_before,
                      const std::function<bool(const std::string&)>& is_known) {
  while (true) {
    for (const std::string& spelling : Spellings(name)) {
      if (is_known(spelling)) return spelling;
    }
    const auto before =
        std::find_if(std::begin(kBefore), std::end(kBefore),
                     [&](absl::string_view word) { return absl::StartsWith(name, word); });
    if (!may_have_more_before || before == std::end(kBefore)) return "";
    name.erase(0, before->size());
  }
}

// Finds the tensors of one naming.
class Matcher {
 public:
  Matcher(const SafetensorsHeader& header, const std::string& prefix, Naming naming)
      : naming_(std::move(naming)) {
    matching_.naming = naming_.name;
    matching_.wanted = naming_.wanted;
    matching_.settings = naming_.settings;
    matching_.otherwise = naming_.otherwise;
    for (WantedTensor& tensor : matching_.wanted) {
      tensor.pieces.assign(std::max<size_t>(1, tensor.theirs.size()), nullptr);
      for (size_t i = 0; i < tensor.theirs.size(); ++i)
        places_[tensor.theirs[i]] = &tensor.pieces[i];
    }
    for (const StoredTensor& tensor : header.tensors) {
      std::string name = tensor.name;
      if (!prefix.empty()) {
        if (!absl::StartsWith(name, prefix)) continue;
        name.erase(0, prefix.size());
        if (!absl::EndsWith(prefix, ".")) {
          if (!absl::StartsWith(name, ".")) continue;  // "teacher" is not "teacher2.…"
          name.erase(0, 1);
        }
      }
      Take(tensor, name);
    }
    for (const auto& [copy, original] : naming_.copies) {
      const auto both = seen_.find(copy), of = seen_.find(original);
      if (both != seen_.end() && of != seen_.end())
        matching_.copies.emplace_back(both->second, of->second);
    }
  }

  Matching result() { return std::move(matching_); }

 private:
  bool IsUnused(const std::string& name) const {
    return std::any_of(naming_.unused.begin(), naming_.unused.end(),
                       [&](const std::string& end) { return absl::EndsWith(name, end); });
  }
  bool IsCopy(const std::string& name) const {
    return std::any_of(naming_.copies.begin(), naming_.copies.end(),
                       [&](const auto& copy) { return copy.first == name; });
  }
  bool IsOthers(const std::string& name) const {
    return naming_.others.count(name) > 0 ||
           std::any_of(naming_.other_part.begin(), naming_.other_part.end(),
                       [&](const std::string& part) { return absl::StartsWith(name, part); });
  }

  void Take(const StoredTensor& tensor, const std::string& name) {
    const std::string known = KnownName(
        name, naming_.may_have_more_before,
        [&](const std::string& n) { return places_.count(n) > 0 || IsOthers(n) || IsCopy(n); });
    if (known.empty()) {
      (IsUnused(name) ? matching_.passed_over : matching_.surplus).push_back(&tensor);
      return;
    }
    const auto [before, is_new] = seen_.emplace(known, &tensor);
    if (!is_new) {
      matching_.faults.push_back(absl::StrCat("both ", before->second->name, " and ", tensor.name,
                                              " are ", known,
                                              "; say by `prefix` which of them is meant"));
      return;
    }
    const auto place = places_.find(known);
    if (place == places_.end()) {
      matching_.passed_over.push_back(&tensor);
    } else {
      *place->second = &tensor;
    }
  }

  const Naming naming_;
  Matching matching_;
  std::map<std::string, const StoredTensor**> places_;  // by their names
  std::map<std::string, const StoredTensor*> seen_;
};

int64_t FoundIn(const Matching& matching) {
  int64_t count = 0;
  for (const WantedTensor& tensor : matching.wanted) count += tensor.found() ? 1 : 0;
  return count;
}

}  // namespace

bool WantedTensor::found() const {
  return std::all_of(pieces.begin(), pieces.end(),
                     [](const StoredTensor* piece) { return piece != nullptr; });
}

Matching MatchNames(const SafetensorsHeader& header, const std::string& prefix,
                    const std::vector<NamedPart>& parts) {
  std::vector<Naming> namings = {OurNaming(parts, /*own=*/false)};
  std::set<std::string> programs;
  int wanted = 0;
  for (const NamedPart& part : parts) {
    wanted += part.wanted ? 1 : 0;
    for (const ForeignNames& names : part.foreign) programs.insert(names.program);
  }
  for (const std::string& program : programs) namings.push_back(ForeignNaming(parts, program));
  if (wanted == 1) namings.push_back(OurNaming(parts, /*own=*/true));
  Matching best;
  int64_t most = -1;
  for (Naming& naming : namings) {
    Matching matching = Matcher(header, prefix, std::move(naming)).result();
    const int64_t found = FoundIn(matching);
    if (found <= most) continue;
    most = found;
    best = std::move(matching);
  }
  return best;
}

}  // namespace pretext
