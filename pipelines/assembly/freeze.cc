#include "pipelines/assembly/freeze.h"

#include <algorithm>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/text/nearest.h"
#include "core/plugin/field_checker.h"
#include "pipelines/assembly/run_length.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

// Calls visit(parameter or buffer) for each that can be frozen: what a loss remembers cannot.
template <class Visit>
void ForEach(const Model::NamedSet& part, const Visit& visit) {
  for (Parameter& p : part.set->parameters()) visit(p);
  if (part.name == "loss") return;
  for (Buffer& b : part.set->buffers()) visit(b);
}

template <class Each>
constexpr bool IsParameter(const Each&) {
  return std::is_same_v<Each, Parameter>;
}

// A name without the part's, which stands before it once it is allocated.
std::string OwnName(const Model::NamedSet& part, const std::string& name) {
  return std::string(absl::StripPrefix(name, part.name + "."));
}

// Calls visit(parameter or buffer) for each that bears the asked name; whether there was one.
template <class Visit>
bool ForEachNamed(const Model& model, absl::string_view asked, const Visit& visit) {
  const std::string name(absl::StripSuffix(asked, "."));
  bool any = false;
  const auto look_in = [&](const Model::NamedSet& part, const std::string& beginning) {
    ForEach(part, [&](auto& each) {
      if (!beginning.empty() && !BeginsWith(OwnName(part, each.name), beginning)) return;
      visit(each);
      any = true;
    });
  };
  const std::vector<Model::NamedSet> parts = model.trained_sets();
  for (const Model::NamedSet& part : parts) {
    if (!BeginsWith(name, part.name)) continue;
    look_in(part, std::string(absl::StripPrefix(name.substr(part.name.size()), ".")));
  }
  // An encoder may itself have an "encoder.0".
  if (!any) look_in(parts.front(), name);
  return any;
}

// Whether it may name something of a part whose own faults kept it from being built.
bool IsOfMissingPart(const Pipeline& config, const Model& model, absl::string_view asked) {
  const std::string name(asked);
  return (model.loss == nullptr && BeginsWith(name, "loss")) ||
         (config.has_predictor() && model.predictor == nullptr && BeginsWith(name, "predictor"));
}

// The beginning of a name that stands for its layer: "conv1", "layers.0" and not "layers" alone.
std::string LayerOf(const std::string& name) {
  size_t end = std::min(name.find('.'), name.size());
  const size_t next = end + 1;
  if (next < name.size() && absl::ascii_isdigit(static_cast<unsigned char>(name[next])))
    end = std::min(name.find('.', next), name.size());
  return name.substr(0, end);
}

// Whether it names something that a loss remembers.
bool IsRemembered(const std::string& asked, const Model& model) {
  if (model.loss == nullptr) return false;
  const std::string name(absl::StripSuffix(asked, "."));
  const auto& buffers = model.loss->parameters().buffers();
  return std::any_of(buffers.begin(), buffers.end(), [&](const Buffer& b) {
    return BeginsWith(absl::StrCat("loss.", absl::StripPrefix(b.name, "loss.")), name);
  });
}

std::string NotThere(const std::string& asked, const Model& model) {
  if (IsRemembered(asked, model)) {
    return absl::StrCat("names what the loss remembers, which cannot be frozen: ", Quoted(asked),
                        "; leave it out");
  }
  std::vector<std::string> candidates, layers;
  for (const Model::NamedSet& part : model.trained_sets()) {
    const bool encoder = part.name == "encoder";
    bool any = false;
    ForEach(part, [&](const auto& each) {
      const std::string name = OwnName(part, each.name);
      any = true;
      for (size_t end = name.find('.'); true; end = name.find('.', end + 1)) {
        if (encoder) candidates.push_back(name.substr(0, end));
        candidates.push_back(absl::StrCat(part.name, ".", name.substr(0, end)));
        if (end == std::string::npos) break;
      }
      const std::string layer =
          encoder ? LayerOf(name) : absl::StrCat(part.name, ".", LayerOf(name));
      if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
    });
    if (any) candidates.push_back(part.name);
  }
  return absl::StrCat("names no parameter: ", Quoted(asked),
                      NearestAndKnown(asked, candidates, "There are", ListOrNone(layers)));
}

void CheckFreezeFor(const Pipeline& config, const Model& model, FieldChecker& check) {
  for (int i = 0; i < config.freeze_for_size(); ++i) {
    const Pipeline::FreezeFor& entry = config.freeze_for(i);
    const std::string field = absl::StrCat("freeze_for[", i, "]");
    check.That(entry.length_case() != Pipeline::FreezeFor::LENGTH_NOT_SET, field,
               "needs steps or epochs, e.g. freeze_for { name: \"loss.prototypes\" epochs: 1 }");
    if (entry.has_steps()) check.AtLeast(field + ".steps", entry.steps(), 1);
    if (entry.has_epochs()) check.Positive(field + ".epochs", entry.epochs());
    if (!check.NotEmpty(field + ".name", entry.name())) continue;
    bool parameters = false, trained = false;
    const bool any = ForEachNamed(model, entry.name(), [&](const auto& each) {
      parameters |= IsParameter(each);
      trained |= IsParameter(each) && !each.frozen;
    });
    if (!any && IsOfMissingPart(config, model, entry.name())) continue;
    if (!any) check.That(false, field + ".name", NotThere(entry.name(), model));
    check.That(!any || parameters, field + ".name",
               absl::StrCat("names running statistics alone: ", Quoted(entry.name()),
                            "; what is kept from training for a time are parameters, and freeze "
                            "keeps statistics throughout"));
    check.That(!parameters || trained, field + ".name",
               absl::StrCat("names what `freeze` keeps from training throughout: ",
                            Quoted(entry.name()), "; leave one of them out"));
  }
}

}  // namespace

bool BeginsWith(const std::string& name, const std::string& beginning) {
  return absl::StartsWith(name, beginning) &&
         (name.size() == beginning.size() || name[beginning.size()] == '.');
}

int64_t FrozenCount(const Model& model) {
  int64_t count = 0;
  for (const Model::NamedSet& part : model.trained_sets()) {
    for (const Parameter& p : part.set->parameters()) count += p.frozen ? p.shape.size() : 0;
  }
  return count;
}

absl::Status Freeze(const Pipeline& config, const Model& model) {
  FieldChecker check;
  for (int i = 0; i < config.freeze_size(); ++i) {
    const std::string field = absl::StrCat("freeze[", i, "]");
    if (!check.NotEmpty(field, absl::StripSuffix(config.freeze(i), "."))) continue;
    const bool any = ForEachNamed(model, config.freeze(i), [](auto& each) { each.frozen = true; });
    if (!any && IsOfMissingPart(config, model, config.freeze(i))) continue;
    if (!any) check.That(false, field, NotThere(config.freeze(i), model));
  }
  CheckFreezeFor(config, model, check);
  int64_t all = 0;
  for (const Model::NamedSet& part : model.trained_sets()) all += part.set->count();
  check.That(config.freeze_size() == 0 || !check.ok() || FrozenCount(model) < all, "freeze",
             "leaves nothing to train: all parameters are frozen");
  return check.status();
}

std::vector<FrozenFor> FrozenForATime(const Pipeline& config, const Model& model,
                                      double steps_per_epoch) {
  std::vector<FrozenFor> frozen;
  for (const Pipeline::FreezeFor& entry : config.freeze_for()) {
    const int64_t steps =
        entry.has_steps() ? entry.steps() : StepsOf(entry.epochs(), steps_per_epoch);
    ForEachNamed(model, entry.name(), [&](auto& each) {
      if constexpr (std::is_same_v<std::decay_t<decltype(each)>, Parameter>) {
        const auto known = std::find_if(frozen.begin(), frozen.end(), [&](const FrozenFor& other) {
          return other.parameter == &each;
        });
        if (known == frozen.end()) {
          frozen.push_back({&each, steps, entry.name()});
        } else if (known->steps < steps) {
          *known = {&each, steps, entry.name()};
        }
      }
    });
  }
  return frozen;
}

}  // namespace pretext
