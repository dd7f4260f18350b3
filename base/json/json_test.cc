#include "base/json/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pretext {
namespace {

TEST(JsonObject, KeepsOrderAndNests) {
  EXPECT_EQ(JsonObject()
                .Add("step", 3)
                .Add("loss", 0.1)
                .Add("eval", JsonObject().Add("knn", 84.0).Add("name", "a\"b\n"))
                .Add("shape", std::vector<int64_t>{2, 3})
                .text(),
            R"({"step":3,"loss":0.1,"eval":{"knn":84,"name":"a\"b\n"},"shape":[2,3]})");
}

TEST(JsonObject, NumbersThatJsonLacksBecomeNull) {
  EXPECT_EQ(JsonObject().Add("a", std::nan("")).Add("b", -INFINITY).text(),
            R"({"a":null,"b":null})");
}

TEST(JsonObject, ControlCharactersAreEscaped) {
  EXPECT_EQ(JsonString(std::string("\x01\\", 2)), R"("\u0001\\")");
}

TEST(JsonObject, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(JsonString("a \xff\xc3( \xe2\x82 \xed\xa0\x80 \xc0\xaf \xf0\x9f\x98\x80"),
            "\"a \uFFFD\uFFFD( \uFFFD \uFFFD\uFFFD\uFFFD \uFFFD\uFFFD \U0001F600\"");
  EXPECT_EQ(JsonObject().Add("\xff", "x").text(), "{\"\uFFFD\":\"x\"}");
}

}  // namespace
}  // namespace pretext
