#include "pipelines/train/bucket_uses.h"

#include <utility>

namespace pretext {

BucketUses::BucketUses(const std::vector<std::vector<const Parameter*>>& buckets,
                       std::function<void(size_t)> gone_by)
    : gone_by_(std::move(gone_by)) {
  for (size_t b = 0; b < buckets.size(); ++b) {
    sizes_.push_back(buckets[b].size());
    for (const Parameter* parameter : buckets[b]) places_[parameter] = {.bucket = b};
  }
  left_ = sizes_;
}

void BucketUses::Begin() {
  left_ = sizes_;
  for (auto& [parameter, place] : places_) place.uses = 0;
}

void BucketUses::Used(const Parameter& parameter) {
  if (const auto found = places_.find(&parameter); found != places_.end()) ++found->second.uses;
}

void BucketUses::Passed(const Parameter& parameter) {
  const auto found = places_.find(&parameter);
  if (found == places_.end() || --found->second.uses > 0) return;
  if (--left_[found->second.bucket] == 0) gone_by_(found->second.bucket);
}

}  // namespace pretext
