#include "base/json/read_json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "base/file/read_file.h"

namespace pretext {

absl::StatusOr<google::protobuf::Struct> ReadJsonFile(const std::string& path, int64_t most_bytes) {
  const absl::StatusOr<std::string> text = ReadFile(path, most_bytes);
  if (!text.ok()) return text.status();
  google::protobuf::Struct object;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*text, &object);
  if (parsed.ok()) return object;
  return absl::DataLossError(
      absl::StrCat(path, ": is no JSON object: ",
                   absl::string_view(parsed.message().data(), parsed.message().size())));
}

}  // namespace pretext
