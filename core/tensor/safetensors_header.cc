#include "core/tensor/safetensors_header.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check/check.h"
#include "base/json/json.h"

namespace pretext {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// The keys of metadata that hold our checksums: the header's own, with zeros in its place, and,
// with a tensor's name after it, that of its data.
constexpr char kHeaderSum[] = "crc32";
constexpr char kTensorSum[] = "crc32:";
constexpr char kNoSum[] = "00000000";

constexpr uint64_t kMaxHeader = 100 << 20;        // the reference implementation's limit
constexpr double kMaxExact = 9007199254740992.0;  // 2^53: JSON numbers are doubles here

// A whole number of a JSON value, or -1.
int64_t Whole(const Value& value) {
  const double number = value.number_value();
  if (value.kind_case() != Value::kNumberValue || !(number >= 0 && number < kMaxExact) ||
      number != std::floor(number)) {
    return -1;
  }
  return static_cast<int64_t>(number);
}

// One member of the header; on error says what is wrong with it.
absl::StatusOr<StoredTensor> ParseTensor(const std::string& name, const Value& value) {
  StoredTensor tensor;
  tensor.name = name;
  const auto bad = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("tensor \"", name, "\": ", what));
  };
  const auto& fields = value.struct_value().fields();
  const auto dtype = fields.find("dtype"), shape = fields.find("shape"),
             offsets = fields.find("data_offsets");
  if (dtype == fields.end() || shape == fields.end() || offsets == fields.end() ||
      fields.size() != 3) {
    return bad("needs dtype, shape and data_offsets, and nothing else");
  }
  const std::optional<NumberType> type = NumberTypeOf(dtype->second.string_value());
  if (!type) return bad(absl::StrCat("type ", dtype->second.string_value(), " is not known"));
  tensor.type = *type;
  const auto& dims = shape->second.list_value().values();
  if (shape->second.kind_case() != Value::kListValue || dims.size() > Shape::kMaxRank) {
    return bad("a shape is a list of at most five sizes");
  }
  double elements = 1;
  for (const Value& dim : dims) {
    const int64_t size = Whole(dim);
    elements *= static_cast<double>(size);
    if (size < 0 || !(elements < kMaxExact / 8))
      return bad("a size that is not a whole number in range");
    tensor.shape.Append(size);
  }
  const auto& range = offsets->second.list_value().values();
  if (range.size() != 2) return bad("data_offsets is a list of two");
  tensor.begin = Whole(range[0]);
  tensor.end = Whole(range[1]);
  if (tensor.begin < 0 || tensor.end < 0 ||
      tensor.end - tensor.begin != tensor.shape.size() * BytesOf(tensor.type)) {
    return bad("data_offsets do not fit the shape");
  }
  return tensor;
}

// Where the header's own checksum stands in its JSON.
size_t PlaceOfHeaderSum(absl::string_view json, absl::string_view sum) {
  const std::string before = absl::StrCat("\"", kHeaderSum, "\":\"");
  const size_t at = json.find(absl::StrCat(before, sum, "\""));
  return at == absl::string_view::npos ? at : at + before.size();
}

// Takes the checksums out of the metadata and holds them against what they are of. Empty when all
// are right or there are none, else what is damaged.
std::string FindDamage(absl::string_view json, const std::vector<StoredTensor>& entries,
                       const char* data, std::map<std::string, std::string>& metadata) {
  std::map<std::string, std::string> sums;
  for (auto it = metadata.begin(); it != metadata.end();) {
    const bool is_sum = it->first == kHeaderSum || absl::StartsWith(it->first, kTensorSum);
    if (is_sum) sums.insert(*it);
    it = is_sum ? metadata.erase(it) : std::next(it);
  }
  if (sums.empty()) return "";
  std::string blank(json);
  const size_t at = PlaceOfHeaderSum(json, sums[kHeaderSum]);
  if (at == absl::string_view::npos || sums[kHeaderSum].size() != sizeof(kNoSum) - 1) {
    return "its header has lost its checksum";
  }
  blank.replace(at, sizeof(kNoSum) - 1, kNoSum);
  if (Checksum(blank) != sums[kHeaderSum]) return "its header is damaged: another checksum";
  for (const StoredTensor& entry : entries) {
    const absl::string_view bytes(data + entry.begin, static_cast<size_t>(entry.end - entry.begin));
    if (Checksum(bytes) == sums[absl::StrCat(kTensorSum, entry.name)]) continue;
    return absl::StrCat("tensor \"", entry.name, "\" is damaged: another checksum");
  }
  return "";
}

}  // namespace

void RunningChecksum::Add(absl::string_view bytes) {
  sum_ = static_cast<uint32_t>(
      crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string RunningChecksum::text() const { return absl::StrFormat("%08x", sum_); }

std::string Checksum(absl::string_view bytes) {
  RunningChecksum sum;
  sum.Add(bytes);
  return sum.text();
}

std::string SafetensorsHeaderText(const std::map<std::string, std::string>& metadata,
                                  const std::vector<WrittenTensor>& tensors) {
  JsonObject header, with_sums;
  for (const auto& [key, value] : metadata) with_sums.Add(key, value);
  with_sums.Add(kHeaderSum, kNoSum);
  for (const WrittenTensor& tensor : tensors)
    with_sums.Add(absl::StrCat(kTensorSum, tensor.name), tensor.checksum);
  header.Add("__metadata__", with_sums);
  std::set<std::string> names;
  int64_t at = 0;
  for (const WrittenTensor& tensor : tensors) {
    PRETEXT_CHECK(names.insert(tensor.name).second, "a tensor's name is used once in a file");
    const int64_t end = at + tensor.shape.size() * BytesOf(tensor.type);
    header.Add(tensor.name,
               JsonObject()
                   .Add("dtype", NameOf(tensor.type))
                   .Add("shape", std::vector<int64_t>(tensor.shape.begin(), tensor.shape.end()))
                   .Add("data_offsets", std::vector<int64_t>{at, end}));
    at = end;
  }
  std::string json = header.text();
  json.append((8 - json.size() % 8) % 8, ' ');  // the data is aligned
  json.replace(PlaceOfHeaderSum(json, kNoSum), sizeof(kNoSum) - 1, Checksum(json));
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(json.size() >> (8 * i));
  return length + json;
}

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(const std::string& name,
                                                         absl::string_view contents) {
  const auto bad = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat(name, " is not a whole safetensors file: ", what));
  };
  if (contents.size() < 8) return bad("it is shorter than the length of its header");
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(contents[static_cast<size_t>(i)]);
  if (length > kMaxHeader || length > contents.size() - 8) {
    return bad(absl::StrCat("its header would take ", length, " bytes"));
  }
  Struct json;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(std::string(contents.substr(8, length)), &json);
  if (!parsed.ok()) return bad("its header is not a JSON object");

  SafetensorsHeader header;
  for (const auto& [key, value] : json.fields()) {
    if (key == "__metadata__") {
      for (const auto& [k, v] : value.struct_value().fields())
        header.metadata[k] = v.string_value();
      continue;
    }
    absl::StatusOr<StoredTensor> tensor = ParseTensor(key, value);
    if (!tensor.ok()) return bad(tensor.status().message());
    header.tensors.push_back(*std::move(tensor));
  }
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const StoredTensor& a, const StoredTensor& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  int64_t at = 0;
  for (const StoredTensor& tensor : header.tensors) {
    if (tensor.begin != at)
      return bad(absl::StrCat("tensor \"", tensor.name, "\" leaves a gap or overlaps another"));
    at = tensor.end;
  }
  header.data = 8 + length;
  if (static_cast<uint64_t>(at) != contents.size() - 8 - length) {
    return bad(
        absl::StrCat("it has ", contents.size() - 8 - length, " bytes of data, its header ", at));
  }
  const std::string damage = FindDamage(contents.substr(8, length), header.tensors,
                                        contents.data() + header.data, header.metadata);
  if (!damage.empty()) return bad(damage);
  return header;
}

}  // namespace pretext
