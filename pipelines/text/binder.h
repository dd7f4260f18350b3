// Fills a config message from a text tree, and finds every fault of its text.
#pragma once

#include <string>

#include "pipelines/text/source_map.h"
#include "pipelines/text/text_tree.h"

namespace google::protobuf {
class Message;
}

namespace pretext {

// Binds `tree` over what `message` holds already; faults and places go to `map`. In full:
// - A field replaces what an earlier source gave it. A message is merged field by field. A repeated
//   field replaces the earlier source's list as a whole; within one source, repetitions add up. Of
//   a oneof, the last source's member counts.
// - A part { [type] { … } } of the type it has already is merged field by field; of another type,
//   it replaces.
// - An Any takes plugins of the kind that its field is named after, or the last word of that name:
//   `augmentation`, `second_augmentation`.
// - Faults: syntax, unknown fields, values that are not of the field's type, not finite or not
//   UTF-8, a field given twice in one source, types that are unknown or of the wrong kind. What is
//   at fault is left out and marked doubtful.
void BindText(const TextTree& tree, int source, google::protobuf::Message* message, SourceMap* map);

}  // namespace pretext
