#include "cli/out_path.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "base/image/image_io.h"

ABSL_DECLARE_FLAG(std::string, out);

namespace pretext {
namespace {

using testing::HasSubstr;

class OutPathTest : public testing::Test {
 protected:
  // What there is to say against a result in the place of a file with those contents.
  std::string Fault(Result result, const std::string& contents,
                    const std::vector<std::string>& reads = {}) {
    const std::string path = folder_.path() + "/there";
    EXPECT_TRUE(WriteFileAtomically(path, contents).ok());
    absl::SetFlag(&FLAGS_out, path);
    const absl::StatusOr<std::string> out = OutPath(result, reads);
    EXPECT_TRUE(out.ok() || absl::IsInvalidArgument(out.status())) << out.status();
    return out.ok() ? "" : std::string(out.status().message());
  }

  const TestFolder folder_;
};

TEST_F(OutPathTest, OnlyAResultOfItsKindIsReplaced) {
  const std::string npy = "\x93NUMPY\1", png = EncodePng(std::vector<float>(3).data(), {3, 1, 1});
  const std::string tensors = std::string("x\0\0\0\0\0\0\0", 8);
  const std::string page =
      "<!doctype html>\n<html>\n<head>\n<meta name=\"generator\" content=\"pretext\">\n";
  const std::vector<std::pair<Result, std::string>> good = {
      {Result::kSheet, png},
      {Result::kPage, page},
      {Result::kVectors, "name,x0,x1\n"},
      {Result::kVectors, "name,token,label,class,x0\n"},
      {Result::kVectors, "{\"name\":\"a\",\"vector\":[1]}\n"},
      {Result::kVectors,
       "{\"name\":\"a\",\"token\":\"b\",\"label\":1,\"class\":\"c\",\"vector\":[1]}\n"},
      {Result::kVectors, tensors + "{\"vectors\":{\"dtype\":\"F32\"}}"},
      {Result::kVocabulary, "[PAD]\n[UNK]\n"},
      {Result::kNeighbours, "query\n   0.9000  one\n"},
      {Result::kNeighbours, "query\n  -0.1000  one\n"}};
  for (const auto& [result, contents] : good) {
    EXPECT_EQ(Fault(result, contents), "") << contents;
    EXPECT_EQ(Fault(result, ""), "") << "there is nothing in it";
    // What someone has of their own, formats of ours among it.
    for (const std::string& other :
         {std::string("a text of someone's\n"), std::string("name: \"run\"\n"),
          std::string("\n  x\n"), tensors + "{\"conv1.weight\":{\"dtype\":\"F32\"}}", npy,
          std::string("name,age\nbob,3\n"), std::string("name,x0y\n"), std::string("name\nbob\n"),
          std::string("name,x0,y0\nstar,1,2\n"), std::string("shopping:\n  - milk\n"),
          std::string("todo\n  1. buy milk\n"), std::string("conf\n  2.5000  x\n"),
          std::string("{\"name\":\"me\",\"id\":3,\"vector\":[1,2]}\n"),
          std::string("{\"name\":\"bob\",\"age\":3}\n"),
          std::string("<!doctype html>\n<html><head><title>mine</title>"),
          std::string("\x89PNG\r\n\x1a\n") + std::string(100, '\0')}) {
      EXPECT_THAT(Fault(result, other), HasSubstr("there: is there already")) << other;
    }
  }
  EXPECT_THAT(Fault(Result::kSheet, npy), HasSubstr("is not a sheet of pretext"));
  EXPECT_THAT(Fault(Result::kPipeline, "name: \"run\"\n"), HasSubstr("name another file"));
}

TEST_F(OutPathTest, AnArrayOfVectorsHasItsEncoderBesideIt) {
  EXPECT_THAT(Fault(Result::kVectors, "\x93NUMPY\1"), HasSubstr("is not vectors of pretext embed"));
  EXPECT_TRUE(WriteFileAtomically(folder_.path() + "/there.encoder.txt", "an encoder\n").ok());
  EXPECT_EQ(Fault(Result::kVectors, "\x93NUMPY\1"), "");
}

TEST_F(OutPathTest, IdsHaveTheirTokenizerBesideThem) {
  const std::string ids = "\x93NUMPY\1..{'descr': '<i4', 'fortran_order': False";
  EXPECT_THAT(Fault(Result::kIds, ids), HasSubstr("is not ids of pretext tokenize"));
  EXPECT_TRUE(WriteFileAtomically(BesideIds(folder_.path() + "/there"), "a tokenizer\n").ok());
  EXPECT_EQ(Fault(Result::kIds, ids), "");
  EXPECT_EQ(Fault(Result::kIds, ""), "") << "there is nothing in it";
  EXPECT_THAT(Fault(Result::kIds, "\x93NUMPY\1..{'descr': '<f4'"), HasSubstr("is not ids"));
}

TEST_F(OutPathTest, ANameOfAnotherFormatIsAFault) {
  const auto fault = [&](Result result, const char* name) {
    absl::SetFlag(&FLAGS_out, folder_.path() + "/" + name);
    const absl::StatusOr<std::string> out = OutPath(result, {});
    return out.ok() ? "" : std::string(out.status().message());
  };
  EXPECT_THAT(fault(Result::kSheet, "sheet.jpg"), HasSubstr("ends in .jpg, and what is written is "
                                                            "the sheet, a PNG; name it ….png"));
  EXPECT_THAT(fault(Result::kIds, "ids.NPZ"), HasSubstr("ends in .npz"));
  EXPECT_THAT(fault(Result::kPage, "page.pdf"), HasSubstr("ends in .pdf"));
  for (const char* name : {"sheet.png", "SHEET.PNG", "sheet", "sheet.new"})
    EXPECT_EQ(fault(Result::kSheet, name), "") << name;
  EXPECT_EQ(fault(Result::kPage, "page.html"), "");
  EXPECT_EQ(fault(Result::kVectors, "vectors.csv"), "");
}

TEST_F(OutPathTest, WhatIsReadIsNotReplaced) {
  const std::string read = folder_.path() + "/there",
                    same = folder_.path() + "/../" +
                           folder_.path().substr(folder_.path().rfind('/') + 1) + "/there";
  for (const std::string& name : {read, same}) {
    EXPECT_THAT(Fault(Result::kVectors, "name,x0\n", {"", "nothing", name}),
                HasSubstr("is what is read"));
  }
  EXPECT_EQ(Fault(Result::kVectors, "name,x0\n", {"", "nothing", folder_.path()}), "");
}

TEST_F(OutPathTest, ADescriptorThatLeadsToAFileIsWrittenInto) {
  const std::string path = folder_.path() + "/led";
  for (const char* const contents : {"", "what is there\n"}) {
    ASSERT_TRUE(WriteFileAtomically(path, contents).ok());
    const int file = open(path.c_str(), O_WRONLY | O_APPEND);
    ASSERT_GE(file, 0);
    absl::SetFlag(&FLAGS_out, absl::StrCat("/dev/fd/", file));
    for (const Result result : {Result::kPipeline, Result::kVectors, Result::kIds})
      EXPECT_TRUE(OutPath(result, {}).ok()) << contents << OutPath(result, {}).status();
    EXPECT_FALSE(OutPath(Result::kVectors, {path}).ok()) << "is what is read";
    close(file);
  }
}

TEST_F(OutPathTest, NothingIsMadeByLooking) {
  absl::SetFlag(&FLAGS_out, folder_.path() + "/new.png");
  EXPECT_TRUE(OutPath(Result::kSheet, {}).ok());
  EXPECT_TRUE(folder_.Names().empty());
  absl::SetFlag(&FLAGS_out, "/dev/null");
  EXPECT_TRUE(OutPath(Result::kPipeline, {}).ok());
  absl::SetFlag(&FLAGS_out, "");
  EXPECT_THAT(std::string(OutPath(Result::kIds, {}).status().message()),
              HasSubstr("--out is missing: the file for the array"));
}

}  // namespace
}  // namespace pretext
