#include "core/tensor/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "base/random/random.h"
#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

using testing::HasSubstr;

TensorFile Example() {
  TensorFile file;
  file.metadata["step"] = "12";
  file.tensors.push_back({"a.weight", RandomTensor({3, 4}, 1)});
  file.tensors.push_back({"odd \"name\"", Tensor::Zeros({0, 7})});
  file.tensors.push_back({"scalar", Tensor::Full(Shape(), 2.5f)});
  Tensor ids = Tensor::Zeros({2}, DType::kInt32);
  ids.ints()[1] = -5;
  file.tensors.push_back({"ids", ids});
  return file;
}

TEST(Safetensors, ReadsWhatItWrote) {
  auto file = ParseTensors("f", SerializeTensors(Example()));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->metadata.at("step"), "12");
  ASSERT_EQ(file->tensors.size(), 4u);
  for (const NamedTensor& named : file->tensors) {
    if (named.name == "a.weight") {
      EXPECT_EQ(ToDoubles(named.tensor), ToDoubles(RandomTensor({3, 4}, 1)));
    }
    if (named.name == "ids") {
      EXPECT_EQ(named.tensor.ints()[1], -5);
    }
    if (named.name == "scalar") {
      EXPECT_EQ(named.tensor.item(), 2.5f);
    }
  }
}

TEST(Safetensors, AFileHasTheSameBytes) {
  const TestFolder folder;
  ASSERT_TRUE(WriteTensors(folder / "f", Example()).ok());
  EXPECT_TRUE(ReadFile(folder / "f").value() == SerializeTensors(Example()));
  auto file = ReadTensors(folder / "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(SerializeTensors(*file) == SerializeTensors(Example()));
  EXPECT_EQ(ReadTensors(folder / "missing").status().code(), absl::StatusCode::kNotFound);
  Calls([&] { EXPECT_FALSE(WriteTensors(folder / "f", TensorFile()).ok()); }, Kind::kWrite, ENOSPC);
  EXPECT_TRUE(ReadTensors(folder / "f").ok()) << "the old file is still whole";
  EXPECT_THAT(folder.Names(), testing::ElementsAre("f"));
}

// As PyTorch's num_batches_tracked: an I64 without dimensions.
TEST(Safetensors, WideNumbers) {
  TensorFile file;
  file.tensors.push_back({"steps", Tensor::Zeros(Shape(), DType::kInt32), /*wide=*/true});
  file.tensors[0].tensor.ints()[0] = -7;
  file.tensors.push_back({"w", Tensor::Full({1}, 1)});
  const std::string contents = SerializeTensors(file);
  EXPECT_THAT(contents, HasSubstr(R"("steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]})"));
  const auto read = ParseTensors("f", contents);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->tensors[0].tensor.ints()[0], -7);
  EXPECT_TRUE(SerializeTensors(*read) == contents);
  const std::string json = R"({"t":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})";
  std::string beyond;
  for (int i = 0; i < 8; ++i) beyond += static_cast<char>(json.size() >> (8 * i));
  beyond += json + std::string("\0\0\0\0\1\0\0\0", 8);
  EXPECT_THAT(std::string(ParseTensors("f", beyond).status().message()),
              HasSubstr("numbers beyond 32 bits"));
}

// The order of the header is the tensors': equal contents are equal files.
TEST(Safetensors, WritesTheHeaderInOrder) {
  const std::string contents = SerializeTensors(Example()).substr(8);
  EXPECT_THAT(contents, testing::StartsWith(R"({"__metadata__":{"step":"12","crc32":")"));
  EXPECT_THAT(contents, HasSubstr(R"(","crc32:a.weight":")"));
  EXPECT_THAT(contents, HasSubstr(R"(","crc32:odd \"name\"":"00000000",)"));
  EXPECT_THAT(contents,
              HasSubstr(R"("},"a.weight":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},)"
                        R"("odd \"name\"":{"dtype":"F32","shape":[0,7],"data_offsets":[48,48]},)"
                        R"("scalar":{"dtype":"F32","shape":[],"data_offsets":[48,52]},)"
                        R"("ids":{"dtype":"I32","shape":[2],"data_offsets":[52,60]}})"));
}

// CRC-32 of the four bytes 1, 2, 3, 4 is b63cfbcd (any zip tool's).
TEST(Safetensors, TheChecksumIsCrc32) {
  TensorFile file;
  file.tensors.push_back({"t", Tensor::Zeros({1}, DType::kInt32)});
  file.tensors[0].tensor.ints()[0] = 0x04030201;
  EXPECT_THAT(SerializeTensors(file), HasSubstr(R"("crc32:t":"b63cfbcd")"));
}

TEST(Safetensors, AChangedBitAnywhereIsFound) {
  const std::string whole = SerializeTensors(Example());
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      EXPECT_EQ(ParseTensors("f", damaged).status().code(), absl::StatusCode::kDataLoss)
          << "byte " << at << ", bit " << bit;
    }
  }
  std::string damaged = whole;
  damaged[whole.size() - 3] ^= 1;
  EXPECT_THAT(std::string(ParseTensors("f", damaged).status().message()),
              HasSubstr("f is not a whole safetensors file: tensor \"ids\" is damaged"));
}

// safetensors_golden.py wrote it with HuggingFace's library.
TEST(Safetensors, ReadsAnotherImplementationsFile) {
  auto file = ReadTensors("core/tensor/safetensors_golden.safetensors");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->tensors.size(), 3u);
  for (const NamedTensor& named : file->tensors) {
    if (named.name == "encoder.0.weight") {
      EXPECT_EQ(named.tensor.shape(), (Shape{2, 3}));
      EXPECT_EQ(ToDoubles(named.tensor), (Doubles{0, 0.25, 0.5, 0.75, 1, 1.25}));
    } else if (named.name == "ids") {
      EXPECT_EQ(named.tensor.ints()[2], 1 << 30);
    } else {
      EXPECT_EQ(named.name, "scalar");
      EXPECT_EQ(named.tensor.item(), 2.5f);
    }
  }
}

std::string WithHeader(const std::string& json, size_t data_bytes) {
  std::string contents;
  for (int i = 0; i < 8; ++i) contents += static_cast<char>(json.size() >> (8 * i));
  return contents + json + std::string(data_bytes, '\0');
}

TEST(Safetensors, EveryFaultIsNamed) {
  const auto message = [](const std::string& contents) {
    return std::string(ParseTensors("f", contents).status().message());
  };
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& at) {
    return "{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + at +
           "}}";
  };
  EXPECT_THAT(message("short"), HasSubstr("shorter than"));
  EXPECT_THAT(message(std::string(8, '\xff')), HasSubstr("its header would take"));
  EXPECT_THAT(message(WithHeader("[1", 0)), HasSubstr("not a JSON object"));
  EXPECT_THAT(message(WithHeader(one("F16", "[1]", "[0,2]"), 2)), HasSubstr("type F16"));
  EXPECT_THAT(message(WithHeader(one("F8", "[1]", "[0,1]"), 1)), HasSubstr("F8 is not known"));
  EXPECT_THAT(message(WithHeader(one("F32", "[-1]", "[0,4]"), 4)), HasSubstr("not a whole number"));
  EXPECT_THAT(message(WithHeader(one("F32", "[1e15,1e15]", "[0,4]"), 4)), HasSubstr("in range"));
  EXPECT_THAT(message(WithHeader(one("F32", "[1,1,1,1,1,1]", "[0,4]"), 4)),
              HasSubstr("at most five"));
  EXPECT_THAT(message(WithHeader(one("F32", "[2]", "[0,4]"), 4)),
              HasSubstr("do not fit the shape"));
  EXPECT_THAT(message(WithHeader(one("F32", "[1]", "[4,8]"), 8)), HasSubstr("gap or overlaps"));
  EXPECT_THAT(message(WithHeader(one("F32", "[1]", "[0,4]"), 5)), HasSubstr("5 bytes of data"));
  EXPECT_THAT(message(WithHeader("{\"t\":{\"dtype\":\"F32\"}}", 0)), HasSubstr("needs dtype"));
}

// Every truncation is refused; random damage is refused or read, never a crash.
TEST(Safetensors, DamagedFilesNeverCrash) {
  const std::string whole = SerializeTensors(Example());
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(ParseTensors("f", whole.substr(0, n)).ok()) << n;
  }
  Random random({.seed = 1});
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = whole;
    for (uint32_t k = random.Below(4) + 1; k > 0; --k) {
      damaged[random.Below(static_cast<uint32_t>(damaged.size()))] =
          static_cast<char>(random.Next());
    }
    refused += !ParseTensors("f", damaged).ok();
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace pretext
