#include "base/image/image_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <tuple>

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

const char* const kFiles[] = {"rgb.png",      "grey.png",       "palette.png",     "bilevel.png",
                              "rgba.png",     "grey_alpha.png", "rgb16.png",       "interlaced.png",
                              "baseline.jpg", "subsampled.jpg", "progressive.jpg", "grey_jpeg.jpg",
                              "cmyk.jpg"};

// JPEG's inverse transform may differ by a step between versions of the library, and twice that
// after the conversion of colours; CMYK's products are rounded differently.
int Tolerance(const std::string& name) { return absl::EndsWith(name, ".jpg") ? 3 : 0; }

TEST(DecodePicture, EqualsPillow) {
  for (const std::string name : kFiles) {
    Picture picture;
    ASSERT_TRUE(DecodePicture(TestFile(name), 3, picture).ok()) << name;
    ASSERT_EQ(picture.shape, (ImageShape{3, kHeight, kWidth})) << name;
    const std::string expected = TestFile(name.substr(0, name.size() - 4) + ".rgb");
    ASSERT_EQ(expected.size(), picture.pixels.size()) << name;
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < kHeight * kWidth; ++i) {
        const int found = picture.pixels[c * kHeight * kWidth + i];
        const int want = static_cast<uint8_t>(expected[i * 3 + c]);
        ASSERT_LE(std::abs(found - want), Tolerance(name))
            << name << " channel " << c << " at " << i;
      }
    }
  }
}

TEST(DecodePicture, GivesTheChannelsAskedFor) {
  for (const std::string name : kFiles) {
    const bool grey = absl::StrContains(name, "grey") || absl::StrContains(name, "bilevel");
    Picture as_found, one, three;
    ASSERT_TRUE(DecodePicture(TestFile(name), 0, as_found).ok());
    ASSERT_TRUE(DecodePicture(TestFile(name), 1, one).ok());
    ASSERT_TRUE(DecodePicture(TestFile(name), 3, three).ok());
    EXPECT_EQ(as_found.shape.channels, grey ? 1 : 3) << name;
    EXPECT_EQ(one.shape, (ImageShape{1, kHeight, kWidth}));
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
    EXPECT_TRUE(sum / plane <= 1) << name << " " << sum / plane;
  }
}

TEST(DecodePicture, ReducesJpegsAsFarAsAllowed) {
  Picture whole, reduced;
  ASSERT_TRUE(DecodePicture(TestFile("baseline.jpg"), 3, whole).ok());
  for (const auto& [least, height, width] :
       {std::tuple{7, 13, 17}, {6, 7, 9}, {4, 7, 9}, {3, 4, 5}, {1, 2, 3}}) {
    ASSERT_TRUE(DecodePicture(TestFile("baseline.jpg"), 3, reduced, least).ok());
    ASSERT_EQ(reduced.shape, (ImageShape{3, height, width})) << least;
  }
  // At a half, a pixel is near the mean of the four it covers.
  ASSERT_TRUE(DecodePicture(TestFile("baseline.jpg"), 3, reduced, 6).ok());
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

TEST(DecodePicture, RefusesWhatIsNoPicture) {
  Picture picture;
  EXPECT_EQ(DecodePicture("", 3, picture).message(), "an empty file");
  EXPECT_EQ(DecodePicture("GIF89a", 3, picture).message(),
            "neither a PNG nor a JPEG by its first bytes");
}

TEST(DecodePicture, RefusesEveryShorterFile) {
  Picture picture;
  for (const std::string name : kFiles) {
    const std::string bytes = TestFile(name);
    // A PNG is whole when its pixels are: the last chunk, of 12 bytes, marks the end and holds
    // nothing; nor does the checksum before it.
    const size_t needed = bytes.size() - (absl::EndsWith(name, ".png") ? 16 : 0);
    for (size_t n = 0; n < needed; ++n) {
      ASSERT_FALSE(DecodePicture(bytes.substr(0, n), 3, picture).ok())
          << name << " cut to " << n << " of " << bytes.size();
    }
  }
}

// A header that claims a size its bytes cannot hold costs no memory.
TEST(DecodePicture, RefusesSizesThatCannotBe) {
  Picture picture;
  std::string png = TestFile("rgb.png");
  png[18] = 8;  // A width of 2065; then the checksum is wrong too, so libpng may say that instead.
  EXPECT_FALSE(DecodePicture(png, 3, picture).ok());
  std::string jpeg = TestFile("baseline.jpg");
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg[frame + 5] = jpeg[frame + 7] = 0x1f;  // Height and width near 8000.
  const absl::Status status = DecodePicture(jpeg, 3, picture);
  EXPECT_TRUE(absl::StrContains(status.message(), "cannot be in its 824 bytes")) << status;
  jpeg[frame + 5] = jpeg[frame + 7] = '\xff';
  EXPECT_TRUE(absl::StrContains(DecodePicture(jpeg, 3, picture).message(), "more than"));
}

// Damaged bytes give an error or a picture of a sane size, never a crash (run under asan as well).
TEST(DecodePicture, SurvivesDamage) {
  std::mt19937 random(7);
  int refused = 0, total = 0;
  Picture picture;
  for (const std::string name : kFiles) {
    const std::string bytes = TestFile(name);
    for (int trial = 0; trial < 400; ++trial, ++total) {
      std::string damaged = bytes;
      const int faults = 1 + random() % 4;
      for (int k = 0; k < faults; ++k) {
        const size_t at = random() % damaged.size();
        switch (random() % 4) {
          case 0:
            damaged[at] = static_cast<char>(random());
            break;
          case 1:
            damaged[at] ^= static_cast<char>(1 << random() % 8);
            break;
          case 2:
            damaged.erase(at, 1 + random() % 8);
            break;
          default:
            damaged.insert(at, 1 + random() % 8, static_cast<char>(random()));
        }
        if (damaged.empty()) damaged = "x";
      }
      if (!DecodePicture(damaged, static_cast<int>(random() % 2) * 3, picture, trial % 8).ok()) {
        ++refused;
      } else {
        ASSERT_EQ(static_cast<int64_t>(picture.pixels.size()), picture.shape.size());
        ASSERT_LE(picture.shape.plane(), kMaxPixels);
      }
    }
  }
  EXPECT_GT(refused, total / 2) << "most damage is noticed";
}

TEST(EncodePng, ComesBackTheSame) {
  for (const int channels : {1, 3}) {
    const ImageShape shape{channels, 16, 16 * 3};
    std::vector<float> image(shape.size());
    for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 256) / 255.0f;
    Picture picture;
    ASSERT_TRUE(DecodePicture(EncodePng(image.data(), shape), 0, picture).ok());
    ASSERT_EQ(picture.shape, shape);
    for (size_t i = 0; i < image.size(); ++i) ASSERT_EQ(picture.pixels[i], i % 256);
  }
}

TEST(EncodePng, ClipsWhatIsOutside) {
  const float image[] = {-1, 2, std::numeric_limits<float>::quiet_NaN(), 0.5f};
  Picture picture;
  ASSERT_TRUE(DecodePicture(EncodePng(image, {1, 2, 2}), 0, picture).ok());
  EXPECT_EQ(picture.pixels, (std::vector<uint8_t>{0, 255, 0, 128}));
}

TEST(WritePng, WritesAFileThatReadPictureReads) {
  const std::string path = testing::TempDir() + "/written.png";
  const std::vector<float> image(3 * 4 * 5, 1.0f);
  ASSERT_TRUE(WritePng(path, image.data(), {3, 4, 5}).ok());
  std::string bytes;
  Picture picture;
  ASSERT_TRUE(ReadPicture(path, 0, bytes, picture).ok());
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
  ASSERT_TRUE(ReadPicture(folder / "a.png", 0, bytes, picture).ok());
  EXPECT_EQ(picture.pixels, std::vector<uint8_t>(60, 255));
}

TEST(Files, ErrorsNameThePath) {
  std::string bytes;
  Picture picture;
  const auto read = [&](const std::string& path) {
    return std::string(ReadPicture(path, 0, bytes, picture).message());
  };
  EXPECT_TRUE(absl::StartsWith(read("no/such.png"), "no/such.png: No such file"));
  EXPECT_EQ(read("base/image"), "base/image: not a file");
  EXPECT_EQ(read("base/image/testdata/rgb.rgb"),
            "base/image/testdata/rgb.rgb: neither a PNG nor a JPEG by its first bytes");
  const float pixel = 0;
  const absl::Status status = WritePng("no/such/folder.png", &pixel, {1, 1, 1});
  EXPECT_TRUE(absl::StartsWith(status.message(), "no/such/folder.png: cannot be written"))
      << status;
}

}  // namespace
}  // namespace pretext
