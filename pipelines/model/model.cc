#include "pipelines/model/model.h"

namespace pretext {

std::vector<int64_t> ViewsOf(const std::vector<ViewGroup>& groups, bool ViewGroup::*kind) {
  std::vector<int64_t> views;
  for (const ViewGroup& group : groups) {
    for (int64_t v = 0; group.*kind && v < group.views; ++v) views.push_back(group.first + v);
  }
  return views;
}

std::vector<Model::NamedSet> Model::trained_sets() const {
  std::vector<NamedSet> sets;
  const auto add = [&](const char* name, const auto& part) {
    if (part != nullptr) sets.push_back({name, &part->parameters()});
  };
  add("encoder", encoder);
  add("head", head);
  add("predictor", predictor);
  add("loss", loss);
  return sets;
}

std::vector<Model::NamedSet> Model::all_sets() const {
  std::vector<NamedSet> sets = trained_sets();
  if (teacher == nullptr) return sets;
  sets.push_back({"teacher.encoder", &teacher->encoder().parameters()});
  sets.push_back({"teacher.head", &teacher->head().parameters()});
  return sets;
}

std::vector<ParameterSet*> Model::parameter_sets() const {
  std::vector<ParameterSet*> sets;
  for (const NamedSet& named : all_sets()) sets.push_back(named.set);
  return sets;
}

std::vector<Parameter*> Model::trained_parameters() const {
  std::vector<Parameter*> parameters;
  for (const NamedSet& named : trained_sets()) {
    for (Parameter& p : named.set->parameters()) {
      if (!p.frozen) parameters.push_back(&p);
    }
  }
  return parameters;
}

Encoder& Model::kept_encoder() const {
  return teacher != nullptr && teacher->options().kept ? teacher->encoder() : *encoder;
}

void Model::Allocate(uint64_t seed) {
  for (const NamedSet& named : all_sets()) named.set->Allocate(named.name, seed);
  BeginTeacher();
}

void Model::BeginTeacher() {
  if (teacher != nullptr) teacher->Begin(*encoder, *head);
}

void Model::BeginStep(const RunPosition& position) {
  if (teacher != nullptr && teacher->options().before_forward)
    teacher->Follow(*encoder, *head, position);
  for (const NamedSet& named : trained_sets()) named.set->ZeroGradients();
  loss->BeginStep(position);
}

void Model::EndStep(const RunPosition& position) {
  if (teacher != nullptr && !teacher->options().before_forward)
    teacher->Follow(*encoder, *head, position);
  loss->AfterStep();
}

}  // namespace pretext
