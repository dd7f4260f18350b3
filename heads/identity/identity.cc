#include "heads/identity/identity.h"

#include "heads/identity/identity.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Head>> IdentityHeadPlugin::Create(const IdentityHead&,
                                                                 const BuildContext& context) {
  auto head = std::make_unique<IdentityHeadPlugin>();
  head->output_ = context.input;
  return head;
}

Prediction IdentityHeadPlugin::Forward(Tape&, Var h, const Batch&, const ForwardContext&) {
  return {.value = h};
}

PRETEXT_REGISTER_HEAD(IdentityHeadPlugin, IdentityHead);

}  // namespace pretext
