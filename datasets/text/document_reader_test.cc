#include "datasets/text/document_reader.h"

#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "datasets/text/document_hash.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Unit = DocumentOptions::Unit;

std::string Folder(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

std::string Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string Gzip(const std::string& text) {
  std::string bytes(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = bytes.size();
  deflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

struct Result {
  absl::Status status;
  std::vector<std::string> documents;
  std::vector<uint64_t> split_hashes;
  DocumentReader::Counts counts;
  int64_t calls = 0;
};

Result ReadAll(const std::string& path, const DocumentOptions& options) {
  Result result;
  const auto files = ListTextFiles(path);
  EXPECT_TRUE(files.ok()) << files.status();
  DocumentReader reader(*files, options);
  for (std::vector<std::string> batch;;) {
    result.status = reader.Next(batch);
    ++result.calls;
    if (!result.status.ok() || batch.empty()) break;
    result.documents.insert(result.documents.end(), batch.begin(), batch.end());
    const std::vector<uint64_t>& hashes = reader.split_hashes();
    EXPECT_EQ(hashes.size(), batch.size());
    result.split_hashes.insert(result.split_hashes.end(), hashes.begin(), hashes.end());
  }
  result.counts = reader.counts();
  return result;
}

std::vector<std::string> Documents(const std::string& text, Unit unit,
                                   int64_t max_bytes = 1 << 20) {
  DocumentOptions options;
  options.unit = unit;
  options.max_document_bytes = max_bytes;
  const Result result = ReadAll(Write(testing::TempDir() + "/text", text), options);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.counts.documents, result.documents.size());
  EXPECT_EQ(result.counts.bytes, text.size());
  return result.documents;
}

TEST(DocumentReaderTest, Units) {
  const std::string text = "\n\nhead one\n  more of it\n\n  still  head\r\n \t\nnext\n\nlast\nline";
  EXPECT_THAT(Documents(text, Unit::kParagraph),
              ElementsAre("head one more of it", "still head", "next", "last line"));
  EXPECT_THAT(Documents(text, Unit::kLine),
              ElementsAre("head one", "more of it", "still head", "next", "last", "line"));
  EXPECT_THAT(Documents(text, Unit::kUnindented),
              ElementsAre("head one more of it still head", "next", "last line"));
  EXPECT_THAT(Documents(text, Unit::kFile),
              ElementsAre("head one more of it still head next last line"));
}

// A document that is cut goes to one split, by its first piece; the one after it goes by itself.
TEST(DocumentReaderTest, PiecesOfADocumentStayTogether) {
  std::string text;
  std::vector<uint64_t> expected;
  for (int i = 0; text.size() < 9000000; ++i) {  // more than two batches
    const std::string number = std::to_string(100000 + i) + " ";
    const size_t begin = text.size();
    const size_t pieces = i % 5 == 0 ? 1 : i % 5 == 1 ? 3 : 40;
    for (size_t k = 0; k < pieces * 9 - 2; ++k) text += number;
    text.back() = '\n';
    // Nine numbers of seven bytes are the most that 64 hold; the cut is before a space.
    const std::string first = text.substr(begin, pieces == 1 ? 48 : 62);
    expected.insert(expected.end(), pieces, DocumentHash(first));
  }
  DocumentOptions options;
  options.unit = Unit::kLine;
  options.max_document_bytes = 64;
  const Result result = ReadAll(Write(testing::TempDir() + "/text", text), options);
  EXPECT_GT(result.calls, 3);
  ASSERT_EQ(result.documents.size(), expected.size());
  EXPECT_TRUE(result.split_hashes == expected);
}

TEST(DocumentReaderTest, KeepsWhitespaceWhereAskedTo) {
  DocumentOptions options;
  options.cleanup.collapse_whitespace = false;
  const std::string path = Write(testing::TempDir() + "/text", "a  b\n c\n\n \n\nd\n");
  EXPECT_THAT(ReadAll(path, options).documents, ElementsAre("a  b\n c", "d"));
}

TEST(DocumentReaderTest, BlocksAndBatchesDoNotShow) {
  // Lines of every length around, so that the ends of blocks fall everywhere;
  // more than two batches.
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; text.size() < 9000000; ++i) {
    std::string line = std::to_string(i);
    line.append((i * 37) % 900, 'a' + i % 26);
    expected.push_back(line);
    text += line + "\n";
  }
  EXPECT_EQ(Documents(text, Unit::kLine), expected);
  DocumentOptions options;
  options.unit = Unit::kLine;
  const Result zipped = ReadAll(Write(testing::TempDir() + "/text.gz", Gzip(text)), options);
  EXPECT_EQ(zipped.documents, expected);
  EXPECT_EQ(zipped.counts.bytes, text.size());
  EXPECT_GE(zipped.calls, 3);
}

TEST(DocumentReaderTest, ReadsGzipMembersOneAfterTheOther) {
  const std::string path =
      Write(testing::TempDir() + "/members.gz", Gzip("one\n\ntw") + Gzip("o\n\nthree"));
  EXPECT_THAT(ReadAll(path, {}).documents, ElementsAre("one", "two", "three"));
}

TEST(DocumentReaderTest, DamagedGzipIsAnError) {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string zipped = Gzip(text);
  for (const size_t size : {zipped.size() / 2, zipped.size() - 4, zipped.size() - 1}) {
    const Result result =
        ReadAll(Write(testing::TempDir() + "/torn.gz", zipped.substr(0, size)), {});
    EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(result.status.message()),
                HasSubstr("/torn.gz: cannot be read to its end"));
  }
  std::string flipped = zipped;
  flipped[zipped.size() / 2] ^= 0x10;
  EXPECT_FALSE(ReadAll(Write(testing::TempDir() + "/flipped.gz", flipped), {}).status.ok());
}

TEST(DocumentReaderTest, RepairsAndCounts) {
  const std::string path =
      Write(testing::TempDir() + "/text", "\xEF\xBB\xBFga\xE7on\n\n\xff\xfe x\n\nok \xE2\x82");
  const Result result = ReadAll(path, {});
  EXPECT_THAT(result.documents, ElementsAre("ga\uFFFDon", "\uFFFD\uFFFD x", "ok \uFFFD"));
  EXPECT_EQ(result.counts.replaced, 4);
}

TEST(DocumentReaderTest, TheSystemThatWroteAFileMakesNoDifference) {
  const std::string lines[] = {"one", "two \u00e9", "", "three", "", ""};
  std::string unix_text, windows_text, mac_text;
  for (const std::string& line : lines) {
    unix_text += line + "\n";
    windows_text += line + "\r\n";
    mac_text += line + "\r";
  }
  std::string wide[2] = {"\xFF\xFE", "\xFE\xFF"};
  for (const std::string& line : lines) {
    for (const char16_t c :
         line == lines[1] ? u"two \u00e9" : std::u16string(line.begin(), line.end())) {
      wide[0] += {static_cast<char>(c), '\0'};
      wide[1] += {'\0', static_cast<char>(c)};
    }
    wide[0] += {'\r', '\0', '\n', '\0'};
    wide[1] += {'\0', '\r', '\0', '\n'};
  }
  for (const Unit unit : {Unit::kParagraph, Unit::kLine, Unit::kUnindented, Unit::kFile}) {
    const auto expected = Documents(unix_text, unit, 1000);
    EXPECT_GE(expected.size(), 1);
    for (const std::string& text :
         {windows_text, mac_text, "\xEF\xBB\xBF" + windows_text, wide[0], wide[1]}) {
      EXPECT_EQ(Documents(text, unit, 1000), expected);
    }
  }
}

// Halves of pairs of surrogates, one of them far from the start, and half a unit.
TEST(DocumentReaderTest, IllFormedUtf16IsCounted) {
  std::string text("\xFF\xFE\x3D\xD8", 4);
  for (int i = 0; i < 300000; ++i) text += {'x', '\0'};
  text += std::string("\n\0\0\xDCy", 5);
  DocumentOptions options;
  options.unit = Unit::kLine;
  const Result result = ReadAll(Write(testing::TempDir() + "/text", text), options);
  EXPECT_EQ(result.counts.replaced, 3);
  ASSERT_EQ(result.documents.size(), 2);
  EXPECT_EQ(result.documents[1], "\uFFFD\uFFFD");
}

TEST(DocumentReaderTest, LongDocumentsAreCutAtWhitespace) {
  std::string text, expected;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i) + (i % 9 == 0 ? "\n" : " ");
  for (const Unit unit : {Unit::kParagraph, Unit::kUnindented, Unit::kFile}) {
    const std::vector<std::string> documents = Documents(text, unit, 1000);
    std::string joined;
    for (const std::string& document : documents) {
      EXPECT_LE(document.size(), 1000);
      joined += document + " ";
    }
    expected = text;
    for (char& c : expected) c = c == '\n' ? ' ' : c;
    EXPECT_EQ(joined, expected);
    EXPECT_LT(documents.size(), text.size() / 900);
  }
}

TEST(DocumentReaderTest, ALineWithoutEndStaysBounded) {
  // Nowhere to cut but between characters of three bytes.
  std::string text;
  while (text.size() < 1000000) text += "\u4e2d";
  for (const Unit unit : {Unit::kParagraph, Unit::kLine, Unit::kUnindented, Unit::kFile}) {
    std::string joined;
    for (const std::string& document : Documents(text, unit, 1000)) {
      EXPECT_LE(document.size(), 1000);
      joined += document;
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(DocumentReaderTest, FilesDoNotRunIntoEachOther) {
  const std::string folder = Folder("corpus");
  std::filesystem::create_directories(folder + "/b/.hidden");
  Write(folder + "/c.txt", "third");
  Write(folder + "/a.txt", "first\n\nand");
  Write(folder + "/b/x.gz", Gzip("second"));
  Write(folder + "/b/.hidden/y", "no");
  Write(folder + "/.swp", "no");
  Write(folder + "/empty", "");
  EXPECT_THAT(ReadAll(folder, {}).documents, ElementsAre("first", "and", "second", "third"));
}

TEST(TextFilesTest, FollowsLinksAndEndsWhereTheyGoRound) {
  const std::string folder = Folder("links"), other = Folder("linked_to");
  Write(folder + "/one", "first");
  Write(other + "/two", "second");
  std::filesystem::create_directory_symlink(other, folder + "/more");
  std::filesystem::create_directory_symlink(folder, other + "/back");
  EXPECT_THAT(ReadAll(folder, {}).documents, ElementsAre("second", "first"));
  std::filesystem::create_symlink("nothing", folder + "/nowhere");
  EXPECT_THAT(std::string(ListTextFiles(folder).status().message()),
              HasSubstr(folder + "/nowhere: cannot be read"));
}

TEST(TextFilesTest, SaysWhatIsWrong) {
  EXPECT_THAT(std::string(ListTextFiles("/nonexistent/text").status().message()),
              HasSubstr("/nonexistent/text: cannot be read"));
  EXPECT_THAT(std::string(ListTextFiles(Folder("nothing")).status().message()),
              HasSubstr("has no files"));
  EXPECT_THAT(std::string(ListTextFiles("/dev/null").status().message()),
              HasSubstr("neither a file nor a folder"));
  const std::string path = Write(testing::TempDir() + "/five", "12345");
  const auto files = ListTextFiles(path);
  ASSERT_EQ(files->size(), 1);
  EXPECT_EQ((*files)[0].size, 5);
  EXPECT_EQ((*files)[0].path, path);
}

std::string Cleaned(const CleanupOptions& options, std::string text) {
  CleanUp(options, &text);
  return text;
}

TEST(CleanupTest, RemovesWhatIsEnclosed) {
  CleanupOptions options;
  options.remove = {{"[1913 Webster", "]"}, {"\\", "\\", 20}};
  EXPECT_EQ(Cleaned(options, "Dig \\Dig\\, v. [1913\n   Webster] To dig. [1913 Webster +PJC]"),
            "Dig , v. To dig.");
  // A stray mark takes nothing with it, and what comes after is still found.
  EXPECT_EQ(Cleaned(options, "a \\ far more than twenty bytes away \\x\\ b [1913 Webster"),
            "a \\ far more than twenty bytes away b [1913 Webster");
  EXPECT_EQ(Cleaned(options, "\\\\"), "");
}

TEST(CleanupTest, Replaces) {
  CleanupOptions options;
  options.replace = {{"['e]", "\u00e9"}, {"{", ""}, {"}", ""}, {"aa", "a"}};
  EXPECT_EQ(Cleaned(options, "{caf['e]} aaa\t{"), "caf\u00e9 aa");
  options.collapse_whitespace = false;
  EXPECT_EQ(Cleaned(options, " {x}  y\n"), " x  y\n");
  EXPECT_EQ(Cleaned({}, " \n "), "");
}

TEST(DocumentHashTest, StaysAsItIs) {
  // By an independent implementation in Python; splits of existing runs depend on it.
  EXPECT_EQ(DocumentHash(""), 0xEFD01F60BA992926u);
  EXPECT_EQ(DocumentHash("a"), 0x82A2A958A9BECE5Bu);
  EXPECT_EQ(DocumentHash("caf\u00e9"), 0xF50B1F8E2C0682E6u);
}

TEST(DocumentHashTest, HoldsOutTheFractionAskedFor) {
  for (const double fraction : {0.0, 0.05, 0.5}) {
    const int n = 40000;
    int held_out = 0;
    for (int i = 0; i < n; ++i) held_out += IsHeldOut(DocumentHash(std::to_string(i)), fraction);
    // Five standard deviations of a binomial count.
    EXPECT_LE(std::abs(held_out - n * fraction), 5 * std::sqrt(n * fraction * (1 - fraction)));
  }
}

TEST(DuplicateCounterTest, CountsAndEstimates) {
  DuplicateCounter counter;
  EXPECT_EQ(counter.share(), 0);
  for (int i = 0; i < 100; ++i) counter.Add(DocumentHash(std::to_string(i % 80)));
  EXPECT_DOUBLE_EQ(counter.share(), 0.2);
  // 1.5 million documents, every third one twice: a quarter are repeats.
  DuplicateCounter large;
  for (uint64_t i = 0; i < 1500000; ++i) {
    const uint64_t hash =
        DocumentHash(std::string_view(reinterpret_cast<const char*>(&i), sizeof(i)));
    large.Add(hash);
    if (i % 3 == 0) large.Add(hash);
  }
  EXPECT_NEAR(large.share(), 0.25, 0.004);
}

}  // namespace
}  // namespace pretext
