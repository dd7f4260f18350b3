#include "pipelines/run/tensorboard.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "pipelines/run/tensorboard_event.pb.h"

namespace pretext {
namespace {

std::string LittleEndian(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string MaskedCrc(absl::string_view data) {
  const uint32_t crc = Crc32c(data);
  return LittleEndian(((crc >> 15) | (crc << 17)) + 0xa282ead8u, 4);
}

double Now() { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); }

absl::Status Append(const std::string& path, const tensorboard::Event& event) {
  const std::string data = event.SerializeAsString();
  const std::string length = LittleEndian(data.size(), 8);
  return AppendToFile(path, absl::StrCat(length, MaskedCrc(length), data, MaskedCrc(data)));
}

constexpr char kPrefix[] = "events.out.tfevents.";

// The seconds in a new file's name: now, and later than those of the files that are there, since
// TensorBoard reads them in the order of their names.
absl::StatusOr<int64_t> NameAfter(const std::string& folder) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(folder);
  if (!names.ok()) return names.status();
  int64_t seconds = absl::ToUnixSeconds(absl::Now());
  for (absl::string_view name : *names) {
    int64_t its = 0;
    if (!absl::ConsumePrefix(&name, kPrefix)) continue;
    if (absl::SimpleAtoi(name.substr(0, name.find('.')), &its))
      seconds = std::max(seconds, its + 1);
  }
  return seconds;
}

}  // namespace

uint32_t Crc32c(absl::string_view data) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t;
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ (c & 1 ? 0x82f63b78u : 0);
      t[i] = c;
    }
    return t;
  }();
  uint32_t crc = ~0u;
  for (unsigned char byte : data) crc = (crc >> 8) ^ table[(crc ^ byte) & 0xff];
  return ~crc;
}

absl::Status TensorBoardWriter::Open(const std::string& folder, int64_t from_step) {
  if (absl::Status status = MakeFolders(folder); !status.ok()) return status;
  const absl::StatusOr<int64_t> seconds = NameAfter(folder);
  if (!seconds.ok()) return seconds.status();
  path_ = absl::StrCat(folder, "/", kPrefix, *seconds, ".", getpid(), ".pretext");
  tensorboard::Event version;
  version.set_wall_time(Now());
  version.set_file_version("brain.Event:2");
  if (absl::Status status = Append(path_, version); !status.ok()) return status;
  tensorboard::Event start;
  start.set_wall_time(Now());
  start.set_step(from_step);
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  return Append(path_, start);
}

absl::Status TensorBoardWriter::Write(
    int64_t step, const std::vector<std::pair<std::string, double>>& scalars,
    const std::function<std::string(absl::string_view)>& describe) {
  tensorboard::Event event;
  event.set_wall_time(Now());
  event.set_step(step);
  for (const auto& [tag, value] : scalars) {
    auto* scalar = event.mutable_summary()->add_value();
    scalar->set_tag(tag);
    scalar->set_simple_value(static_cast<float>(value));
    const bool is_new = describe != nullptr && described_.insert(tag).second;
    if (const std::string description = is_new ? describe(tag) : ""; !description.empty())
      scalar->mutable_metadata()->set_summary_description(description);
  }
  return Append(path_, event);
}

}  // namespace pretext
