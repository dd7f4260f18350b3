// The processor as oneDNN sees it: one engine for the process, one stream a thread.
#pragma once

#include <dnnl.hpp>

namespace pretext {

const dnnl::engine& OnednnEngine();

// In order; execute() has finished when it returns (OpenMP runtime).
dnnl::stream& OnednnStream();

}  // namespace pretext
