#include "core/tensor/safetensors.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/json/json.h"

namespace pretext {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr uint64_t kMaxHeader = 100 << 20;        // the reference implementation's limit
constexpr double kMaxExact = 9007199254740992.0;  // 2^53: JSON numbers are doubles here

struct Entry {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;
  int64_t begin = 0, end = 0;
};

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
absl::StatusOr<Entry> ParseEntry(const std::string& name, const Value& value) {
  Entry entry{.name = name};
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
  if (dtype->second.string_value() == "I32") {
    entry.dtype = DType::kInt32;
  } else if (dtype->second.string_value() != "F32") {
    return bad(absl::StrCat("type ", dtype->second.string_value(), "; F32 and I32 are known"));
  }
  const auto& dims = shape->second.list_value().values();
  if (shape->second.kind_case() != Value::kListValue || dims.size() > Shape::kMaxRank) {
    return bad("a shape is a list of at most five sizes");
  }
  double elements = 1;
  for (const Value& dim : dims) {
    const int64_t size = Whole(dim);
    elements *= static_cast<double>(size);
    if (size < 0 || !(elements < kMaxExact / 4))
      return bad("a size that is not a whole number in range");
    entry.shape.Append(size);
  }
  const auto& range = offsets->second.list_value().values();
  if (range.size() != 2) return bad("data_offsets is a list of two");
  entry.begin = Whole(range[0]);
  entry.end = Whole(range[1]);
  if (entry.begin < 0 || entry.end < 0 || entry.end - entry.begin != entry.shape.size() * 4) {
    return bad("data_offsets do not fit the shape");
  }
  return entry;
}

}  // namespace

std::string SerializeTensors(const TensorFile& file) {
  // The header in the order of the tensors, so that equal files are equal byte for byte.
  JsonObject header;
  if (!file.metadata.empty()) {
    JsonObject metadata;
    for (const auto& [key, value] : file.metadata) metadata.Add(key, value);
    header.Add("__metadata__", metadata);
  }
  std::set<std::string> names;
  std::string data;
  for (const NamedTensor& named : file.tensors) {
    PRETEXT_CHECK(names.insert(named.name).second, "a tensor's name is used once in a file");
    const Tensor plain = named.tensor.Plain();
    const bool ints = plain.dtype() == DType::kInt32;
    const auto begin = static_cast<int64_t>(data.size());
    const void* source = ints ? static_cast<const void*>(plain.ints()) : plain.data();
    data.append(static_cast<const char*>(source), plain.bytes());
    header.Add(
        named.name,
        JsonObject()
            .Add("dtype", ints ? "I32" : "F32")
            .Add("shape", std::vector<int64_t>(plain.shape().begin(), plain.shape().end()))
            .Add("data_offsets", std::vector<int64_t>{begin, static_cast<int64_t>(data.size())}));
  }
  std::string json = header.text();
  json.append((8 - json.size() % 8) % 8, ' ');  // the data is aligned
  std::string contents;
  contents.reserve(8 + json.size() + data.size());
  for (int i = 0; i < 8; ++i) contents += static_cast<char>(json.size() >> (8 * i));
  return contents + json + data;
}

absl::StatusOr<TensorFile> ParseTensors(const std::string& name, const std::string& contents) {
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
  Struct header;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(std::string(contents, 8, length), &header);
  if (!parsed.ok()) return bad("its header is not a JSON object");

  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [key, value] : header.fields()) {
    if (key == "__metadata__") {
      for (const auto& [k, v] : value.struct_value().fields()) file.metadata[k] = v.string_value();
      continue;
    }
    absl::StatusOr<Entry> entry = ParseEntry(key, value);
    if (!entry.ok()) return bad(entry.status().message());
    entries.push_back(*std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  int64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at)
      return bad(absl::StrCat("tensor \"", entry.name, "\" leaves a gap or overlaps another"));
    at = entry.end;
  }
  const char* const data = contents.data() + 8 + length;
  if (static_cast<uint64_t>(at) != contents.size() - 8 - length) {
    return bad(
        absl::StrCat("it has ", contents.size() - 8 - length, " bytes of data, its header ", at));
  }
  for (const Entry& entry : entries) {
    Tensor tensor = Tensor::Uninitialized(entry.shape, entry.dtype);
    void* target = entry.dtype == DType::kInt32 ? static_cast<void*>(tensor.ints()) : tensor.data();
    std::memcpy(target, data + entry.begin, tensor.bytes());
    file.tensors.push_back({entry.name, std::move(tensor)});
  }
  return file;
}

}  // namespace pretext
