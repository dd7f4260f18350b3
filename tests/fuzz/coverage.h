// Which ways through the code were taken: where it is compiled with -fsanitize-coverage=trace-pc
// (--config=fuzz), and none elsewhere.
#pragma once

namespace pretext::testing {

// Whether, since the last call, one block of code came after another as never before.
bool TakeNewEdges();

}  // namespace pretext::testing
