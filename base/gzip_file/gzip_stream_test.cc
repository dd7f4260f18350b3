#include "base/gzip_file/gzip_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::HasSubstr;

std::string Packed(const std::string& text) {
  const TestFolder folder;
  const gzFile file = gzopen((folder / "packed").c_str(), "wb");
  EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
  return *ReadFile(folder / "packed", 1 << 24);
}

// All of a stream, read in pieces of that size.
absl::StatusOr<std::string> ReadAll(const std::string& path, size_t size) {
  const auto stream = GzipStream::Open(path);
  if (!stream.ok()) return stream.status();
  std::string text, piece(size, '\0');
  for (;;) {
    const absl::StatusOr<size_t> got = (*stream)->Read(piece.data(), size);
    if (!got.ok()) return got.status();
    if (*got == 0) return text;
    text.append(piece, 0, *got);
  }
}

absl::StatusOr<std::string> Unpacked(const std::string& bytes, size_t size = 1000) {
  const TestFolder folder;
  EXPECT_TRUE(WriteFileAtomically(folder / "bytes", bytes).ok());
  return ReadAll(folder / "bytes", size);
}

std::string Fault(const std::string& bytes) {
  const absl::Status status = Unpacked(bytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  return std::string(status.message());
}

TEST(GzipStreamTest, WhatIsNotGzipIsAsItIs) {
  for (const std::string text : {"", "a", "\x1f", "\x8b\x1f", "ab", "some text\n"}) {
    EXPECT_EQ(*Unpacked(text), text);
    EXPECT_EQ(*Unpacked(text, 1), text);
  }
}

TEST(GzipStreamTest, GzipIsDecompressed) {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  ASSERT_GT(Packed(text).size(), 1u << 16) << "more than one block";
  EXPECT_EQ(*Unpacked(Packed(text)), text);
  EXPECT_EQ(*Unpacked(Packed("ab"), 1), "ab");
  EXPECT_EQ(*Unpacked(Packed("")), "");
  // Members one behind the other are one text; what is behind them and no gzip is left alone.
  EXPECT_EQ(*Unpacked(Packed("ab") + Packed("") + Packed("c")), "abc");
  EXPECT_EQ(*Unpacked(Packed("ab") + std::string(512, '\0')), "ab");
  EXPECT_EQ(*Unpacked(Packed("ab") + "\x1f"), "ab");
}

TEST(GzipStreamTest, DamageIsAnError) {
  std::string bytes = Packed("the old miller grinds");
  EXPECT_THAT(Fault(bytes.substr(0, bytes.size() - 1)), HasSubstr("stops in the middle"));
  EXPECT_THAT(Fault(bytes.substr(0, 2)), HasSubstr("stops in the middle"));
  EXPECT_THAT(Fault(bytes + bytes.substr(0, 5)), HasSubstr("stops in the middle"));
  bytes[bytes.size() - 8] ^= 1;
  EXPECT_THAT(Fault(bytes), HasSubstr("bytes: is damaged (incorrect data check)"));
}

TEST(GzipStreamTest, StandardInputToo) {
  const std::string bytes = Packed("from a pipe");
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "bytes", bytes).ok());
  const int kept = dup(STDIN_FILENO);
  std::FILE* const file = std::fopen((folder / "bytes").c_str(), "rb");
  ASSERT_NE(file, nullptr);
  ASSERT_GE(dup2(fileno(file), STDIN_FILENO), 0);
  const absl::StatusOr<std::string> text = ReadAll("-", 1000);
  std::fclose(file);
  dup2(kept, STDIN_FILENO);
  close(kept);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "from a pipe");
}

}  // namespace
}  // namespace pretext
