#include "pipelines/text/text_tree.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

std::string ToString(const std::vector<TextField>& fields);

std::string ToString(const TextValue& value) {
  return value.is_message ? absl::StrCat("{", ToString(value.fields), "}") : value.scalar;
}

// "name@line:column=value,value"
std::string ToString(const std::vector<TextField>& fields) {
  return absl::StrJoin(fields, " ", [](std::string* out, const TextField& field) {
    absl::StrAppend(out, field.is_type ? "[" : "", field.name, field.is_type ? "]" : "", "@",
                    field.at.line, ":", field.at.column, "=",
                    absl::StrJoin(field.values, ",", [](std::string* list, const TextValue& value) {
                      list->append(ToString(value));
                    }));
  });
}

std::string Faults(const TextTree& tree) {
  return absl::StrJoin(tree.faults, "; ", [](std::string* out, const TextFault& fault) {
    absl::StrAppend(out, fault.at.line, ":", fault.at.column, ": ", fault.message);
  });
}

std::string Parsed(absl::string_view text) {
  const TextTree tree = ParseTextTree(text);
  EXPECT_EQ(Faults(tree), "") << text;
  return ToString(tree.fields);
}

TEST(TextTreeTest, ParsesEveryForm) {
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed("# nothing\n"), "");
  EXPECT_EQ(Parsed("a: 1"), "a@1:1=1");
  EXPECT_EQ(Parsed("a: - 1 b: -inf c: 1.5f"), "a@1:1=-1 b@1:8=-inf c@1:16=1.5f");
  EXPECT_EQ(Parsed("a: \"x\" 'y' b: RELU"), "a@1:1=\"x\" 'y' b@1:12=RELU");
  EXPECT_EQ(Parsed("a { b: 1, c: 2; }"), "a@1:1={b@1:5=1 c@1:11=2}");
  EXPECT_EQ(Parsed("a: < b: 1 >"), "a@1:1={b@1:6=1}");
  EXPECT_EQ(Parsed("a: [1, 2]\nb [{ c: 1 }, {}] d: []"), "a@1:1=1,2 b@2:1={c@2:6=1},{} d@2:18=");
  EXPECT_EQ(Parsed("e { [type.googleapis.com/a.B] { c: 1 } }"),
            "e@1:1={[type.googleapis.com/a.B]@1:5={c@1:33=1}}");
}

TEST(TextTreeTest, ASeparatorMayFollowEveryField) {
  const TextTree tree = ParseTextTree("a { [t.d/B] { c: 1; }; } d { [t.d/B] {}, }, e: 1;");
  EXPECT_EQ(Faults(tree), "");
  EXPECT_EQ(tree.fields.size(), 3);
}

TEST(TextTreeTest, CountsColumnsInBytes) {
  EXPECT_EQ(Parsed("\ta: 1"), "a@1:2=1");
  EXPECT_EQ(Parsed("x: 1\n \t \tb: \"\t\" c: 2"), "x@1:1=1 b@2:5=\"\t\" c@2:12=2");
  EXPECT_EQ(Parsed("a: \"\xc3\xa4\" b: 1"), "a@1:1=\"\xc3\xa4\" b@1:9=1");
}

TEST(TextTreeTest, NamesTheFirstSyntaxFault) {
  const auto fault_in = [](absl::string_view text) { return Faults(ParseTextTree(text)); };
  EXPECT_EQ(fault_in("a"), "1:2: expected ':' or '{', found the end of the text");
  EXPECT_EQ(fault_in("a 1"), "1:3: expected ':' or '{', found \"1\"");
  EXPECT_EQ(fault_in("a: }"), "1:4: expected a value, found \"}\"");
  EXPECT_EQ(fault_in("a: -"), "1:5: expected a value, found the end of the text");
  EXPECT_EQ(fault_in("}"), "1:1: expected the name of a field, found \"}\"");
  EXPECT_EQ(fault_in("12: 1"), "1:1: expected the name of a field, found \"12\"");
  EXPECT_EQ(fault_in("a {\n  b: 1\n"),
            "1:3: never closed: expected '}' before the end of the text");
  EXPECT_EQ(fault_in("a < b: 1 }"), "1:10: expected '>', found \"}\"");
  EXPECT_EQ(fault_in("a: [1 2]"), "1:7: expected ',' or ']', found \"2\"");
  EXPECT_EQ(fault_in("a { [b c] {} }"), "1:8: expected '.', '/' or ']' in a type, found \"c\"");
  EXPECT_EQ(fault_in("a { [] {} }"),
            "1:6: expected a type such as type.googleapis.com/pretext.Mlp, found \"]\"");
  EXPECT_EQ(fault_in("a: \"x\n"), "1:6: String literals cannot cross line boundaries.");
  EXPECT_EQ(fault_in(absl::string_view("a: 1 \0", 6)),
            "1:6: Invalid control characters encountered in text.");
}

TEST(TextTreeTest, KeepsWhatStandsBeforeTheFault) {
  const TextTree tree = ParseTextTree("a: 1\nb { c: 2 d 3 } e: 4");
  EXPECT_EQ(ToString(tree.fields), "a@1:1=1 b@2:1={c@2:5=2}");
  EXPECT_EQ(Faults(tree), "2:12: expected ':' or '{', found \"3\"");
}

TEST(TextTreeTest, RefusesDeepNesting) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "a{";
  EXPECT_EQ(Faults(ParseTextTree(text)), "1:130: nested deeper than 64 messages");
}

TEST(QuotedTest, EscapesAndCuts) {
  EXPECT_EQ(Quoted("gr\xc3\xb6\xc3\x9f"), "\"gr\xc3\xb6\xc3\x9f\"");
  EXPECT_EQ(Quoted("\xc3\xb6\xff"), "\"\\303\\266\\377\"") << "not UTF-8";
  EXPECT_EQ(Quoted("a\"b\n"), "\"a\\\"b\\n\"");
  EXPECT_EQ(Quoted(std::string(61, 'x')), absl::StrCat("\"", std::string(60, 'x'), "…\""));
  EXPECT_EQ(Quoted(std::string(59, 'x') + "\xc3\xa4"),
            absl::StrCat("\"", std::string(59, 'x'), "…\""))
      << "not within a character";
}

}  // namespace
}  // namespace pretext
