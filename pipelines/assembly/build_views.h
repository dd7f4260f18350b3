// The views of a pipeline: what each goes through, and the groups that they are in.
#pragma once

#include "core/plugin/build_context.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/part_maker.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

// Fills the augmentations, chains, groups and the view of `parts`, whose dataset may be null.
// context.input is a sample's type and becomes that of the first group's views; `views` and `view`
// of the context are told too. Faults go to the map, which is the maker's.
void BuildViews(const Pipeline::Views& views, PartMaker& maker, SourceMap& map,
                BuildContext& context, Assembled& parts);

}  // namespace pretext
