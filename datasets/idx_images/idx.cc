#include "datasets/idx_images/idx.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/gzip_file/gzip_file.h"

namespace pretext {
namespace {

constexpr uint8_t kUnsignedByte = 0x08;
constexpr int kImageRank = 3;
constexpr int kLabelRank = 1;
constexpr size_t kFirstChunk = size_t{1} << 16;

std::string Describe(int rank) {
  return rank == kImageRank ? "IDX images (N×H×W unsigned bytes, magic 00 00 08 03)"
                            : "IDX labels (N unsigned bytes, magic 00 00 08 01)";
}

absl::Status Invalid(GzipFile& source, absl::string_view found, int rank,
                     absl::string_view advice) {
  return absl::InvalidArgumentError(
      absl::StrCat(source.path(), ": found ", found, "; expected ", Describe(rank), ". ", advice));
}

absl::Status Damaged(GzipFile& source, absl::string_view found, absl::string_view expected) {
  return absl::DataLossError(absl::StrCat(source.path(), ": found ", found, "; expected ", expected,
                                          ". The file is incomplete or damaged: fetch it again."));
}

// A name for the formats that people most often have where an IDX file should be.
std::string NameFormat(const std::array<uint8_t, 4>& magic) {
  const auto starts = [&](std::initializer_list<uint8_t> bytes) {
    return std::equal(bytes.begin(), bytes.end(), magic.begin());
  };
  std::string name =
      absl::StrFormat("magic %02x %02x %02x %02x", magic[0], magic[1], magic[2], magic[3]);
  if (starts({'P', 'K'})) return name + " (a zip archive: unpack it)";
  if (starts({0xFD, '7', 'z', 'X'})) return name + " (an xz file: unpack it)";
  if (starts({'B', 'Z', 'h'})) return name + " (a bzip2 file: unpack it)";
  if (starts({0x1F, 0x8B})) return name + " (gzip within gzip, or a damaged gzip header)";
  if (starts({0x89, 'P', 'N', 'G'})) return name + " (a PNG picture)";
  if (starts({0xFF, 0xD8})) return name + " (a JPEG picture)";
  if (starts({'<'})) return name + " (a web page, from a download that failed?)";
  return name;
}

std::string NameType(uint8_t code) {
  switch (code) {
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit integers";
    case 0x0C:
      return "32-bit integers";
    case 0x0D:
      return "32-bit floats";
    case 0x0E:
      return "64-bit floats";
    default:
      return "no type that IDX knows";
  }
}

// Reads and judges the magic and the sizes; gives the sizes.
absl::StatusOr<std::vector<int64_t>> ReadHeader(GzipFile& source, int rank) {
  std::array<uint8_t, 4> magic;
  if (const int64_t got = source.Read(magic.data(), 4); got < 4) {
    return Damaged(source, absl::StrCat(got, " bytes", source.Fault()), Describe(rank));
  }
  if (magic[0] != 0 || magic[1] != 0) {
    return Invalid(source, NameFormat(magic), rank, "This is not an IDX file.");
  }
  if (magic[2] != kUnsignedByte) {
    return Invalid(source, absl::StrFormat("type code 0x%02x (%s)", magic[2], NameType(magic[2])),
                   rank, "Convert the values to unsigned bytes.");
  }
  if (magic[3] != rank) {
    const bool swapped = magic[3] == kImageRank || magic[3] == kLabelRank;
    return Invalid(source, swapped ? Describe(magic[3]) : absl::StrCat("rank ", int{magic[3]}),
                   rank,
                   swapped ? "Are the paths of images and labels exchanged?" : "Reshape the data.");
  }
  std::array<uint8_t, 4 * kImageRank> bytes;
  if (const int64_t got = source.Read(bytes.data(), 4 * rank); got < 4 * rank) {
    return Damaged(source, absl::StrCat("a header of ", 4 + got, " bytes", source.Fault()),
                   absl::StrCat(4 + 4 * rank, " bytes of header"));
  }
  std::vector<int64_t> sizes(rank);
  for (int i = 0; i < rank; ++i) {
    const uint8_t* b = &bytes[4 * i];
    sizes[i] = int64_t{b[0]} << 24 | int64_t{b[1]} << 16 | int64_t{b[2]} << 8 | int64_t{b[3]};
    if (sizes[i] == 0) {
      return Invalid(source,
                     absl::StrCat("no values (",
                                  absl::StrJoin(sizes.begin(), sizes.begin() + i + 1, "×"), ")"),
                     rank, "Every size in the header must be at least 1.");
    }
  }
  return sizes;
}

// A file of the given rank whose header is sound: it claims no more values than the file can hold.
struct IdxFile {
  GzipFile source;
  std::vector<int64_t> sizes;
  int64_t total = 1;  // values
};

absl::StatusOr<IdxFile> OpenIdx(const std::string& path, int rank) {
  absl::StatusOr<GzipFile> source = GzipFile::Open(path, Describe(rank));
  if (!source.ok()) return source.status();
  absl::StatusOr<std::vector<int64_t>> sizes = ReadHeader(*source, rank);
  if (!sizes.ok()) return sizes.status();
  IdxFile file{.source = *std::move(source), .sizes = *std::move(sizes)};
  const int64_t most = file.source.MostBytesBeyond(4 + 4 * rank);
  for (const int64_t size : file.sizes) {
    if (__builtin_mul_overflow(file.total, size, &file.total) || file.total > most) {
      return Damaged(
          file.source,
          absl::StrCat("a header that claims ", absl::StrJoin(file.sizes, "×"), " values"),
          absl::StrCat("at most ", most, ", all that a file of ", file.source.size_on_disk(),
                       " bytes can hold"));
    }
  }
  return file;
}

// Everything behind the header.
absl::StatusOr<std::vector<uint8_t>> ReadValues(IdxFile& file) {
  GzipFile* const source = &file.source;
  const int64_t total = file.total;
  const auto& sizes = file.sizes;
  // Grows with what arrives, so that a false header costs no memory.
  std::vector<uint8_t> values;
  values.reserve(std::min<int64_t>(total, 4 * source->size_on_disk() + kFirstChunk));
  while (static_cast<int64_t>(values.size()) < total) {
    const size_t have = values.size();
    const int64_t chunk = std::min<int64_t>(total - have, std::max(have, kFirstChunk));
    values.resize(have + chunk);
    if (const int64_t got = source->Read(values.data() + have, chunk); got < chunk) {
      return Damaged(
          *source, absl::StrCat(have + got, " values", source->Fault()),
          absl::StrCat("the ", absl::StrJoin(sizes, "×"), " = ", total, " of its header"));
    }
  }
  // Reading to the end makes zlib compare the checksum, and finds what is left over.
  uint8_t extra;
  const int64_t left = source->Read(&extra, 1);
  if (const std::string fault = source->Fault(); !fault.empty()) {
    return Damaged(*source, absl::StrCat("a fault at the end of the compressed data", fault),
                   "a whole gzip stream");
  }
  if (left > 0) {
    return Damaged(*source, absl::StrCat("more than ", total, " values"),
                   absl::StrCat("the ", absl::StrJoin(sizes, "×"), " = ", total, " of its header"));
  }
  return values;
}

}  // namespace

absl::StatusOr<IdxImageFile> ReadIdxImageHeader(const std::string& path) {
  const absl::StatusOr<IdxFile> file = OpenIdx(path, kImageRank);
  if (!file.ok()) return file.status();
  return IdxImageFile{.count = file->sizes[0], .height = file->sizes[1], .width = file->sizes[2]};
}

absl::StatusOr<IdxImageFile> ReadIdxImages(const std::string& path) {
  absl::StatusOr<IdxFile> file = OpenIdx(path, kImageRank);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::vector<uint8_t>> pixels = ReadValues(*file);
  if (!pixels.ok()) return pixels.status();
  return IdxImageFile{.count = file->sizes[0],
                      .height = file->sizes[1],
                      .width = file->sizes[2],
                      .pixels = *std::move(pixels)};
}

namespace {

absl::StatusOr<IdxFile> OpenLabels(const std::string& path, int64_t expected_count,
                                   const std::string& images_path) {
  absl::StatusOr<IdxFile> file = OpenIdx(path, kLabelRank);
  if (file.ok() && file->total != expected_count) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": found ", file->total, " labels; expected ", expected_count,
        ", one for each image of ", images_path,
        ". Do the two files belong together (training with training, test with test)?"));
  }
  return file;
}

}  // namespace

absl::Status CheckIdxLabelHeader(const std::string& path, int64_t expected_count,
                                 const std::string& images_path) {
  return OpenLabels(path, expected_count, images_path).status();
}

absl::StatusOr<std::vector<uint8_t>> ReadIdxLabels(const std::string& path, int64_t expected_count,
                                                   const std::string& images_path) {
  absl::StatusOr<IdxFile> file = OpenLabels(path, expected_count, images_path);
  if (!file.ok()) return file.status();
  return ReadValues(*file);
}

}  // namespace pretext
