#include "datasets/cifar/cifar_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "datasets/cifar/generated_cifar.h"

namespace pretext {
namespace {

std::string Path(const std::string& name) { return testing::TempDir() + "/" + name; }

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string ReadBytes(const std::string& path) {
  std::stringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

absl::Status Read(const std::string& path, const CifarLayout& layout) {
  const absl::StatusOr<int64_t> records = CountCifarRecords(path, layout);
  if (!records.ok()) return records.status();
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;
  return ReadCifarFile(path, layout, *records, pixels, labels);
}

TEST(CifarFile, ReadsEveryByte) {
  for (const CifarLayout& layout : {kCifar10, kCifar100, kCifar100Coarse}) {
    std::string bytes;
    for (int i = 0; i < 3 * layout.record(); ++i) bytes += static_cast<char>(i * 31 % 256);
    for (int r = 0; r < 3; ++r)
      bytes[r * layout.record() + layout.label_at] = static_cast<char>(9 - r);
    const std::string path = Path("plain.bin");
    WriteBytes(path, bytes);
    ASSERT_EQ(*CountCifarRecords(path, layout), 3);
    std::vector<uint8_t> pixels = {7};
    std::vector<int32_t> labels = {5};
    ASSERT_TRUE(ReadCifarFile(path, layout, 3, pixels, labels).ok());
    EXPECT_EQ(labels, (std::vector<int32_t>{5, 9, 8, 7})) << "appended";
    ASSERT_EQ(pixels.size(), 1 + 3 * kCifarPixels);
    for (int r = 0; r < 3; ++r) {
      for (int k = 0; k < kCifarPixels; ++k) {
        ASSERT_EQ(pixels[1 + r * kCifarPixels + k],
                  static_cast<uint8_t>(bytes[r * layout.record() + layout.label_bytes + k]));
      }
    }
  }
}

TEST(CifarFile, NamesWhatIsWrong) {
  const std::string path = Path("faulty.bin");
  EXPECT_EQ(Read(Path("absent.bin"), kCifar10).message(),
            Path("absent.bin") + ": cannot be read: No such file or directory");
  WriteBytes(path, "");
  EXPECT_EQ(Read(path, kCifar10).message(),
            path +
                ": found 0 bytes; expected records of 3073 bytes each (CIFAR-10's binary "
                "version). Check the variant, or fetch the file again");
  WriteBytes(path, std::string(3073 * 2 - 1, '\1'));
  EXPECT_EQ(Read(path, kCifar10).message(),
            path +
                ": found 6145 bytes; expected records of 3073 bytes each (CIFAR-10's binary "
                "version). Check the variant, or fetch the file again");
  EXPECT_EQ(Read(testing::TempDir(), kCifar100).message(),
            testing::TempDir() +
                ": found no file; expected records of 3074 bytes each (CIFAR-100's binary "
                "version). Check the variant, or fetch the file again");
  WriteBytes(path, std::string(3073, '\1') + std::string(3073, '\12'));
  EXPECT_EQ(Read(path, kCifar10).message(),
            path +
                ": found label 10 in record 1; expected labels below 10. Check the variant, or "
                "fetch the file again");
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;
  EXPECT_EQ(ReadCifarFile(path, kCifar10, 3, pixels, labels).message(),
            path + ": the file changed while it was being used");
}

TEST(GeneratedCifar, IsReproducibleAndLabelled) {
  ASSERT_TRUE(WriteGeneratedCifar(Path("a.bin"), kCifar100, 250, 1).ok());
  ASSERT_TRUE(WriteGeneratedCifar(Path("b.bin"), kCifar100, 250, 1).ok());
  ASSERT_TRUE(WriteGeneratedCifar(Path("c.bin"), kCifar100, 250, 2).ok());
  EXPECT_EQ(ReadBytes(Path("a.bin")), ReadBytes(Path("b.bin")));
  EXPECT_NE(ReadBytes(Path("a.bin")), ReadBytes(Path("c.bin")));
  std::vector<uint8_t> pixels;
  std::vector<int32_t> fine, coarse;
  ASSERT_TRUE(ReadCifarFile(Path("a.bin"), kCifar100, 250, pixels, fine).ok());
  ASSERT_TRUE(ReadCifarFile(Path("a.bin"), kCifar100Coarse, 250, pixels, coarse).ok());
  for (int i = 0; i < 250; ++i) {
    EXPECT_EQ(fine[i], i % 100);
    EXPECT_EQ(coarse[i], fine[i] / 5);
  }
}

}  // namespace
}  // namespace pretext
