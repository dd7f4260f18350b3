#include "bench/compare/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pretext {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportTest, TakesLinesOfJsonOnly) {
  Measurements measurements;
  AddMeasurements(
      "warning: busy\n"
      "{\"workload\": \"ntxent\", \"variant\": \"N=64\", \"median_ms\": 0.5, \"peer\": \"x\"}\n"
      "{\"broken\": \n{\"median_ms\": 3}\n",
      measurements);
  ASSERT_EQ(measurements.size(), 1u);
  EXPECT_EQ(measurements["ntxent N=64"].front().median_ms(), 0.5);
}

TEST(ReportTest, MedianOverRounds) {
  Measurements measurements;
  for (const char* ms : {"9", "2", "3", "4"}) {
    AddMeasurements(
        std::string("{\"workload\": \"w\", \"variant\": \"a\", \"median_ms\": ") + ms + "}",
        measurements);
  }
  EXPECT_EQ(MedianOf(measurements, "w a").median_ms(), 3.5);
  EXPECT_FALSE(MedianOf(measurements, "w b").has_median_ms());
}

class ReportTableTest : public testing::Test {
 protected:
  ReportTableTest() {
    Comparison::Row* row = run_.add_row();
    row->set_title("NT-Xent");
    row->set_ours("w N=64");
    row->add_peer("w slow");
    row->add_peer("w fast");
    run_.add_row()->set_title("other");
    result_.run = &run_;
    AddMeasurements(
        "{\"workload\": \"w\", \"variant\": \"N=64\", \"median_ms\": 2, \"gflops\": 50, "
        "\"extra_mb\": 31}",
        result_.ours);
    AddMeasurements(
        "{\"workload\": \"w\", \"variant\": \"slow\", \"median_ms\": 9}\n{\"workload\": \"w\", "
        "\"variant\": \"fast\", "
        "\"median_ms\": 8}\n",
        result_.peer);
    AddMeasurements("{\"workload\": \"w\", \"variant\": \"fast\", \"median_ms\": 5}",
                    result_.compiled);
  }

  Comparison::Run run_;
  RunResult result_;
};

TEST_F(ReportTableTest, RatiosAgainstTheFastestPeerAndShareOfThePeak) {
  const std::string text = FormatReport(
      {.system = "cpu\n", .peer = "pytorch 2", .rounds = 3, .peak_gflops = 200}, {result_});
  EXPECT_THAT(text,
              HasSubstr("| NT-Xent | 2.00 | 8.00 | 4.00× | 5.00 | 2.50× |  |  |  | 2.50× | 50.0 | "
                        "25 % | 31.0 |  |  |"));
  EXPECT_THAT(text, HasSubstr("| other | not measured |"));
  EXPECT_THAT(text, HasSubstr("3 rounds"));
  EXPECT_THAT(text, Not(HasSubstr("our figures alone")));
}

TEST_F(ReportTableTest, TheBestOfOursAgainstTheBestOfThePeers) {
  AddMeasurements("{\"workload\": \"w\", \"variant\": \"N=64\", \"median_ms\": 1}",
                  result_.ours_bfloat16);
  AddMeasurements("{\"workload\": \"w\", \"variant\": \"fast\", \"median_ms\": 3}",
                  result_.peer_bfloat16);
  EXPECT_THAT(FormatReport({.rounds = 1}, {result_}),
              HasSubstr("| 2.50× | 1.00 | 3.00 | 3.00× | 3.00× |"));
  result_.ours_bfloat16.clear();
  EXPECT_THAT(FormatReport({.rounds = 1}, {result_}), HasSubstr("|  | 3.00 |  | 1.50× |"));
}

TEST_F(ReportTableTest, WithoutAPeerSaysSo) {
  result_.peer.clear();
  result_.compiled.clear();
  const std::string text = FormatReport({.rounds = 1}, {result_});
  EXPECT_THAT(text, HasSubstr("our figures alone"));
  EXPECT_THAT(text, HasSubstr("| NT-Xent | 2.00 |  |  |"));
}

}  // namespace
}  // namespace pretext
