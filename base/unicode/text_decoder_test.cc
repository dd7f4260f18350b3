#include "base/unicode/text_decoder.h"

#include <string>

#include "base/random/random.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

// `text`, of code points below U+10000 or pairs, as UTF-16.
std::string Utf16(const std::u16string& text, bool little) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    bytes += little ? std::string{low, high} : std::string{high, low};
  }
  return bytes;
}

std::string Decoded(const std::string& bytes, int64_t broken = 0) {
  int64_t replaced = 0;
  const auto text = DecodeText(bytes, &replaced);
  EXPECT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(replaced, broken);
  // Where nobody counts, they are not repaired in silence.
  EXPECT_EQ(DecodeText(bytes).ok(), broken == 0);
  return text.value_or("");
}

TEST(TextDecoderTest, AMarkIsNoPartOfTheText) {
  EXPECT_EQ(Decoded("\xEF\xBB\xBFneg\npos\n"), "neg\npos\n");
  EXPECT_EQ(Decoded("\xEF\xBB\xBF"), "");
  EXPECT_EQ(Decoded("\xFF\xFE"), "");
  EXPECT_EQ(Decoded("\xFE\xFF"), "");
  EXPECT_EQ(Decoded(""), "");
  EXPECT_EQ(Decoded("a"), "a");
  // Only one, and only at the start.
  EXPECT_EQ(Decoded("\xEF\xBB\xBF\xEF\xBB\xBFx"), "\xEF\xBB\xBFx");
  EXPECT_EQ(Decoded("x\xEF\xBB\xBF"), "x\xEF\xBB\xBF");
  EXPECT_EQ(Decoded("\xEF\xBB"), "\xEF\xBB");
}

TEST(TextDecoderTest, Utf16OfEitherOrder) {
  const std::u16string text = u"\uFEFFa\u00E9\u4E2D\U0001F600\r\nb\rc";
  EXPECT_EQ(Decoded(Utf16(text, true)), "a\u00e9\u4e2d\U0001F600\nb\nc");
  EXPECT_EQ(Decoded(Utf16(text, false)), "a\u00e9\u4e2d\U0001F600\nb\nc");
  // Halves of pairs, and half a unit.
  const std::u16string broken = {0xFEFF, 0xD83D, 'x', 0xDE00, 'y', 0xD83D};
  EXPECT_EQ(Decoded(Utf16(broken, true), 3), "\uFFFDx\uFFFDy\uFFFD");
  EXPECT_EQ(Decoded(Utf16(broken, false), 3), "\uFFFDx\uFFFDy\uFFFD");
  EXPECT_EQ(Decoded(Utf16(u"\uFEFFab", true) + "c", 1), "ab\uFFFD");
  // U+FFFD that is written is a character like any other.
  EXPECT_EQ(Decoded(Utf16(u"\uFEFF\uFFFD", true)), "\uFFFD");
}

TEST(TextDecoderTest, EveryLineEndsAlike) {
  EXPECT_EQ(Decoded("a\r\nb\rc\nd\r"), "a\nb\nc\nd\n");
  EXPECT_EQ(Decoded("\r\r\n\n\r"), "\n\n\n\n");
}

TEST(TextDecoderTest, NulIsNoText) {
  EXPECT_FALSE(DecodeText(std::string("a\0b", 3)).ok());
  EXPECT_FALSE(DecodeText(std::string("\0", 1)).ok());
  EXPECT_FALSE(DecodeText(Utf16(u"ab", true)).ok()) << "UTF-16 without a mark";
  EXPECT_FALSE(DecodeText(std::string("\xFF\xFE\0\0a\0\0\0", 8)).ok()) << "UTF-32";
  EXPECT_FALSE(DecodeText(Utf16({0xFEFF, 'a', 0}, false)).ok());
}

TEST(TextDecoderTest, BlocksOfAnySizesGiveTheSameText) {
  const std::string pieces[] = {"a",    "\r",     "\n",   "\r\n", "\xEF\xBB\xBF", "\xFF",
                                "\xFE", "\u00e9", "\xD8", "\xDC", "x y"};
  Random random({.seed = 3});
  for (int trial = 0; trial < 2000; ++trial) {
    std::string bytes;
    if (random.Below(2) == 0) bytes = random.Below(2) == 0 ? "\xFF\xFE" : "\xFE\xFF";
    for (uint32_t i = random.Below(12); i > 0; --i) bytes += pieces[random.Below(11)];
    std::string text;
    TextDecoder decoder;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = random.Below(4);
      decoder.Append(std::string_view(bytes).substr(at, size), text);
      at += size;
    }
    decoder.Finish(text);
    ASSERT_EQ(text, Decoded(bytes, decoder.replaced())) << trial;
  }
}

}  // namespace
}  // namespace pretext
