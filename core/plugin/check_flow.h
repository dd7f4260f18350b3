// The type of what flows into a part, or of what it has to rebuild, checked in its Create.
#pragma once

#include <initializer_list>

#include "absl/strings/string_view.h"
#include "core/flow/flow_type.h"
#include "core/plugin/field_checker.h"

namespace pretext {

// A fault of the part unless what is given is of one of the kinds. `sentence` is completed by it:
// "takes images; it is given" and "vector 8". Where nothing flows the part before is at fault, and
// has said so. Images whose patches stand masked are refused: a part that knows of them checks its
// input itself.
bool CheckFlow(const FlowType& given, std::initializer_list<FlowType::Kind> kinds,
               absl::string_view sentence, FieldChecker& check);

// A fault of a part that needs views with masked patches, unless they are such images: "rebuilds"
// masked patches, and there are none.
void CheckMaskedPatches(const FlowType& view, absl::string_view does, FieldChecker& check);

}  // namespace pretext
