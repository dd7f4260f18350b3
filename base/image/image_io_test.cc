#include "base/image/image_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

constexpr int kHeight = 13, kWidth = 17;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string TestFile(const std::string& name) { return ReadAll("base/image/testdata/" + name); }

// What Pillow reads from a file (image_io_golden.py, orientation_golden.py).
struct Expected {
  std::string name;
  int width = 0, height = 0;
  std::string rgb;  // interleaved
};

std::vector<Expected> AllExpected() {
  std::istringstream file(TestFile("expected") + TestFile("expected_said"));
  std::vector<Expected> all;
  for (Expected one; file >> one.name >> one.width >> one.height; all.push_back(one)) {
    file.get();
    one.rgb.resize(static_cast<size_t>(one.width) * one.height * 3);
    file.read(one.rgb.data(), static_cast<std::streamsize>(one.rgb.size()));
  }
  EXPECT_GT(all.size(), 130);
  return all;
}

// Lossy formats: the inverse transform may differ by a step between versions of the libraries, and
// twice that after the conversion of colours.
int Tolerance(const std::string& name) {
  return absl::EndsWith(name, ".jpg") || name == "lossy.webp" || name == "turned.webp" ? 3 : 0;
}

TEST(DecodePicture, EqualsPillow) {
  for (const Expected& expected : AllExpected()) {
    SCOPED_TRACE(expected.name);
    Picture picture;
    const absl::Status status = DecodePicture(TestFile(expected.name), {.channels = 3}, picture);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(picture.shape, (ImageShape{3, expected.height, expected.width}));
    if (picture.pixels.size() != expected.rgb.size()) continue;
    const auto plane = static_cast<size_t>(picture.shape.plane());
    int greatest = 0;
    for (size_t i = 0; i < expected.rgb.size(); ++i) {
      const int found = picture.pixels[i % 3 * plane + i / 3];
      greatest = std::max(greatest, std::abs(found - static_cast<uint8_t>(expected.rgb[i])));
    }
    EXPECT_LE(greatest, Tolerance(expected.name));
  }
}

TEST(DecodePicture, GivesTheChannelsAskedFor) {
  for (const Expected& expected : AllExpected()) {
    const std::string& name = expected.name;
    const std::string bytes = TestFile(name);
    const bool grey = absl::StartsWith(name, "grey") || name == "turned_grey.jpg";
    Picture as_found, one, three;
    ASSERT_TRUE(DecodePicture(bytes, {}, as_found).ok());
    ASSERT_TRUE(DecodePicture(bytes, {.channels = 1}, one).ok());
    ASSERT_TRUE(DecodePicture(bytes, {.channels = 3}, three).ok());
    EXPECT_EQ(as_found.shape.channels, grey ? 1 : 3) << name;
    EXPECT_EQ(one.shape, (ImageShape{1, expected.height, expected.width}));
    const int plane = kHeight * kWidth;
    double greatest = 0, sum = 0;
    for (int i = 0; i < plane; ++i) {
      const double luma = 0.299 * three.pixels[i] + 0.587 * three.pixels[plane + i] +
                          0.114 * three.pixels[2 * plane + i];
      greatest = std::max(greatest, std::abs(one.pixels[i] - luma));
      sum += std::abs(one.pixels[i] - luma);
    }
    // Half a step of rounding. A JPEG's grey does not pass through colours that are clipped to the
    // bytes' range: there it is off where colours are strong, little on the whole.
    EXPECT_TRUE(Tolerance(name) > 0 || greatest <= 0.51) << name << " " << greatest;
    EXPECT_TRUE(sum / plane <= (absl::StrContains(name, "adobe_0") ? 0.51 : 1))
        << name << " " << sum / plane;
  }
}

// What is under full transparency does not shine through; half of it lets half through.
TEST(DecodePicture, LaysTransparencyOnTheBackground) {
  for (const std::string name :
       {"rgba8.png", "rgba16.png", "grey_alpha8.png", "palette4_transparent.png",
        "rgb8_transparent.png", "lossless_alpha.webp", "rgba32_v5.bmp", "animated.webp"}) {
    SCOPED_TRACE(name);
    Picture black, white, teal;
    const std::string bytes = TestFile(name);
    ASSERT_TRUE(DecodePicture(bytes, {.channels = 3, .background = {0, 0, 0}}, black).ok());
    ASSERT_TRUE(DecodePicture(bytes, {.channels = 3}, white).ok());
    ASSERT_TRUE(DecodePicture(bytes, {.channels = 3, .background = {0, 128, 200}}, teal).ok());
    EXPECT_TRUE(white.transparent);
    bool see_through = false;
    const size_t plane = kHeight * kWidth;
    for (size_t i = 0; i < 3 * plane; ++i) {
      // What of the background is seen, between nothing and all of it; each value is rounded.
      const int seen = white.pixels[i] - black.pixels[i];
      see_through |= seen == 255;
      const int under[] = {0, 128, 200};
      EXPECT_NEAR(teal.pixels[i] - black.pixels[i], under[i / plane] * seen / 255.0, 1.5) << i;
    }
    EXPECT_TRUE(see_through);
  }
  Picture picture;
  ASSERT_TRUE(DecodePicture(TestFile("rgb8.png"), {}, picture).ok());
  EXPECT_FALSE(picture.transparent);
}

TEST(DecodePicture, SaysWhetherItTurned) {
  for (const auto& [name, turned] : {std::pair{"turned_6.jpg", true},
                                     {"turned_1.jpg", false},
                                     {"turned_9.jpg", false},
                                     {"turned.webp", true},
                                     {"turned_after.png", true},
                                     {"no_exif.jpg", false}}) {
    Picture picture;
    ASSERT_TRUE(DecodePicture(TestFile(name), {}, picture).ok());
    EXPECT_EQ(picture.turned, turned) << name;
  }
}

TEST(DecodePicture, ReducesJpegsAsFarAsAllowed) {
  Picture whole, reduced;
  ASSERT_TRUE(DecodePicture(TestFile("baseline.jpg"), {.channels = 3}, whole).ok());
  for (const auto& [least, height, width] :
       {std::tuple{7, 13, 17}, {6, 7, 9}, {4, 7, 9}, {3, 4, 5}, {1, 2, 3}}) {
    const DecodeOptions options{.channels = 3, .least_side = least};
    ASSERT_TRUE(DecodePicture(TestFile("baseline.jpg"), options, reduced).ok());
    ASSERT_EQ(reduced.shape, (ImageShape{3, height, width})) << least;
  }
  // At a half, a pixel is near the mean of the four it covers.
  const DecodeOptions half{.channels = 3, .least_side = 6};
  ASSERT_TRUE(DecodePicture(TestFile("baseline.jpg"), half, reduced).ok());
  double sum = 0;
  for (int c = 0; c < 2; ++c) {  // The two smooth channels.
    for (int y = 0; y < 6; ++y) {
      for (int x = 0; x < 8; ++x) {
        const uint8_t* four = &whole.pixels[(c * 13 + 2 * y) * 17 + 2 * x];
        const double mean = (four[0] + four[1] + four[17] + four[18]) / 4.0;
        sum += std::abs(reduced.pixels[(c * 7 + y) * 9 + x] - mean);
      }
    }
  }
  EXPECT_TRUE(sum / (2 * 6 * 8) <= 4) << sum / (2 * 6 * 8);
}

std::string FaultOf(const std::string& bytes) {
  Picture picture;
  return std::string(DecodePicture(bytes, {.channels = 3}, picture).message());
}

TEST(DecodePicture, RefusesWhatIsNoPicture) {
  EXPECT_EQ(FaultOf(""), "an empty file");
  EXPECT_EQ(FaultOf("a text"), "no PNG, JPEG, WebP or BMP by its first bytes");
  EXPECT_EQ(FaultOf("BM begins this text, which is no picture"),
            "no PNG, JPEG, WebP or BMP by its first bytes");
  EXPECT_EQ(FaultOf("GIF89a"),
            "by its first bytes of the format GIF, which is not read; PNG, JPEG, WebP or BMP is");
}

TEST(FormatOf, TellsByTheFirstBytes) {
  const auto format = [](const std::string& bytes) { return FormatOf(bytes).name; };
  EXPECT_EQ(format(TestFile("rgb8.png").substr(0, kFormatBytes)), "PNG");
  EXPECT_EQ(format(TestFile("420.jpg").substr(0, kFormatBytes)), "JPEG");
  EXPECT_EQ(format(TestFile("lossy.webp").substr(0, kFormatBytes)), "WebP");
  EXPECT_EQ(format(TestFile("os2_24.bmp").substr(0, kFormatBytes)), "BMP");
  EXPECT_TRUE(FormatOf(TestFile("rgb24.bmp")).is_read);
  EXPECT_EQ(format("GIF87a"), "GIF");
  EXPECT_FALSE(FormatOf("GIF87a").is_read);
  EXPECT_EQ(format(std::string("II*\0", 4)), "TIFF");
  EXPECT_EQ(format(std::string("\0\0\0\x1c"
                               "ftypavif",
                               12)),
            "AVIF");
  EXPECT_EQ(format("RIFF....WAVEfmt "), "");
  EXPECT_EQ(format(""), "");
}

TEST(DecodePicture, RefusesEveryShorterFile) {
  // With how many bytes may be missing at the end. A PNG is whole when its pixels are: its last
  // chunk, of 12 bytes, marks the end and holds nothing, nor does the checksum before it. A row of
  // a BMP, of 9 or of 51 bytes, is made a multiple of four; its runs end with a mark. A WebP's
  // length is made even.
  for (const auto& [name, idle] :
       std::vector<std::pair<std::string, size_t>>{{"rgb8.png", 16},
                                                   {"grey16.png", 16},
                                                   {"palette4.png", 16},
                                                   {"rgba8_interlaced.png", 16},
                                                   {"baseline.jpg", 0},
                                                   {"420.jpg", 0},
                                                   {"progressive.jpg", 0},
                                                   {"grey_jpeg.jpg", 0},
                                                   {"cmyk.jpg", 0},
                                                   {"lossy.webp", 1},
                                                   {"lossless.webp", 1},
                                                   {"lossy_alpha.webp", 1},
                                                   {"runs8.bmp", 2},
                                                   {"runs4.bmp", 2},
                                                   {"index4.bmp", 3},
                                                   {"rgb24.bmp", 1}}) {
    const std::string bytes = TestFile(name);
    for (size_t n = 0; n < bytes.size() - idle; ++n) {
      ASSERT_NE(FaultOf(bytes.substr(0, n)), "")
          << name << " cut to " << n << " of " << bytes.size();
    }
  }
  EXPECT_EQ(FaultOf(TestFile("index4.bmp").substr(0, TestFile("index4.bmp").size() - 3)), "");
}

// A header that claims a size its bytes cannot hold, or beyond what is read, costs no memory.
TEST(DecodePicture, RefusesSizesThatCannotBe) {
  std::string png = TestFile("rgb8.png");
  png[18] = 8;  // A width of 2065; then the checksum is wrong too, so libpng may say that instead.
  EXPECT_NE(FaultOf(png), "");
  std::string jpeg = TestFile("baseline.jpg");
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg[frame + 5] = jpeg[frame + 7] = 0x1f;  // Height and width near 8000.
  EXPECT_TRUE(absl::StrContains(FaultOf(jpeg), "cannot be in its 824 bytes")) << FaultOf(jpeg);
  jpeg[frame + 5] = jpeg[frame + 7] = '\xff';
  EXPECT_TRUE(absl::StrContains(FaultOf(jpeg), "more than 178956970"));
  std::string webp = TestFile("lossless.webp");
  webp[21] = webp[22] = webp[23] = '\xff', webp[24] = 0x0f;  // 14 bits of width - 1, of height - 1.
  EXPECT_TRUE(absl::StrContains(FaultOf(webp), "a WebP of 1")) << FaultOf(webp);
  EXPECT_TRUE(absl::StrContains(FaultOf(webp), "more than")) << FaultOf(webp);
  webp[24] = 2;  // 16384 x 3069 would be allowed, if they were not in so few bytes.
  webp[22] = '\x3f';
  EXPECT_TRUE(absl::StrContains(FaultOf(webp), "cannot be in its")) << FaultOf(webp);
  std::string bmp = TestFile("rgb24.bmp");
  bmp[20] = bmp[24] = 0x70;
  EXPECT_TRUE(absl::StrContains(FaultOf(bmp), "more than")) << FaultOf(bmp);
  bmp[20] = 0, bmp[24] = 1;
  EXPECT_TRUE(absl::StrContains(FaultOf(bmp), "damaged or cut short")) << FaultOf(bmp);
  bmp[24] = 0, bmp[25] = '\x80';  // A height that has no absolute value in 32 bits.
  EXPECT_NE(FaultOf(bmp), "");
}

// Pixels that the code of runs moves over, or that come after its end, are those of index 0.
TEST(DecodePicture, ABmpMayLeaveOutPixels) {
  std::string bmp = TestFile("runs8.bmp");
  const auto pixels_at = static_cast<uint8_t>(bmp[10]) + 256 * static_cast<uint8_t>(bmp[11]);
  bmp.resize(static_cast<size_t>(pixels_at));
  bmp += std::string(
      "\1\3"
      "\0\2\5\2"
      "\2\7"
      "\0\1",
      10);
  Picture picture;
  const absl::Status status = DecodePicture(bmp, {.channels = 3}, picture);
  ASSERT_TRUE(status.ok()) << status;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      // The palette's blue is 67 times the index; the lowest row is the first.
      const int row = kHeight - 1 - y;
      const int index = row == 0 && x == 0 ? 3 : row == 2 && (x == 6 || x == 7) ? 7 : 0;
      const int blue = picture.pixels[static_cast<size_t>(2 * kHeight * kWidth + y * kWidth + x)];
      EXPECT_EQ(blue, index * 67 % 256) << x << " " << y;
    }
  }
}

TEST(DecodePicture, NamesTheKindsOfBmpThatAreNotRead) {
  std::string bmp = TestFile("index8.bmp");
  bmp[30] = 4;
  EXPECT_EQ(FaultOf(bmp), "a BMP of 8 bits with compression 4, which is not read");
}

TEST(EncodePng, ComesBackTheSame) {
  for (const int channels : {1, 3}) {
    const ImageShape shape{channels, 16, 16 * 3};
    std::vector<float> image(shape.size());
    for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 256) / 255.0f;
    Picture picture;
    ASSERT_TRUE(DecodePicture(EncodePng(image.data(), shape), {}, picture).ok());
    ASSERT_EQ(picture.shape, shape);
    for (size_t i = 0; i < image.size(); ++i) ASSERT_EQ(picture.pixels[i], i % 256);
  }
}

TEST(EncodePng, ClipsWhatIsOutside) {
  const float image[] = {-1, 2, std::numeric_limits<float>::quiet_NaN(), 0.5f};
  Picture picture;
  ASSERT_TRUE(DecodePicture(EncodePng(image, {1, 2, 2}), {}, picture).ok());
  EXPECT_EQ(picture.pixels, (std::vector<uint8_t>{0, 255, 0, 128}));
}

TEST(WritePng, WritesAFileThatReadPictureReads) {
  const std::string path = testing::TempDir() + "/written.png";
  const std::vector<float> image(3 * 4 * 5, 1.0f);
  ASSERT_TRUE(WritePng(path, image.data(), {3, 4, 5}).ok());
  std::string bytes;
  Picture picture;
  ASSERT_TRUE(ReadPicture(path, {}, bytes, picture).ok());
  EXPECT_EQ(picture.pixels, std::vector<uint8_t>(60, 255));
}

TEST(WritePng, AFullDiskLeavesTheOldPicture) {
  const TestFolder folder;
  const std::vector<float> white(3 * 4 * 5, 1.0f), black(3 * 4 * 5);
  const auto disk_is_full = [&] {
    EXPECT_FALSE(WritePng(folder / "a.png", black.data(), {3, 4, 5}).ok());
  };
  Calls(disk_is_full, Kind::kWrite, ENOSPC);
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
  ASSERT_TRUE(WritePng(folder / "a.png", white.data(), {3, 4, 5}).ok());
  Calls(disk_is_full, Kind::kWrite, ENOSPC);
  std::string bytes;
  Picture picture;
  ASSERT_TRUE(ReadPicture(folder / "a.png", {}, bytes, picture).ok());
  EXPECT_EQ(picture.pixels, std::vector<uint8_t>(60, 255));
}

TEST(Files, ErrorsNameThePath) {
  std::string bytes;
  Picture picture;
  const auto read = [&](const std::string& path) {
    return std::string(ReadPicture(path, {}, bytes, picture).message());
  };
  EXPECT_TRUE(absl::StartsWith(read("no/such.png"), "no/such.png: cannot be read: No such file"));
  EXPECT_EQ(read("base/image"), "base/image: cannot be read: it is a folder");
  EXPECT_EQ(read("base/image/testdata/expected"),
            "base/image/testdata/expected: no PNG, JPEG, WebP or BMP by its first bytes");
  const float pixel = 0;
  const absl::Status status = WritePng("no/such/folder.png", &pixel, {1, 1, 1});
  EXPECT_TRUE(absl::StartsWith(status.message(), "no/such/folder.png: cannot be written"))
      << status;
}

}  // namespace
}  // namespace pretext
