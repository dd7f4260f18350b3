#include "pipelines/model/momentum_teacher.h"

#include <algorithm>

#include "base/check/check.h"
#include "base/parallel/parallel.h"

namespace pretext {
namespace {

// to ← m to + (1 - m) from; m = 1 leaves every bit, and m = 0 copies.
void Approach(float m, const Tensor& from, Tensor& to) {
  constexpr int64_t kBlock = 4096;
  const Tensor source = from.InLayout(to.layout());
  const float* const x = source.data();
  float* const y = to.data();
  const float rest = 1 - m;
  ParallelBlocks(static_cast<int64_t>(to.bytes() / sizeof(float)), kBlock, 1,
                 [&](int64_t begin, int64_t end) {
                   if (m == 0) {
                     std::copy(x + begin, x + end, y + begin);
                   } else {
                     for (int64_t i = begin; i < end; ++i) y[i] = m * y[i] + rest * x[i];
                   }
                 });
}

void Approach(float m, const ParameterSet& from, ParameterSet& to, bool buffers) {
  PRETEXT_CHECK(from.parameters().size() == to.parameters().size() &&
                    from.buffers().size() == to.buffers().size(),
                "a teacher is built as its student");
  for (size_t i = 0; i < from.parameters().size(); ++i) {
    Approach(m, from.parameters()[i].value, to.parameters()[i].value);
  }
  for (size_t i = 0; i < from.buffers().size(); ++i) {
    if (buffers) Approach(m, from.buffers()[i].value, to.buffers()[i].value);
  }
}

void TakeFrozen(const ParameterSet& from, ParameterSet& to) {
  for (size_t i = 0; i < from.buffers().size(); ++i)
    to.buffers()[i].frozen = from.buffers()[i].frozen;
}

}  // namespace

MomentumTeacher::MomentumTeacher(std::unique_ptr<Encoder> encoder, std::unique_ptr<Head> head,
                                 const TeacherOptions& options)
    : encoder_(std::move(encoder)), head_(std::move(head)), options_(options) {
  for (ParameterSet* set : {&encoder_->parameters(), &head_->parameters()}) {
    for (Parameter& parameter : set->parameters()) parameter.frozen = true;
  }
}

void MomentumTeacher::Begin(const Encoder& encoder, const Head& head) {
  Approach(0, encoder.parameters(), encoder_->parameters(), /*buffers=*/true);
  Approach(0, head.parameters(), head_->parameters(), /*buffers=*/true);
  TakeFrozen(encoder.parameters(), encoder_->parameters());
  TakeFrozen(head.parameters(), head_->parameters());
}

void MomentumTeacher::Follow(const Encoder& encoder, const Head& head,
                             const RunPosition& position) {
  const auto m = static_cast<float>(options_.momentum.At(position));
  Approach(m, encoder.parameters(), encoder_->parameters(), options_.buffers_follow);
  Approach(m, head.parameters(), head_->parameters(), options_.buffers_follow);
}

}  // namespace pretext
