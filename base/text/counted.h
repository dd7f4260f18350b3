// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace pretext {

// 1234567 -> "1,234,567".
std::string Counted(int64_t number);

}  // namespace pretext
