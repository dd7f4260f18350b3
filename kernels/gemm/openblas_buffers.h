// The working memory of OpenBLAS.
#pragma once

namespace pretext {

// Has OpenBLAS take `count` of its buffers (128 MB of address space each, no memory until they are
// used) and keep them for later. For a process whose address space is limited: when it is all used,
// OpenBLAS (0.3.21) asks for another one without end, where everybody else reports an error.
void ReserveOpenBlasBuffers(int count);

}  // namespace pretext
