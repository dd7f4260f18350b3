#include "pipelines/assembly/model_flow.h"

namespace pretext {

BuildContext EncoderContext(const Assembled& parts) {
  return {.input = parts.view,
          .sample = parts.sample,
          .view = parts.view,
          .views = parts.views(),
          .labelled = parts.dataset->labelled(),
          .tokenizer = parts.dataset->tokenizer()};
}

}  // namespace pretext
