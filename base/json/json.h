// A JSON object on one line, in the order in which its members were added.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pretext {

//   JsonObject().Add("step", 3).Add("loss", 0.25).Add("eval", JsonObject().Add("knn", 84.0)).text()
//   {"step":3,"loss":0.25,"eval":{"knn":84}}
class JsonObject {
 public:
  JsonObject& Add(absl::string_view key, int64_t value);
  JsonObject& Add(absl::string_view key, int value) { return Add(key, int64_t{value}); }
  // Shortest text that reads back as the same double; NaN and infinities
  // become null, which JSON lacks.
  JsonObject& Add(absl::string_view key, double value);
  JsonObject& Add(absl::string_view key, absl::string_view value);
  JsonObject& Add(absl::string_view key, const char* value) {
    return Add(key, absl::string_view(value));
  }
  JsonObject& Add(absl::string_view key, const JsonObject& value);
  JsonObject& Add(absl::string_view key, const std::vector<int64_t>& values);

  std::string text() const { return members_ + "}"; }

 private:
  JsonObject& AddRaw(absl::string_view key, absl::string_view json);

  std::string members_ = "{";
};

// "a\"b" with its quotes, escaped for JSON. Ill-formed UTF-8 becomes U+FFFD.
std::string JsonString(absl::string_view text);

}  // namespace pretext
