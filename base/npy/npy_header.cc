#include "base/npy/npy_header.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace pretext {
namespace {

constexpr absl::string_view kMagic = "\x93NUMPY";

// The value of a key in the header, a Python dictionary in NumPy's own spelling: what stands after
// "'key':", a string, a word or a tuple; empty when it is not there.
absl::string_view ValueOf(absl::string_view dictionary, absl::string_view key) {
  const std::string quoted = absl::StrCat("'", key, "':");
  size_t at = dictionary.find(quoted);
  if (at == absl::string_view::npos) return "";
  absl::string_view rest = absl::StripLeadingAsciiWhitespace(dictionary.substr(at + quoted.size()));
  if (rest.empty()) return "";
  const char first = rest[0];
  const char* const ends = first == '\'' ? "'" : first == '(' ? ")" : first == '[' ? "]" : ",}";
  const size_t end = rest.find_first_of(ends, 1);
  if (end == absl::string_view::npos) return "";
  const bool enclosed = first == '\'' || first == '(' || first == '[';
  return absl::StripAsciiWhitespace(rest.substr(0, enclosed ? end + 1 : end));
}

// "'<f4'" and the like; nothing for what has no NumberType.
std::optional<NumberType> TypeOf(absl::string_view descr) {
  struct Known {
    const char* text;
    NumberType type;
  };
  constexpr Known kKnown[] = {
      {"b1", NumberType::kBool}, {"u1", NumberType::kU8},  {"i1", NumberType::kI8},
      {"u2", NumberType::kU16},  {"i2", NumberType::kI16}, {"f2", NumberType::kF16},
      {"u4", NumberType::kU32},  {"i4", NumberType::kI32}, {"f4", NumberType::kF32},
      {"u8", NumberType::kU64},  {"i8", NumberType::kI64}, {"f8", NumberType::kF64}};
  if (descr.size() != 5) return std::nullopt;
  const char order = descr[1];
  for (const Known& known : kKnown) {
    if (descr.substr(2, 2) != known.text) continue;
    if (order == '<' || (order == '|' && BytesOf(known.type) == 1)) return known.type;
  }
  return std::nullopt;
}

bool ParseShape(absl::string_view text, std::vector<int64_t>& shape) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  for (absl::string_view size : absl::StrSplit(text.substr(1, text.size() - 2), ',')) {
    size = absl::StripAsciiWhitespace(size);
    if (size.empty()) continue;
    int64_t number = 0;
    if (!absl::SimpleAtoi(size, &number) || number < 0) return false;
    shape.push_back(number);
  }
  return true;
}

// Bytes of the data, or -1 beyond 62 bits.
int64_t DataBytes(const NpyHeader& header) {
  int64_t bytes = BytesOf(header.type);
  for (const int64_t size : header.shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return -1;
  }
  return bytes;
}

}  // namespace

absl::StatusOr<NpyHeader> ParseNpyHeader(const std::string& name, absl::string_view contents) {
  const auto bad = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat(name, " is not a whole .npy file: ", what));
  };
  const auto refused = [&](absl::string_view what, absl::string_view python) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " holds ", what, "; in Python: numpy.save(\"new.npy\", ", python, ")"));
  };
  if (!absl::StartsWith(contents, kMagic)) return bad("it does not begin as one");
  if (contents.size() < 12) return bad("it ends within its header");
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(contents[at]); };
  const int version = byte(6);
  if (version < 1 || version > 3) return bad(absl::StrCat("version ", version, " of the format"));
  const size_t start = version == 1 ? 10 : 12;
  size_t length = static_cast<size_t>(byte(8)) | static_cast<size_t>(byte(9)) << 8;
  if (version > 1)
    length |= static_cast<size_t>(byte(10)) << 16 | static_cast<size_t>(byte(11)) << 24;
  if (length > contents.size() - start) return bad("it ends within its header");
  const absl::string_view dictionary = contents.substr(start, length);

  NpyHeader header;
  header.data = start + length;
  const absl::string_view descr = ValueOf(dictionary, "descr"),
                          order = ValueOf(dictionary, "fortran_order");
  if (!ParseShape(ValueOf(dictionary, "shape"), header.shape) || descr.empty() || order.empty())
    return bad("its header does not say descr, fortran_order and shape");
  const std::optional<NumberType> type = TypeOf(descr);
  if (!type) {
    return refused(absl::StrCat("an array of type ", descr, ", not of numbers that are known here"),
                   "array.astype(\"<f4\")");
  }
  if (order != "False") {
    return refused("an array in Fortran's order", "numpy.ascontiguousarray(array)");
  }
  header.type = *type;
  const int64_t bytes = DataBytes(header);
  const auto there = static_cast<int64_t>(contents.size() - header.data);
  if (bytes != there) {
    return bad(absl::StrCat("it has ", there, " bytes of data, its header says ",
                            bytes < 0 ? "more than there can be" : absl::StrCat(bytes)));
  }
  return header;
}

}  // namespace pretext
