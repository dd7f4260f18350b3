// What a batch's representations tell about the health of a run, beside the loss
// (pipelines/verdicts says it in words).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/flow/batch.h"
#include "core/tensor/tensor.h"

namespace pretext {

class Monitor {
 public:
  using Metrics = std::vector<std::pair<std::string, double>>;

  // h, z [R, D] of a batch's rows; others (images, sequences, undefined) are passed over. At most
  // 256 rows are looked at.
  //
  //   h_spread          mean over features of the standard deviation of √D · h/‖h‖: 1 for
  //                     directions spread evenly, 0 when all are alike (Chen and He 2021,
  //                     "Exploring simple Siamese representation learning")
  //   h_effective_rank  exp of the entropy of the eigenvalues of the covariance of h/‖h‖ (Roy and
  //                     Vetterli 2007): how many directions h really uses, at most min(rows - 1, D)
  //
  // and where z is compared with other z, of two views or more or with `targets`, of z/‖z‖:
  //
  //   z_spread          as h_spread: a loss without negatives may leave h as it was and make all z
  //                     alike
  //
  // and with two views or more, after Wang and Isola 2020:
  //
  //   alignment         mean ‖z_a - z_b‖² over positive pairs of the first two views; lower is
  //                     closer
  //   uniformity        log of the mean of e^(-2 ‖z_i - z_j‖²) over pairs of the first view; lower
  //                     is more even
  Metrics Measure(const Tensor& h, const Tensor& z, const Batch& batch, bool targets = false) const;
};

}  // namespace pretext
