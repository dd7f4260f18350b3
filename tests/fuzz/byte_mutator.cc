#include "tests/fuzz/byte_mutator.h"

#include <algorithm>
#include <cstdint>

namespace pretext::testing {
namespace {

size_t Below(size_t bound, Random& random) {
  return random.Below(static_cast<uint32_t>(std::max<size_t>(bound, 1)));
}

// A stretch of some text, most often short.
std::string Stretch(const std::string& bytes, Random& random) {
  const size_t begin = Below(bytes.size(), random);
  const size_t most = random.Below(8) == 0 ? bytes.size() : 16;
  return bytes.substr(begin, 1 + Below(most, random));
}

std::string ExtremeInteger(Random& random) {
  constexpr uint64_t kValues[] = {0,          1,          0x7F,       0x80,
                                  0xFF,       0x7FFF,     0xFFFF,     0x7FFFFFFF,
                                  0x80000000, 0xFFFFFFFF, 1ull << 40, 0x7FFFFFFFFFFFFFFF,
                                  ~0ull};
  const uint64_t value = kValues[random.Below(std::size(kValues))];
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> 8 * i & 0xFF));
  bytes.resize(size_t{1} << random.Below(4));
  if (random.Below(2) == 0) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

void MutateOnce(std::string& bytes, const std::vector<std::string>& others, Random& random) {
  const size_t at = Below(bytes.size(), random);
  switch (random.Below(9)) {
    case 0:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.Below(8));
      break;
    case 1:
      if (!bytes.empty()) bytes[at] = static_cast<char>(random.Below(256));
      break;
    case 2:
      bytes.insert(at, 1, static_cast<char>(random.Below(256)));
      break;
    case 3:
      bytes.erase(at, 1 + random.Below(16));
      break;
    case 4:
      bytes.insert(at, Stretch(bytes, random));
      break;
    case 5:
      bytes.insert(at, Stretch(others[Below(others.size(), random)], random));
      break;
    case 6: {
      const std::string integer = ExtremeInteger(random);
      bytes.replace(at, integer.size(), integer);
      break;
    }
    case 7:  // an ASCII digit where one is: lengths and shapes written as text
      for (size_t i = at; i < bytes.size(); ++i) {
        if (bytes[i] < '0' || bytes[i] > '9') continue;
        bytes[i] = static_cast<char>('0' + random.Below(10));
        break;
      }
      break;
    default:
      if (random.Below(4) == 0) bytes.resize(at);
      break;
  }
}

}  // namespace

std::string MutateBytes(std::string bytes, const std::vector<std::string>& others, Random& random) {
  for (uint32_t changes = 1 + random.Below(8); changes > 0; --changes) {
    MutateOnce(bytes, others, random);
  }
  return bytes;
}

}  // namespace pretext::testing
