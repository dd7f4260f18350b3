#include "core/plugin/field_checker.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The message of the one fault that `check` makes, or "" if it holds.
template <typename Check>
std::string MessageOf(Check check) {
  FieldChecker checker;
  const bool holds = check(checker);
  EXPECT_EQ(holds, checker.ok());
  if (checker.faults().empty()) return "";
  EXPECT_EQ(checker.faults().size(), 1);
  return checker.faults()[0].ToString();
}

TEST(FieldCheckerTest, GathersEveryFault) {
  FieldChecker check;
  EXPECT_TRUE(check.ok());
  EXPECT_TRUE(check.status().ok());
  check.Positive("temperature", -1.5f);
  check.That(true, "width", "unused");
  check.That(false, "layer[2].width", "must be even; it is 7");
  check.Shape(false, "takes images; it is given a vector of 32");
  EXPECT_FALSE(check.ok());
  const absl::Status status = check.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "temperature: must be above 0; it is -1.5\n"
            "layer[2].width: must be even; it is 7\n"
            "takes images; it is given a vector of 32");
  EXPECT_EQ(FaultsOf(status), check.faults());
}

TEST(FieldCheckerTest, ChecksNumbers) {
  EXPECT_EQ(MessageOf([](auto& c) { return c.Positive("x", 0.5f); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.Positive("x", 0); }), "x: must be above 0; it is 0");
  EXPECT_EQ(MessageOf([](auto& c) { return c.PositiveFloat("x", 1e-37); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.PositiveFloat("x", 3e38); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.PositiveFloat("x", 0); }),
            "x: must be above 0; it is 0");
  // 0, infinity and a denormal number, which the updates take for 0.
  EXPECT_EQ(MessageOf([](auto& c) { return c.PositiveFloat("x", 1e-50); }),
            "x: must be from 1.17549e-38 to 3.40282e+38, as a number of single precision is; it is "
            "1e-50");
  EXPECT_NE(MessageOf([](auto& c) { return c.PositiveFloat("x", 1e39); }), "");
  EXPECT_NE(MessageOf([](auto& c) { return c.PositiveFloat("x", 1e-40); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.NotNegative("x", 0); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.NotNegative("x", -1); }),
            "x: must not be negative; it is -1");
  EXPECT_EQ(MessageOf([](auto& c) { return c.AtLeast("x", 2, 2); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.AtLeast("x", 1, 2); }),
            "x: must be at least 2; it is 1");
  EXPECT_EQ(MessageOf([](auto& c) { return c.InRange("x", 0.0, 0, 1); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.InRange("x", 1.0, 0, 1); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.InRange("x", 1.25, 0, 1); }),
            "x: must be from 0 to 1; it is 1.25");
  EXPECT_EQ(MessageOf([](auto& c) { return c.InHalfOpenRange("x", 0.0, 0, 1); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.InHalfOpenRange("x", 1.0, 0, 1); }),
            "x: must be at least 0 and below 1; it is 1");
  EXPECT_EQ(MessageOf([](auto& c) { return c.Finite("x", -1e30); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.NotEmpty("x", "a"); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.NotEmpty("x", ""); }),
            "x: must be given; it is empty");
}

TEST(FieldCheckerTest, NanAndInfinityFailEveryCheck) {
  for (const double value : {kNan, kInfinity, -kInfinity}) {
    FieldChecker check;
    EXPECT_FALSE(check.Positive("x", value));
    EXPECT_FALSE(check.PositiveFloat("x", value));
    EXPECT_FALSE(check.NotNegative("x", value));
    EXPECT_FALSE(check.AtLeast("x", value, -5));
    EXPECT_FALSE(check.InRange("x", value, -5, 5));
    EXPECT_FALSE(check.InHalfOpenRange("x", value, -5, 5));
    EXPECT_FALSE(check.Finite("x", value));
    EXPECT_FALSE(check.Extent("x", value));
    EXPECT_FALSE(check.Count("x", value));
    EXPECT_EQ(check.faults().size(), 9);
  }
  EXPECT_EQ(MessageOf([](auto& c) { return c.Positive("x", kNan); }),
            "x: must be above 0; it is nan");
}

TEST(FieldCheckerTest, BoundsSizes) {
  EXPECT_EQ(MessageOf([](auto& c) { return c.Extent("width", 1u); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.Extent("width", kMaxExtent); }), "");
  EXPECT_EQ(MessageOf([](auto& c) { return c.Extent("width", int64_t{1} << 40); }),
            "width: must be from 1 to 16777216; it is 1099511627776");
  EXPECT_EQ(MessageOf([](auto& c) { return c.Extent("width", ~uint64_t{0}); }),
            "width: must be from 1 to 16777216; it is 18446744073709551615");
  EXPECT_EQ(MessageOf([](auto& c) { return c.Count("layers", 4097); }),
            "layers: must be from 1 to 4096; it is 4097");
}

TEST(FieldCheckerTest, WhatNothingReadsIsNotChanged) {
  google::protobuf::FieldOptions config;  // of many fields that have a default
  const auto faults = [&] {
    FieldChecker check;
    const bool none = check.Unread(config, {"ctype", "lazy"}, "it is no string");
    EXPECT_EQ(none, check.ok());
    std::vector<std::string> texts;
    for (const Fault& fault : check.faults()) texts.push_back(fault.ToString());
    return texts;
  };
  EXPECT_THAT(faults(), ElementsAre());
  config.set_lazy(false);
  EXPECT_THAT(faults(), ElementsAre()) << "the default, said";
  config.set_lazy(true);
  config.set_ctype(google::protobuf::FieldOptions::CORD);
  config.set_deprecated(true);
  EXPECT_THAT(
      faults(),
      ElementsAre("ctype: has no effect: it is no string; leave it out, or at its default, STRING",
                  "lazy: has no effect: it is no string; leave it out, or at its default, false"));
  // A run's own config, which has everything written out.
  const auto& descriptor = *config.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const auto* field = descriptor.field(i);
    if (!field->has_default_value() || config.GetReflection()->HasField(config, field)) continue;
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_ENUM) {
      config.GetReflection()->SetEnum(&config, field, field->default_value_enum());
    } else {
      config.GetReflection()->SetBool(&config, field, field->default_value_bool());
    }
  }
  EXPECT_THAT(faults(), ElementsAre());
}

TEST(FieldCheckerTest, TakesOverNestedFaults) {
  FieldChecker inner;
  inner.Positive("sigma", 0);
  inner.Shape(false, "takes images");
  FieldChecker outer;
  EXPECT_FALSE(outer.Nested("augmentation[1]", inner.status()));
  EXPECT_TRUE(outer.Nested("augmentation[2]", absl::OkStatus()));
  EXPECT_FALSE(outer.Nested("file", absl::NotFoundError("no such file: a.txt")));
  ASSERT_EQ(outer.faults().size(), 3);
  EXPECT_EQ(outer.faults()[0].ToString(), "augmentation[1].sigma: must be above 0; it is 0");
  EXPECT_EQ(outer.faults()[1].ToString(), "augmentation[1]: takes images");
  EXPECT_EQ(outer.faults()[2].ToString(), "file: no such file: a.txt");
}

TEST(FaultTest, PayloadKeepsAnyBytes) {
  const std::vector<Fault> faults = {{"a", std::string("x\0:3:y\n", 7)}, {"", ""}, {"b.c", "12:"}};
  EXPECT_EQ(FaultsOf(FaultsToStatus(faults)), faults);
  EXPECT_TRUE(FaultsToStatus({}).ok());
  EXPECT_TRUE(FaultsOf(absl::OkStatus()).empty());
}

TEST(FaultTest, AStatusWithoutPayloadIsOneFault) {
  const std::vector<Fault> expected = {{"", "no such file"}};
  EXPECT_EQ(FaultsOf(absl::NotFoundError("no such file")), expected);
}

TEST(FaultTest, JoinsPaths) {
  EXPECT_EQ(JoinPath("a.b", "c"), "a.b.c");
  EXPECT_EQ(JoinPath("a", "[2]"), "a[2]");
  EXPECT_EQ(JoinPath("", "c"), "c");
  EXPECT_EQ(JoinPath("a", ""), "a");
}

TEST(CheckedProductTest, RefusesOverflow) {
  EXPECT_EQ(CheckedProduct({}), 1);
  EXPECT_EQ(CheckedProduct({3, 28, 28}), 2352);
  EXPECT_EQ(CheckedProduct({kMaxExtent, kMaxExtent}), int64_t{1} << 48);
  EXPECT_EQ(CheckedProduct({kMaxExtent, kMaxExtent, kMaxExtent}), -1);
  EXPECT_EQ(CheckedProduct({kMaxExtent, kMaxExtent, kMaxExtent, 0}), 0);
  EXPECT_EQ(CheckedProduct({2, -1}), -1);
  EXPECT_EQ(CheckedProduct({int64_t{1} << 62}), int64_t{1} << 62);
  EXPECT_EQ(CheckedProduct({(int64_t{1} << 62) + 1}), -1);
}

}  // namespace
}  // namespace pretext
