#include "pipelines/evaluate/representation_options.h"

namespace pretext {

RepresentationOptions OptionsOf(const Pipeline::Evaluate& config, const Work& work) {
  RepresentationOptions options{.classify = config.classify(),
                                .knn = {},
                                .batch_size = config.batch_size(),
                                .max_train_samples = config.max_train_samples(),
                                .max_test_samples = config.max_test_samples(),
                                .work = work};
  for (const Pipeline::Knn& knn : config.knn()) options.knn.push_back({knn.k(), knn.temperature()});
  options.probe_options = {.decay = config.probe().l2(),
                           .max_iterations = config.probe().max_iterations(),
                           .work = work};
  return options;
}

}  // namespace pretext
