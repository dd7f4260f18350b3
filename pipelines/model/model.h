// The parts that a run trains, and those that follow them.
//
//   student   value = q(g(f(x)))     q, the predictor, where there is one
//   teacher   target = g'(f'(x))     f', g' follow f and g (momentum_teacher.h)
//
// What a method is called is not known here: BYOL is a predictor, a teacher and a loss; SimSiam is
// that without a teacher.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/encoder.h"
#include "core/plugin/head.h"
#include "core/plugin/loss.h"
#include "core/plugin/optimizer.h"
#include "pipelines/model/momentum_teacher.h"

namespace pretext {

// Views that are alike in type, and go through the encoder at once.
struct ViewGroup {
  std::string name;   // empty where the pipeline names none
  int64_t first = 0;  // of its views among the batch's
  int64_t views = 1;
  FlowType type;
  bool student = true;  // the trained encoder sees it
  bool target = true;   // its views are targets: the teacher's, or of a loss that takes them from z
};

// The numbers of the views that are in groups of that kind, ascending.
std::vector<int64_t> ViewsOf(const std::vector<ViewGroup>& groups, bool ViewGroup::*kind);

struct Model {
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Head> head;
  std::unique_ptr<Head> predictor;           // null without
  std::unique_ptr<MomentumTeacher> teacher;  // null without
  std::unique_ptr<Loss> loss;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<ViewGroup> groups;

  // A set of parameters by the name that stands before theirs: "encoder", "head", "predictor",
  // "loss", "teacher.encoder", "teacher.head".
  struct NamedSet {
    std::string name;
    ParameterSet* set;
  };
  // Those that learn; all, the teacher's too. Parts that are missing are passed over.
  std::vector<NamedSet> trained_sets() const;
  std::vector<NamedSet> all_sets() const;
  // The same without their names.
  std::vector<ParameterSet*> parameter_sets() const;

  // What is trained: parameters of the trained sets that are not frozen.
  std::vector<Parameter*> trained_parameters() const;

  // What makes the loss's values: the predictor, or without one the head.
  const Head& final_head() const { return predictor != nullptr ? *predictor : *head; }

  // The encoder that is evaluated and kept: the trained one, or the teacher's.
  Encoder& kept_encoder() const;

  // Allocates and initialises all of them; the teacher's values are a copy of the student's.
  void Allocate(uint64_t seed);
  // The teacher is as the student is: once the student's first values are there.
  void BeginTeacher();

  // Around a step: before its passes, which add to gradients that are none then, and after the
  // optimizer's update.
  void BeginStep(const RunPosition& position);
  void EndStep(const RunPosition& position);
};

}  // namespace pretext
