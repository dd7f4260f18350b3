#include "base/npy/npy_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/file/read_file.h"
#include "base/random/random.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Npy(const std::string& dictionary, size_t bytes, char version = 1) {
  std::string text("\x93NUMPY", 6);
  text += version;
  text += '\0';
  text += static_cast<char>(dictionary.size());
  text += '\0';
  if (version > 1) text += std::string(2, '\0');
  return text + dictionary + std::string(bytes, '\0');
}

std::string Dictionary(const std::string& descr, const std::string& shape,
                       const std::string& order = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

std::string Message(const std::string& contents) {
  return std::string(ParseNpyHeader("f", contents).status().message());
}

// npy_golden.py wrote them with NumPy.
TEST(NpyHeader, ReadsNumPysOwn) {
  const std::string file = ReadFile("base/npy/npy_golden_float32.npy").value();
  const auto header = ParseNpyHeader("f", file);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->type, NumberType::kF32);
  EXPECT_EQ(header->data % 64, 0u);
  const std::string ints = ReadFile("base/npy/npy_golden_int32.npy").value();
  EXPECT_EQ(ParseNpyHeader("f", ints)->type, NumberType::kI32);
}

TEST(NpyHeader, EveryVersionTypeAndRank) {
  for (const char version : {1, 2, 3}) {
    const auto header = ParseNpyHeader("f", Npy(Dictionary("'<f8'", "(2, 3)"), 48, version));
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->type, NumberType::kF64);
    EXPECT_THAT(header->shape, ElementsAre(2, 3));
  }
  EXPECT_THAT(ParseNpyHeader("f", Npy(Dictionary("'|u1'", "(5,)"), 5))->shape, ElementsAre(5));
  EXPECT_THAT(ParseNpyHeader("f", Npy(Dictionary("'<i8'", "()"), 8))->shape, IsEmpty());
  EXPECT_EQ(ParseNpyHeader("f", Npy(Dictionary("'|b1'", "(1,)"), 1))->type, NumberType::kBool);
  EXPECT_EQ(ParseNpyHeader("f", Npy(Dictionary("'<f2'", "(0, 7)"), 0))->type, NumberType::kF16);
}

TEST(NpyHeader, WhatIsNotReadSaysHowToConvertIt) {
  EXPECT_THAT(Message(Npy(Dictionary("'>f4'", "(1,)"), 4)), HasSubstr("astype(\"<f4\")"));
  EXPECT_THAT(Message(Npy(Dictionary("'|O'", "(1,)"), 4)), HasSubstr("type '|O'"));
  EXPECT_THAT(Message(Npy(Dictionary("'<c8'", "(1,)"), 8)), HasSubstr("type '<c8'"));
  EXPECT_THAT(Message(Npy(Dictionary("[('a', '<f4')]", "(1,)"), 4)), HasSubstr("type [("));
  EXPECT_THAT(Message(Npy(Dictionary("'<f4'", "(1,)", "True"), 4)),
              HasSubstr("Fortran's order; in Python: numpy.save(\"new.npy\", numpy.ascont"));
}

TEST(NpyHeader, FaultsAreNamed) {
  EXPECT_THAT(Message("PNG"), HasSubstr("f is not a whole .npy file: it does not begin as one"));
  EXPECT_THAT(Message(Npy(Dictionary("'<f4'", "(2,)"), 7)),
              HasSubstr("it has 7 bytes of data, its header says 8"));
  EXPECT_THAT(Message(Npy(Dictionary("'<f4'", "(4611686018427387904, 2)"), 8)),
              HasSubstr("more than there can be"));
  EXPECT_THAT(Message(Npy("{}", 8)), HasSubstr("does not say"));
  EXPECT_THAT(Message(Npy(Dictionary("'<f4'", "(-1,)"), 8)), HasSubstr("does not say"));
  EXPECT_THAT(Message(Npy("{", 0, 9)), HasSubstr("version 9"));
}

TEST(NpyHeader, DamageNeverCrashes) {
  const std::string whole = Npy(Dictionary("'<f4'", "(2, 3)"), 24);
  for (size_t n = 0; n < whole.size(); ++n)
    EXPECT_FALSE(ParseNpyHeader("f", whole.substr(0, n)).ok()) << n;
  Random random({.seed = 1});
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = whole;
    for (uint32_t k = random.Below(4) + 1; k > 0; --k) {
      damaged[random.Below(static_cast<uint32_t>(damaged.size() - 24))] =
          static_cast<char>(random.Next());
    }
    ParseNpyHeader("f", damaged).status().IgnoreError();
  }
}

}  // namespace
}  // namespace pretext
