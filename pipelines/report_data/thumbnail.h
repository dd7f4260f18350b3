// Samples as small pictures and as words.
#pragma once

#include <string>
#include <vector>

#include "core/flow/batch.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/preview/contact_sheet.h"
#include "pipelines/report_data/report_data.pb.h"

namespace pretext {

// A picture as a PNG of its own.
void SetPicture(const Tile& picture, ReportData::Thumbnail& thumbnail);
// Pictures of one size without gaps, row by row of `columns`.
Tile SheetOf(const std::vector<Tile>& pictures, int columns);

// The first words of a sequence, without [CLS], [SEP] and padding.
std::string TextOf(const Sample& sample, const Tokenizer& tokenizer);

}  // namespace pretext
