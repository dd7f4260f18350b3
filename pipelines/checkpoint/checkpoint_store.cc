#include "pipelines/checkpoint/checkpoint_store.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/folder.h"

namespace pretext {
namespace {

constexpr char kStep[] = "step-";

absl::StatusOr<bool> IsThere(const std::string& folder) {
  const absl::StatusOr<PathKind> kind = KindOfPath(WholeFolder(folder));
  if (!kind.ok()) return kind.status();
  return *kind != PathKind::kNothing;
}

}  // namespace

std::string CheckpointStore::PathOf(int64_t step) const {
  return absl::StrCat(others_, "/", kStep, step);
}

absl::StatusOr<std::vector<int64_t>> CheckpointStore::OlderSteps() const {
  std::vector<int64_t> steps;
  const absl::StatusOr<bool> any = IsThere(others_);
  if (!any.ok()) return any.status();
  if (!*any) return steps;
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(others_);
  if (!names.ok()) return names.status();
  for (absl::string_view name : *names) {
    int64_t step = 0;
    if (absl::ConsumePrefix(&name, kStep) && absl::SimpleAtoi(name, &step)) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

absl::Status CheckpointStore::RemoveTooMany() const {
  const absl::StatusOr<std::vector<int64_t>> steps = OlderSteps();
  if (!steps.ok()) return steps.status();
  for (size_t i = static_cast<size_t>(keep_ - 1); i < steps->size(); ++i) {
    if (absl::Status status = RemoveAll(PathOf((*steps)[i])); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckpointStore::ClearUp() const {
  const std::string old = OldFolder(latest_);
  if (WholeFolder(latest_) == old) return ReplaceFolder(old, latest_);
  if (absl::Status s = RemoveAll(CheckpointAside(others_ + "/best")); !s.ok()) return s;
  for (const std::string& left : {CheckpointAside(latest_), old}) {
    const absl::StatusOr<bool> there = IsThere(left);
    if (!there.ok()) return there.status();
    if (!*there) continue;
    // The one before, not put away yet; a later one was never the latest.
    const absl::StatusOr<CheckpointFacts> facts = ReadCheckpointFacts(left);
    const bool is_before = keep_ > 1 && facts.ok() && latest_cursor_.has_value() &&
                           facts->cursor.step < latest_cursor_->step && stays_(facts->cursor);
    absl::Status status = is_before ? MakeFolders(others_) : RemoveAll(left);
    if (is_before && status.ok()) status = ReplaceFolder(left, PathOf(facts->cursor.step));
    if (!status.ok()) return status;
  }
  return RemoveTooMany();
}

absl::Status CheckpointStore::Save(const CheckpointFacts& facts, const ModelState& state) {
  std::string old_to;
  if (keep_ > 1 && latest_cursor_.has_value() && latest_cursor_->step != facts.cursor.step &&
      stays_(*latest_cursor_)) {
    old_to = PathOf(latest_cursor_->step);
    if (absl::Status status = MakeFolders(others_); !status.ok()) return status;
  }
  absl::Status status = SaveCheckpoint(latest_, facts, state, old_to);
  if (!status.ok()) return status;
  latest_cursor_ = facts.cursor;
  return RemoveTooMany();
}

absl::StatusOr<std::optional<CheckpointFacts>> CheckpointStore::Load(
    const ModelState& state, const std::function<absl::Status(const CheckpointFacts&)>& agrees,
    const std::function<void(const std::string&)>& say) {
  const absl::StatusOr<bool> has_latest = IsThere(latest_);
  if (!has_latest.ok()) return has_latest.status();
  const absl::StatusOr<std::vector<int64_t>> older = OlderSteps();
  if (!older.ok()) return older.status();
  std::vector<std::string> paths;
  if (*has_latest) paths.push_back(latest_);
  for (const int64_t step : *older) paths.push_back(PathOf(step));

  absl::Status first = absl::OkStatus();
  for (const std::string& path : paths) {
    absl::StatusOr<CheckpointFacts> facts = LoadCheckpoint(path, state, agrees);
    if (facts.ok()) {
      if (path == latest_) latest_cursor_ = facts->cursor;
      if (!first.ok()) {
        say(absl::StrCat("warning: ", first.message(), ". Taking the checkpoint before, ", path));
      }
      if (absl::Status status = ClearUp(); !status.ok()) return status;
      return *std::move(facts);
    }
    const bool damaged = absl::IsDataLoss(facts.status()) || absl::IsNotFound(facts.status());
    if (!damaged) return facts.status();
    if (first.ok()) first = facts.status();
  }
  if (!first.ok()) return first;
  return std::nullopt;
}

absl::Status CheckpointStore::SaveIfBest(const CheckpointFacts& facts, const ModelState& state,
                                         bool higher_is_better) {
  if (!std::isfinite(facts.best_value)) return absl::OkStatus();
  const std::string path = others_ + "/best";
  const absl::StatusOr<CheckpointFacts> kept = ReadCheckpointFacts(path);
  if (kept.ok() && kept->best == facts.best) {
    const bool better = higher_is_better ? facts.best_value > kept->best_value
                                         : facts.best_value < kept->best_value;
    if (!better) return absl::OkStatus();
  }
  if (absl::Status status = MakeFolders(others_); !status.ok()) return status;
  return SaveCheckpoint(path, facts, state);
}

}  // namespace pretext
