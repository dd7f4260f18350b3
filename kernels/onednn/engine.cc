#include "kernels/onednn/engine.h"

namespace pretext {

const dnnl::engine& OnednnEngine() {
  // Never destroyed: plans in static caches outlive main.
  static const dnnl::engine* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::stream& OnednnStream() {
  thread_local dnnl::stream stream(OnednnEngine());
  return stream;
}

}  // namespace pretext
