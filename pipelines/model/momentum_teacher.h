// The teacher: a second encoder and head that follow the first, without tape and gradients.
//
//   θ' ← m θ' + (1 - m) θ      θ the student's parameters, m the momentum at that step
//
// He et al. 2020, "Momentum contrast", equation 2; Grill et al. 2020, "Bootstrap your own latent",
// equation 1 and section 3.3 (m rising to 1 along a cosine). Where systems differ is a field:
// docs/methods.md says which peer does what.
#pragma once

#include <memory>
#include <utility>

#include "core/flow/schedule.h"
#include "core/plugin/encoder.h"
#include "core/plugin/head.h"

namespace pretext {

struct TeacherOptions {
  RampSchedule momentum;
  bool before_forward = false;  // followed before a step's passes, else after its update
  // Buffers (running statistics) follow as parameters do; else they are those of the teacher's own
  // passes.
  bool buffers_follow = false;
  bool dropout = false;  // in the teacher's passes
  bool kept = false;     // its encoder is evaluated and kept, not the trained one
};

class MomentumTeacher {
 public:
  // The parts are built as the student's were, and not allocated yet.
  MomentumTeacher(std::unique_ptr<Encoder> encoder, std::unique_ptr<Head> head,
                  const TeacherOptions& options);

  Encoder& encoder() const { return *encoder_; }
  Head& head() const { return *head_; }
  const TeacherOptions& options() const { return options_; }

  // Takes the student's values as they are, and which of its statistics are frozen.
  void Begin(const Encoder& encoder, const Head& head);
  // One step on its way after the student.
  void Follow(const Encoder& encoder, const Head& head, const RunPosition& position);

 private:
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
  const TeacherOptions options_;
};

}  // namespace pretext
