#include "pipelines/assembly/roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipelines/assembly/build_model.h"
#include "pipelines/assembly/description.h"
#include "pipelines/testing/fake_plugins.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using ::testing::ElementsAre;
using testing::FakePipelineWith;
using ::testing::HasSubstr;

constexpr char kDecoder[] = "{ [type.googleapis.com/pretext.testing.FakeDecoder] {} }";

absl::StatusOr<Assembled> With(const std::string& views, const std::string& sections = "") {
  const std::string text = FakePipelineWith("count: 2", views) + sections;
  return Assemble(LoadPipelineText("p", text));
}
std::string FaultsOf(const std::string& views, const std::string& sections = "") {
  return std::string(With(views, sections).status().message());
}

constexpr char kGroups[] = R"(
    group { name: "global" count: 2 }
    group { name: "key" student: false }
    group { name: "local" count: 3 augmentation {
      [type.googleapis.com/pretext.testing.FakeNoise] {} } })";
constexpr char kTeacher[] = R"(
  teacher { momentum { from: 0.9 to: 1 decay: COSINE } views: ["global", "key"] buffers: FOLLOW })";

TEST(Roles, GroupsAndATeacher) {
  const auto parts = With(kGroups, kTeacher);
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(parts->views(), 6);
  EXPECT_EQ(parts->config->views().count(), 6);
  EXPECT_THAT(parts->group_sizes(), ElementsAre(2, 1, 3));
  EXPECT_EQ(parts->chains[5].size(), parts->chains[0].size() + 1);
  EXPECT_THAT(ViewsOf(parts->groups, &ViewGroup::student), ElementsAre(0, 1, 3, 4, 5));
  EXPECT_THAT(ViewsOf(parts->groups, &ViewGroup::target), ElementsAre(0, 1, 2));
  ASSERT_NE(parts->teacher, nullptr);
  EXPECT_TRUE(parts->teacher->options().buffers_follow);
  EXPECT_EQ(parts->teacher->options().momentum.to, 1);
  EXPECT_NE(&parts->teacher->encoder(), parts->encoder.get());
  EXPECT_THAT(DescribePipeline(*parts),
              HasSubstr("teacher        momentum 0.9 to 1, after each step, buffers follow, sees "
                        "global, key"));
  const auto again = BuildModel(*parts);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_NE(again->teacher, nullptr);
  EXPECT_EQ(again->groups.size(), 3u);
}

TEST(Roles, WrittenOutItLoadsAgain) {
  const auto parts = With(kGroups, kTeacher);
  ASSERT_TRUE(parts.ok()) << parts.status();
  const std::string text = ResolvedText(*parts->config, "1");
  const auto again = Assemble(LoadPipelineText("again", text));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ResolvedText(*again->config, "1"), text);
  const auto without = With("count: 2");
  ASSERT_TRUE(without.ok());
  EXPECT_FALSE(without->config->has_teacher()) << "its absence means something";
}

TEST(Roles, APredictorStandsBehindTheHead) {
  const auto parts = With("count: 2", absl::StrCat("predictor ", kDecoder));
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_NE(parts->predictor, nullptr);
  EXPECT_THAT(DescribePipeline(*parts), HasSubstr("predictor"));
}

TEST(Roles, EveryFaultHasItsPlace) {
  EXPECT_THAT(FaultsOf("group { count: 2 }"), HasSubstr("views.group[0].name"));
  EXPECT_THAT(FaultsOf(R"(group { name: "a" } group { name: "a" })"),
              HasSubstr("views.group[1].name: \"a\" is the name of two groups"));
  EXPECT_THAT(FaultsOf(R"(count: 5 group { name: "a" count: 2 })"),
              HasSubstr("views.count: is 5, and the groups have 2 views"));
  EXPECT_THAT(FaultsOf(R"(group { name: "a" } view {})"),
              HasSubstr("views.view: stands beside groups"));
  EXPECT_THAT(FaultsOf(R"(group { name: "a" student: false })", "teacher {}"),
              HasSubstr("views.group[0].student: must be true of the first group"));
  EXPECT_THAT(FaultsOf(R"(group { name: "a" } group { name: "b" student: false })"),
              HasSubstr("views.group[1].student: leaves the group to a teacher"));
  EXPECT_THAT(FaultsOf(R"(group { name: "a" } target: "b")"),
              HasSubstr("views.target[0]: names no group of views: \"b\""));
  EXPECT_THAT(FaultsOf(R"(group { name: "a" } target: "a")", "teacher {}"),
              HasSubstr("views.target: stands beside a teacher"));
  EXPECT_THAT(
      FaultsOf(kGroups, R"(teacher { views: "globl" })"),
      HasSubstr("teacher.views[0]: names no group of views: \"globl\"; did you mean global?"));
  EXPECT_THAT(FaultsOf(kGroups, R"(teacher { views: "global" })"),
              HasSubstr("teacher.views: leaves out the group \"key\""));
  EXPECT_THAT(FaultsOf("count: 2", "teacher { momentum { from: 1.5 } }"),
              HasSubstr("teacher.momentum.from"));
  EXPECT_THAT(FaultsOf(R"(
    group { name: "global" }
    group { name: "local" augmentation {
      [type.googleapis.com/pretext.testing.FakeCrop] { side: 2 } } })"),
              HasSubstr("views.group[1]: ends in image 1×2×2, and the encoder, made for image "
                        "1×4×4, takes that alone"));
  EXPECT_THAT(FaultsOf("count: 2", "predictor {}"), HasSubstr("predictor"));
}

}  // namespace
}  // namespace pretext
