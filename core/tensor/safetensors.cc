#include "core/tensor/safetensors.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check/check.h"
#include "base/file/file_writer.h"
#include "base/file/mapped_file.h"
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
  bool wide = false;
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
  const std::string& type = dtype->second.string_value();
  entry.wide = type == "I64";
  if (type == "I32" || entry.wide) {
    entry.dtype = DType::kInt32;
  } else if (type != "F32") {
    return bad(absl::StrCat("type ", type, "; F32, I32 and I64 are known"));
  }
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
    entry.shape.Append(size);
  }
  const auto& range = offsets->second.list_value().values();
  if (range.size() != 2) return bad("data_offsets is a list of two");
  entry.begin = Whole(range[0]);
  entry.end = Whole(range[1]);
  if (entry.begin < 0 || entry.end < 0 ||
      entry.end - entry.begin != entry.shape.size() * (entry.wide ? 8 : 4)) {
    return bad("data_offsets do not fit the shape");
  }
  return entry;
}

// The bytes of a row-major tensor.
absl::string_view DataOf(const Tensor& plain) {
  const void* const data =
      plain.dtype() == DType::kInt32 ? static_cast<const void*>(plain.ints()) : plain.data();
  return {static_cast<const char*>(data), plain.bytes()};
}

// The bytes that stand in the file.
std::string WideData(const Tensor& ints) {
  std::string bytes;
  for (int64_t i = 0; i < ints.size(); ++i) {
    const int64_t value = ints.ints()[i];
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return bytes;
}

// Of I64 to int32; whether all fit.
bool Narrow(const char* bytes, Tensor& ints) {
  for (int64_t i = 0; i < ints.size(); ++i) {
    int64_t value;
    std::memcpy(&value, bytes + i * 8, sizeof(value));
    ints.ints()[i] = static_cast<int32_t>(value);
    if (ints.ints()[i] != value) return false;
  }
  return true;
}

}  // namespace

std::string Checksum(absl::string_view bytes) {
  return absl::StrFormat("%08x",
                         crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string TensorChecksum(const Tensor& tensor) { return Checksum(DataOf(tensor.Plain())); }

namespace {

constexpr char kHeaderSum[] = "crc32";
constexpr char kTensorSum[] = "crc32:";  // and the tensor's name
constexpr char kNoSum[] = "00000000";

std::string SumInFile(const NamedTensor& named) {
  return named.wide ? Checksum(WideData(named.tensor)) : TensorChecksum(named.tensor);
}

const char* TypeInFile(const NamedTensor& named) {
  if (named.wide) return "I64";
  return named.tensor.dtype() == DType::kInt32 ? "I32" : "F32";
}

// Where the header's own checksum stands in its JSON.
size_t PlaceOfHeaderSum(absl::string_view json, absl::string_view sum) {
  const std::string before = absl::StrCat("\"", kHeaderSum, "\":\"");
  const size_t at = json.find(absl::StrCat(before, sum, "\""));
  return at == absl::string_view::npos ? at : at + before.size();
}

// All before the data, in the order of the tensors, so that equal files are equal byte for byte.
std::string Header(const TensorFile& file) {
  JsonObject header;
  JsonObject metadata;
  for (const auto& [key, value] : file.metadata) metadata.Add(key, value);
  metadata.Add(kHeaderSum, kNoSum);
  for (const NamedTensor& named : file.tensors) {
    metadata.Add(absl::StrCat(kTensorSum, named.name), SumInFile(named));
  }
  header.Add("__metadata__", metadata);
  std::set<std::string> names;
  int64_t at = 0;
  for (const NamedTensor& named : file.tensors) {
    PRETEXT_CHECK(names.insert(named.name).second, "a tensor's name is used once in a file");
    const Shape& shape = named.tensor.shape();
    const int64_t end = at + shape.size() * (named.wide ? 8 : 4);
    header.Add(named.name, JsonObject()
                               .Add("dtype", TypeInFile(named))
                               .Add("shape", std::vector<int64_t>(shape.begin(), shape.end()))
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

// Takes the checksums out of the metadata and holds them against what they are of. Empty when all
// are right or there are none, else what is damaged.
std::string FindDamage(absl::string_view json, const std::vector<Entry>& entries, const char* data,
                       std::map<std::string, std::string>& metadata) {
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
  for (const Entry& entry : entries) {
    const absl::string_view bytes(data + entry.begin, static_cast<size_t>(entry.end - entry.begin));
    if (Checksum(bytes) == sums[absl::StrCat(kTensorSum, entry.name)]) continue;
    return absl::StrCat("tensor \"", entry.name, "\" is damaged: another checksum");
  }
  return "";
}

}  // namespace

std::string SerializeTensors(const TensorFile& file) {
  std::string contents = Header(file);
  for (const NamedTensor& named : file.tensors) {
    const Tensor plain = named.tensor.Plain();
    if (named.wide) {
      contents.append(WideData(plain));
    } else {
      contents.append(DataOf(plain).data(), DataOf(plain).size());
    }
  }
  return contents;
}

absl::Status WriteTensors(const std::string& path, const TensorFile& file) {
  absl::StatusOr<std::unique_ptr<FileWriter>> writer = FileWriter::Create(path);
  if (!writer.ok()) return writer.status();
  absl::Status status = (*writer)->Append(Header(file));
  for (const NamedTensor& named : file.tensors) {
    if (!status.ok()) return status;
    const Tensor plain = named.tensor.Plain();
    status = named.wide ? (*writer)->Append(WideData(plain)) : (*writer)->Append(DataOf(plain));
  }
  return status.ok() ? (*writer)->Commit() : status;
}

absl::StatusOr<TensorFile> ReadTensors(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  return ParseTensors(path, file->contents());
}

absl::StatusOr<TensorFile> ParseTensors(const std::string& name, absl::string_view contents) {
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
      google::protobuf::util::JsonStringToMessage(std::string(contents.substr(8, length)), &header);
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
  const std::string damage = FindDamage(contents.substr(8, length), entries, data, file.metadata);
  if (!damage.empty()) return bad(damage);
  for (const Entry& entry : entries) {
    Tensor tensor = Tensor::Uninitialized(entry.shape, entry.dtype);
    if (entry.wide) {
      if (!Narrow(data + entry.begin, tensor))
        return bad(absl::StrCat("tensor \"", entry.name, "\" has numbers beyond 32 bits"));
    } else {
      void* target =
          entry.dtype == DType::kInt32 ? static_cast<void*>(tensor.ints()) : tensor.data();
      std::memcpy(target, data + entry.begin, tensor.bytes());
    }
    file.tensors.push_back({entry.name, std::move(tensor), entry.wide});
  }
  return file;
}

}  // namespace pretext
