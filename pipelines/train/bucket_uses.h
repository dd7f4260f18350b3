// Which buckets of parameters a tape's way back has gone by as a whole: their gradients change no
// more.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>
#include <vector>

#include "core/autograd/autograd.h"

namespace pretext {

class BucketUses final : public UseListener {
 public:
  // gone_by(b) when no use of any parameter of buckets[b] is left. A bucket with a parameter that
  // the tape does not use is never gone by: it is whole when the pass is over.
  BucketUses(const std::vector<std::vector<const Parameter*>>& buckets,
             std::function<void(size_t)> gone_by);

  // Before a pass.
  void Begin();

  void Used(const Parameter& parameter) override;
  void Passed(const Parameter& parameter) override;

 private:
  struct Place {
    size_t bucket;
    int uses = 0;  // that the way back has not come by
  };
  const std::function<void(size_t)> gone_by_;
  std::unordered_map<const Parameter*, Place> places_;
  std::vector<size_t> sizes_, left_;  // parameters of each bucket, those not gone by
};

}  // namespace pretext
