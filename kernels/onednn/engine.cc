#include "kernels/onednn/engine.h"

#include "kernels/team/team.h"

namespace pretext {

const dnnl::engine& OnednnEngine() {
  SettleTeam();
  // Never destroyed: plans in static caches outlive main.
  static const dnnl::engine* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::stream& OnednnStream() {
  SettleTeam();
  thread_local dnnl::stream stream(OnednnEngine());
  return stream;
}

}  // namespace pretext
