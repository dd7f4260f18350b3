#include "base/json/json.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/unicode/unicode.h"

namespace pretext {

std::string JsonString(absl::string_view text) {
  std::string repaired(text);
  int64_t replaced = 0;
  RepairUtf8(&repaired, &replaced);
  std::string out = "\"";
  for (const char c : repaired) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", std::string(1, c));
    } else if (c == '\n') {
      absl::StrAppend(&out, "\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&out, absl::StrFormat("\\u%04x", c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

JsonObject& JsonObject::AddRaw(absl::string_view key, absl::string_view json) {
  absl::StrAppend(&members_, members_.size() > 1 ? "," : "", JsonString(key), ":", json);
  return *this;
}

JsonObject& JsonObject::Add(absl::string_view key, int64_t value) {
  return AddRaw(key, absl::StrCat(value));
}

JsonObject& JsonObject::Add(absl::string_view key, double value) {
  if (!std::isfinite(value)) return AddRaw(key, "null");
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return AddRaw(key, absl::string_view(text, static_cast<size_t>(end - text)));
}

JsonObject& JsonObject::Add(absl::string_view key, absl::string_view value) {
  return AddRaw(key, JsonString(value));
}

JsonObject& JsonObject::Add(absl::string_view key, const std::vector<int64_t>& values) {
  return AddRaw(key, absl::StrCat("[", absl::StrJoin(values, ","), "]"));
}

JsonObject& JsonObject::Add(absl::string_view key, const JsonObject& value) {
  return AddRaw(key, value.text());
}

}  // namespace pretext
