#include "absl/strings/match.h"
#include "base/unicode/unicode.h"
#include "datasets/text/document_reader.h"
#include "datasets/text/inspect.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  const std::string path = FileOf(bytes);
  const auto files = ListTextFiles(path);
  if (!files.ok() || files->empty()) return false;
  const auto corpus = InspectCorpus(*files, {});
  if (!corpus.ok()) {
    EXPECT_TRUE(absl::StrContains(corpus.status().message(), path)) << corpus.status();
    return false;
  }
  for (const auto unit : {DocumentOptions::Unit::kParagraph, DocumentOptions::Unit::kFile}) {
    DocumentReader reader(corpus->files(), {.unit = unit, .max_document_bytes = 64});
    for (std::vector<std::string> documents;;) {
      const absl::Status status = reader.Next(documents);
      EXPECT_TRUE(status.ok()) << status << ", but it was whole a moment ago";
      if (!status.ok() || documents.empty()) break;
      for (const std::string& document : documents) {
        EXPECT_EQ(ValidUtf8Prefix(document), document.size());
        EXPECT_EQ(document.find('\0'), std::string::npos);
        EXPECT_EQ(document.find('\r'), std::string::npos);
        EXPECT_FALSE(document.empty());
      }
    }
  }
  return true;
}

}  // namespace pretext::testing
