#include "datasets/idx_images/idx.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Bytes = std::string;

Bytes Header(uint8_t type, const std::vector<uint32_t>& sizes) {
  Bytes bytes = {0, 0, static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(size >> shift));
  }
  return bytes;
}

Bytes Values(int count) {
  Bytes bytes(count, 0);
  std::iota(bytes.begin(), bytes.end(), 0);
  return bytes;
}

Bytes Images(uint32_t n, uint32_t h, uint32_t w) {
  return Header(0x08, {n, h, w}) + Values(n * h * w);
}
Bytes Labels(uint32_t n) { return Header(0x08, {n}) + Values(n); }

// One gzip stream.
Bytes Gzip(const Bytes& bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&stream, bytes.size()), 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = bytes.size();
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = out.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Write(const std::string& name, const Bytes& bytes) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return path;
}

// The error of reading `bytes` as images; it must name the path.
std::string ImageError(const Bytes& bytes) {
  const std::string path = Write("images", bytes);
  const auto images = ReadIdxImages(path);
  EXPECT_FALSE(images.ok());
  const std::string message(images.status().message());
  EXPECT_THAT(message, StartsWith(path + ": "));
  return message;
}

TEST(IdxTest, ReadsPlainAndCompressedWhateverTheName) {
  const Bytes images = Images(5, 3, 4);
  for (const auto& [name, bytes] :
       {std::pair<std::string, Bytes>{"plain", images},
        {"plain_named.gz", images},
        {"compressed", Gzip(images)},
        {"two_streams.gz", Gzip(images.substr(0, 20)) + Gzip(images.substr(20))}}) {
    const auto read = ReadIdxImages(Write(name, bytes));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->count, 5);
    EXPECT_EQ(read->height, 3);
    EXPECT_EQ(read->width, 4);
    EXPECT_EQ(Bytes(read->pixels.begin(), read->pixels.end()), Values(60));
  }
  const auto labels = ReadIdxLabels(Write("labels", Gzip(Labels(7))), 7, "images");
  ASSERT_TRUE(labels.ok()) << labels.status();
  EXPECT_EQ(Bytes(labels->begin(), labels->end()), Values(7));
}

TEST(IdxTest, ReadsFashionMnist) {
  const std::string folder = "external/fashion_mnist/";
  const auto images = ReadIdxImages(folder + "t10k-images-idx3-ubyte.gz");
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_EQ(images->count, 10000);
  EXPECT_EQ(images->height, 28);
  EXPECT_EQ(images->width, 28);
  EXPECT_EQ(images->pixels.size(), 7840000);
  const auto labels = ReadIdxLabels(folder + "t10k-labels-idx1-ubyte.gz", 10000, "images");
  ASSERT_TRUE(labels.ok()) << labels.status();
  std::vector<int> counts(10);
  for (const uint8_t label : *labels) ++counts.at(label);
  EXPECT_THAT(counts, ::testing::Each(1000));  // the published test set is balanced
}

TEST(IdxTest, NoFile) {
  const std::string absent = ::testing::TempDir() + "/no/such/file";
  auto images = ReadIdxImages(absent);
  EXPECT_EQ(images.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(images.status().message()),
              AllOf(StartsWith(absent + ": "), HasSubstr("IDX images")));
  images = ReadIdxImages(::testing::TempDir());
  EXPECT_THAT(std::string(images.status().message()), HasSubstr("a directory"));
  images = ReadIdxImages("");
  EXPECT_THAT(std::string(images.status().message()), HasSubstr("no path"));
  images = ReadIdxImages("/dev/zero");
  EXPECT_THAT(std::string(images.status().message()), HasSubstr("something other than a file"));
  EXPECT_THAT(ImageError(""), HasSubstr("an empty file"));
}

TEST(IdxTest, NotPermitted) {
  const std::string path = Write("secret", Images(1, 2, 2));
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const auto images = ReadIdxImages(path);
  if (images.ok()) GTEST_SKIP() << "this user may read everything";
  EXPECT_EQ(images.status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(IdxTest, Truncated) {
  const Bytes images = Images(5, 30, 40);
  EXPECT_THAT(ImageError(images.substr(0, 3)), HasSubstr("found 3 bytes"));
  EXPECT_THAT(ImageError(images.substr(0, 11)), HasSubstr("a header of 11 bytes; expected 16"));
  EXPECT_THAT(ImageError(images.substr(0, 200)),
              HasSubstr("claims 5×30×40 values; expected at most 184"));
  const Bytes compressed = Gzip(images);
  EXPECT_THAT(ImageError(compressed.substr(0, 5)), HasSubstr("stops in the middle"));
  EXPECT_THAT(ImageError(compressed.substr(0, compressed.size() / 2)),
              HasSubstr("stops in the middle"));
  EXPECT_THAT(ImageError(compressed.substr(0, compressed.size() - 3)),
              HasSubstr("stops in the middle"));
  EXPECT_THAT(ImageError(Gzip(images.substr(0, 5000))),
              HasSubstr("found 4984 values; expected the 5×30×40 = 6000 of its header"));
}

TEST(IdxTest, DamagedCompression) {
  Bytes compressed = Gzip(Images(5, 30, 40));
  compressed[compressed.size() - 6] ^= 1;  // the checksum
  EXPECT_THAT(ImageError(compressed), HasSubstr("incorrect data check"));
}

TEST(IdxTest, Longer) {
  EXPECT_THAT(ImageError(Images(2, 2, 2) + "x"),
              HasSubstr("more than 8 values; expected the 2×2×2 = 8"));
  EXPECT_THAT(ImageError(Gzip(Images(2, 2, 2) + "x")), HasSubstr("more than 8 values"));
}

TEST(IdxTest, WrongMagicTypeRank) {
  EXPECT_THAT(ImageError("PK\3\4 and so on"), HasSubstr("a zip archive"));
  EXPECT_THAT(ImageError("<!DOCTYPE html>"), HasSubstr("a web page"));
  EXPECT_THAT(ImageError(Gzip(Gzip(Images(1, 1, 1)))), HasSubstr("gzip within gzip"));
  EXPECT_THAT(ImageError("\x10\x20\x30\x40 bytes"), HasSubstr("magic 10 20 30 40"));
  EXPECT_THAT(ImageError(Header(0x0D, {1, 1, 1}) + "abcd"),
              HasSubstr("type code 0x0d (32-bit floats)"));
  EXPECT_THAT(ImageError(Header(0x77, {1, 1, 1}) + "a"), HasSubstr("no type that IDX knows"));
  EXPECT_THAT(ImageError(Header(0x08, {1, 1, 1, 1}) + "a"), HasSubstr("rank 4"));
  EXPECT_THAT(ImageError(Labels(9)), AllOf(HasSubstr("found IDX labels"), HasSubstr("exchanged?")));
  EXPECT_THAT(ImageError(Header(0x08, {3, 0, 4})), HasSubstr("no values (3×0)"));
}

TEST(IdxTest, Mislabelled) {
  const std::string images = Write("images", Images(4, 2, 2));
  auto labels = ReadIdxLabels(images, 4, images);
  EXPECT_THAT(std::string(labels.status().message()),
              AllOf(StartsWith(images), HasSubstr("found IDX images"), HasSubstr("exchanged?")));
  const std::string path = Write("labels", Labels(5));
  labels = ReadIdxLabels(path, 4, images);
  EXPECT_EQ(labels.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(labels.status().message()),
              AllOf(StartsWith(path), HasSubstr("found 5 labels; expected 4"), HasSubstr(images)));
}

int64_t PeakKilobytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// A header may claim more than memory holds, or overflow 64 bits; reading must fail without
// allocating that.
TEST(IdxTest, OversizedHeader) {
  const int64_t before = PeakKilobytes();
  EXPECT_THAT(ImageError(Header(0x08, {0xffffffff, 0xffffffff, 0xffffffff}) + Values(100)),
              HasSubstr("claims 4294967295×4294967295×4294967295"));
  EXPECT_THAT(ImageError(Gzip(Header(0x08, {0xffffffff, 0xffffffff, 0xffffffff}) + Values(100))),
              HasSubstr("claims"));
  // The most that passes for a compressed file of this size, over values that
  // compression cannot shorten.
  Bytes noise(200000, 0);
  Random random({.seed = 1});
  for (char& c : noise) c = static_cast<char>(random.Next());
  EXPECT_THAT(ImageError(Gzip(Header(0x08, {200000, 1000, 1}) + noise)),
              HasSubstr("found 200000 values"));
  EXPECT_LT(PeakKilobytes() - before, 32 * 1024);
}

}  // namespace
}  // namespace pretext
