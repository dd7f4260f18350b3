// Samples as small pictures and as words.
#pragma once

#include <string>
#include <vector>

#include "core/flow/batch.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/report_data/report_data.pb.h"

namespace pretext {

// Whether a sample of this type is a picture: an image of 1 or 3 channels.
bool IsPicture(const FlowType& type);

// The values on one scale for all that are given: [0, 1] where they are within it, else from the
// least to the greatest.
struct Shades {
  float least = 0, greatest = 1;
  void Add(const std::vector<float>& values);
  // [0, 1] of a value.
  float operator()(float value) const { return (value - least) / (greatest - least); }
};

// The picture at no more than `most_side` pixels a side: larger ones are made smaller by a mean
// over squares of a whole number of pixels. C·H·W values.
struct SmallPicture {
  int channels = 0, height = 0, width = 0;
  std::vector<float> values;  // C·H·W, in [0, 1]
};
SmallPicture MakeSmall(const FlowType& type, const std::vector<float>& values, const Shades& shades,
                       int most_side);

// A picture as a PNG of its own.
void SetPicture(const SmallPicture& picture, ReportData::Thumbnail& thumbnail);
// Many of one size and number of channels, in one PNG: row by row of `columns`.
std::string SheetOf(const std::vector<SmallPicture>& pictures, int columns);

// The first words of a sequence, without [CLS], [SEP] and padding.
std::string TextOf(const Sample& sample, const Tokenizer& tokenizer);

}  // namespace pretext
