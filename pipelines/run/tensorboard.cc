#include "pipelines/run/tensorboard.h"

#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"
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

absl::Status TensorBoardWriter::Open(const std::string& folder) {
  if (absl::Status status = MakeFolders(folder); !status.ok()) return status;
  path_ = absl::StrCat(folder, "/events.out.tfevents.", absl::ToUnixSeconds(absl::Now()), ".",
                       getpid(), ".pretext");
  tensorboard::Event event;
  event.set_wall_time(Now());
  event.set_file_version("brain.Event:2");
  return Append(path_, event);
}

absl::Status TensorBoardWriter::Write(int64_t step,
                                      const std::vector<std::pair<std::string, double>>& scalars) {
  tensorboard::Event event;
  event.set_wall_time(Now());
  event.set_step(step);
  for (const auto& [tag, value] : scalars) {
    auto* scalar = event.mutable_summary()->add_value();
    scalar->set_tag(tag);
    scalar->set_simple_value(static_cast<float>(value));
  }
  return Append(path_, event);
}

}  // namespace pretext
