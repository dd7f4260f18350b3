#include "pipelines/neighbours/named_tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "base/image/image_io.h"
#include "datasets/cifar/generated_cifar.h"

namespace pretext {
namespace {

using testing::Each;
using testing::HasSubstr;

class NamedTilesTest : public testing::Test {
 protected:
  // `images` IDX images of 2×3, image i of bytes i.
  std::string Idx(const std::string& name, int images) {
    std::string bytes("\0\0\x08\x03\0\0\0", 7);
    bytes += static_cast<char>(images);
    bytes += std::string("\0\0\0\x02\0\0\0\x03", 8);
    for (int i = 0; i < images; ++i) bytes += std::string(6, static_cast<char>(i));
    return Write(name, bytes);
  }
  std::string Write(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, bytes).ok());
    return folder_ / name;
  }
  std::string Png(const std::string& name, float grey) {
    const std::vector<float> pixels(3 * 4 * 4, grey);
    EXPECT_TRUE(WritePng(folder_ / name, pixels.data(), {3, 4, 4}).ok());
    return folder_ / name;
  }
  std::string Error(const std::vector<std::string>& names) {
    return std::string(TilesOf(names).status().message());
  }

  const TestFolder folder_;
};

TEST_F(NamedTilesTest, StandInTheOrderOfTheirNames) {
  // An IDX file is one by its first bytes, whatever its name.
  const std::string idx = Idx("records.bin", 5), dark = Png("dark.png", 0.2f),
                    light = Png("light#2.png", 0.8f);
  const auto tiles = TilesOf({idx + "#4", light, idx + "#1", dark, light});
  ASSERT_TRUE(tiles.ok()) << tiles.status();
  ASSERT_EQ(tiles->size(), 5);
  EXPECT_THAT((*tiles)[0].pixels, Each(4 / 255.0f));
  EXPECT_THAT((*tiles)[2].pixels, Each(1 / 255.0f));
  EXPECT_EQ((*tiles)[0].shape.channels, 1);
  EXPECT_EQ((*tiles)[0].shape.width, 3);
  EXPECT_THAT((*tiles)[1].pixels, Each(204 / 255.0f));
  EXPECT_THAT((*tiles)[3].pixels, Each(51 / 255.0f));
  EXPECT_EQ((*tiles)[4].pixels, (*tiles)[1].pixels);
}

TEST_F(NamedTilesTest, CifarsLayoutIsToldFromTheSize) {
  for (const CifarLayout& layout : {kCifar10, kCifar100}) {
    const std::string path = folder_ / "c.bin";
    ASSERT_TRUE(WriteGeneratedCifar(path, layout, 7, 1).ok());
    std::vector<uint8_t> pixels;
    std::vector<int32_t> labels;
    ASSERT_TRUE(ReadCifarFile(path, layout, 7, pixels, labels).ok());
    const auto tiles = TilesOf({path + "#6"});
    ASSERT_TRUE(tiles.ok()) << tiles.status();
    ASSERT_EQ((*tiles)[0].pixels.size(), kCifarPixels);
    for (int64_t k = 0; k < kCifarPixels; ++k) {
      EXPECT_EQ((*tiles)[0].pixels[k], pixels[6 * kCifarPixels + k] / 255.0f);
    }
  }
}

TEST_F(NamedTilesTest, NamesWhatIsNotThere) {
  const std::string idx = Idx("i", 2);
  EXPECT_THAT(Error({idx + "#0", idx + "#2"}), HasSubstr(idx + ": has no image 2"));
  EXPECT_THAT(Error({idx + "#9223372036854775807"}), HasSubstr("has no image 92233"));
  EXPECT_THAT(Error({idx + "#-1"}), HasSubstr("has no image -1"));
  EXPECT_THAT(Error({folder_ / "absent#0"}), HasSubstr(folder_ / "absent: "));
  EXPECT_THAT(Error({folder_ / "absent.png"}), HasSubstr(folder_ / "absent.png: "));
  EXPECT_THAT(Error({Write("t.bin", "text") + "#0"}), HasSubstr("found 4 bytes"));
}

}  // namespace
}  // namespace pretext
