#include "base/status/fault.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"

namespace pretext {
namespace {

constexpr char kPayload[] = "pretext/faults";

// Payload: each string as its length, ':' and its bytes.
void AppendString(absl::string_view text, std::string* payload) {
  absl::StrAppend(payload, text.size(), ":", text);
}

std::string TakeString(absl::string_view* payload) {
  const size_t colon = payload->find(':');
  size_t size = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(payload->substr(0, colon), &size)) {
    *payload = "";
    return "";
  }
  const std::string text(payload->substr(colon + 1, size));
  payload->remove_prefix(colon + 1 + text.size());
  return text;
}

}  // namespace

std::string Fault::ToString() const {
  return path.empty() ? message : absl::StrCat(path, ": ", message);
}

absl::Status FaultsToStatus(const std::vector<Fault>& faults) {
  if (faults.empty()) return absl::OkStatus();
  std::string payload;
  for (const Fault& fault : faults) {
    AppendString(fault.path, &payload);
    AppendString(fault.message, &payload);
  }
  absl::Status status = absl::InvalidArgumentError(absl::StrJoin(
      faults, "\n",
      [](std::string* out, const Fault& fault) { absl::StrAppend(out, fault.ToString()); }));
  status.SetPayload(kPayload, absl::Cord(payload));
  return status;
}

std::vector<Fault> FaultsOf(const absl::Status& status) {
  if (status.ok()) return {};
  const absl::optional<absl::Cord> cord = status.GetPayload(kPayload);
  if (!cord.has_value()) return {{"", std::string(status.message())}};
  const std::string bytes(*cord);
  absl::string_view payload = bytes;
  std::vector<Fault> faults;
  while (!payload.empty()) {
    Fault fault;
    fault.path = TakeString(&payload);
    fault.message = TakeString(&payload);
    faults.push_back(std::move(fault));
  }
  return faults;
}

std::string JoinPath(absl::string_view parent, absl::string_view child) {
  const bool joined = parent.empty() || child.empty() || child.front() == '[';
  return absl::StrCat(parent, joined ? "" : ".", child);
}

}  // namespace pretext
