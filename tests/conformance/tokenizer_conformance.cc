// What every tokenizer must do, on its example; and that some plugin is linked at all.
#include <set>
#include <string>

#include "core/plugin/tokenizer.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Tokenizer>::Entry;

class TokenizerConformance : public testing::TestWithParam<const Entry*> {
 protected:
  void SetUp() override {
    auto tokenizer = GetParam()->create(*ExampleConfig(*GetParam()), BuildContext());
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_ = *std::move(tokenizer);
    if (!tokenizer_->needs_training()) return;
    bool given = false;
    const absl::Status trained = tokenizer_->Train([&](std::vector<std::string>& documents) {
      if (!given) documents = {"The cat sat on the mat.", "The other cat sat on the other mat."};
      given = true;
      return absl::OkStatus();
    });
    ASSERT_TRUE(trained.ok()) << trained;
    ASSERT_FALSE(tokenizer_->needs_training());
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(TokenizerConformance, IdsAreInTheVocabularyWhateverTheText) {
  const int64_t size = tokenizer_->vocabulary_size();
  for (const char* text : {"", " ", "the cat", "THE Ca\xc3\xa9t!?", "\xff\xfe broken",
                           "\xe4\xb8\xad\xe6\x96\x87", "\x01\t\n"}) {
    std::vector<int32_t> ids = {7};
    tokenizer_->Encode(text, ids);
    EXPECT_EQ(ids[0], 7) << "Encode appends";
    for (size_t i = 1; i < ids.size(); ++i) EXPECT_TRUE(ids[i] >= 0 && ids[i] < size);
    std::vector<int32_t> again = {7};
    tokenizer_->Encode(text, again);
    EXPECT_EQ(ids, again);
    tokenizer_->Decode(ids);
  }
}

TEST_P(TokenizerConformance, SpecialTokensAreSpecialAndDistinct) {
  const Tokenizer::SpecialIds s = tokenizer_->special();
  std::set<int32_t> ids = {s.pad, s.unknown, s.cls, s.sep, s.mask};
  EXPECT_EQ(ids.size(), 5u);
  for (int32_t id : ids) {
    EXPECT_TRUE(tokenizer_->is_special(id));
    EXPECT_FALSE(tokenizer_->Token(id).empty());
  }
  EXPECT_FALSE(tokenizer_->Fingerprint().empty());
}

TEST_P(TokenizerConformance, IsTheSameRestored) {
  auto other = GetParam()->create(*ExampleConfig(*GetParam()), BuildContext());
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->vocabulary_size(), tokenizer_->vocabulary_size());
  ASSERT_TRUE((*other)->Restore(tokenizer_->Serialize()).ok());
  EXPECT_FALSE((*other)->needs_training());
  EXPECT_EQ((*other)->Fingerprint(), tokenizer_->Fingerprint());
  EXPECT_FALSE(tokenizer_->file_name().empty());
  std::vector<int32_t> ids, of_other;
  tokenizer_->Encode("The cat, the mat and another.", ids);
  (*other)->Encode("The cat, the mat and another.", of_other);
  EXPECT_FALSE(ids.empty());
  EXPECT_EQ(of_other, ids);
}

TEST_P(TokenizerConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, BuildContext()).status();
  });
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TokenizerConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, TokenizerConformance,
                         testing::ValuesIn(Registry<Tokenizer>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

// Without it a test of an unlinked plugin would pass by testing nothing.
TEST(Conformance, APluginIsLinked) {
  size_t plugins = 0;
  for (absl::string_view kind : PluginKinds()) plugins += PluginsOfKind(kind).size();
  EXPECT_GE(plugins, 1u);
}

}  // namespace
}  // namespace pretext
