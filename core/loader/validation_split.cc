#include "core/loader/validation_split.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/random/random.h"
#include "base/text/counted.h"
#include "core/flow/by_class.h"
#include "core/flow/held_out.h"
#include "core/loader/content_sums.h"

namespace pretext {
namespace {

// Copies of one sample.
struct Group {
  double place = 0;  // in [0, 1), by the content
  uint32_t sum = 0;
  int64_t size = 0;
  bool is_kept = false;
};

// Marks groups, by their places, that together have about `share` samples: none that would bring
// the sum further away, but one at least, and not all.
void Keep(std::vector<Group*>& groups, int64_t share) {
  std::sort(groups.begin(), groups.end(), [](const Group* a, const Group* b) {
    return std::pair(a->place, a->sum) < std::pair(b->place, b->sum);
  });
  int64_t kept = 0;
  size_t left = groups.size();
  for (Group* const group : groups) {
    const bool is_nearer = std::abs(kept + group->size - share) <= std::abs(kept - share);
    if (left <= 1 || kept >= share || !is_nearer) continue;
    group->is_kept = true;
    kept += group->size;
    --left;
  }
  if (kept > 0 || share == 0 || groups.size() < 2) return;
  const auto smallest = std::min_element(groups.begin(), groups.end(),
                                         [](auto* a, auto* b) { return a->size < b->size; });
  (*smallest)->is_kept = true;
}

}  // namespace

absl::Status ValidationSplit::Load() {
  if (absl::Status status = dataset_->Load(); !status.ok()) return status;
  absl::StatusOr<std::vector<SampleSum>> sums = SumsOf(*dataset_, Split::kTrain);
  if (!sums.ok()) return sums.status();
  sums_ = *std::move(sums);
  const auto count = static_cast<int64_t>(sums_.size());

  absl::node_hash_map<uint32_t, Group> groups;
  std::map<int32_t, std::vector<Group*>> classes;  // copies are where the first of them is
  for (const SampleSum& sum : sums_) {
    Group& group = groups[sum.content];
    if (group.size++ > 0) continue;
    group.sum = sum.content;
    group.place = Random({.purpose = Purpose::kSplit, .sample = group.sum}).Uniform();
    classes[labelled() ? sum.label : -1].push_back(&group);
  }
  std::vector<int64_t> class_sizes;
  for (const auto& [label, its] : classes) {
    int64_t size = 0;
    for (const Group* group : its) size += group->size;
    class_sizes.push_back(size);
  }
  const std::vector<int64_t> shares =
      SharesOfClasses(class_sizes, HeldOutCount(count, fraction_), /*leaves_one=*/true);
  size_t c = 0;
  for (auto& [label, its] : classes) Keep(its, shares[c++]);
  train_.clear();
  validation_.clear();
  for (int64_t i = 0; i < count; ++i)
    (groups[sums_[static_cast<size_t>(i)].content].is_kept ? validation_ : train_).push_back(i);
  if (train_.empty() || validation_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "evaluate.validation: ", fraction_, " of ", Counted(count), " samples leaves ",
        train_.empty() ? "none to train on" : "none for validation", ": equal samples go together",
        labelled() ? ", and each class keeps some to train on" : ""));
  }
  return absl::OkStatus();
}

int64_t ValidationSplit::IndexOf(Split split, int64_t index) const {
  if (split == Split::kTest) return index;
  return (split == Split::kTrain ? train_ : validation_)[static_cast<size_t>(index)];
}

std::optional<SampleSum> ValidationSplit::Sum(Split split, int64_t index) const {
  if (split == Split::kTest) return dataset_->Sum(split, index);
  return sums_[static_cast<size_t>(IndexOf(split, index))];
}

std::optional<int32_t> ValidationSplit::Label(Split split, int64_t index) const {
  if (split == Split::kTest) return dataset_->Label(split, index);
  return sums_[static_cast<size_t>(IndexOf(split, index))].label;
}

int64_t ValidationSplit::size(Split split) const {
  switch (split) {
    case Split::kTrain:
      return static_cast<int64_t>(train_.size());
    case Split::kValidation:
      return static_cast<int64_t>(validation_.size());
    case Split::kTest:
      break;
  }
  return dataset_->size(Split::kTest);
}

absl::Status ValidationSplit::Read(Split split, int64_t index, Sample& sample) const {
  absl::Status status = dataset_->Read(Of(split), IndexOf(split, index), sample);
  sample.index = index;
  return status;
}

absl::Status ValidationSplit::Fetch(Split split, int64_t index, Sample& sample) const {
  absl::Status status = dataset_->Fetch(Of(split), IndexOf(split, index), sample);
  sample.index = index;
  return status;
}

std::string ValidationSplit::Summary() const {
  return absl::StrCat(dataset_->Summary(), "; ", Counted(size(Split::kValidation)),
                      " of the training samples kept for validation");
}

}  // namespace pretext
