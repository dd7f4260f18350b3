// Whether a sanitizer takes memory of its own: terabytes of address space, and some resident for
// each byte that a program has. A test of limits or of figures of memory passes such a build over.
#pragma once

namespace pretext {

#if defined(__SANITIZE_ADDRESS__) || defined(PRETEXT_SANITIZE_THREAD)
inline constexpr bool kSanitizerTakesMemory = true;
#else
inline constexpr bool kSanitizerTakesMemory = false;
#endif

}  // namespace pretext
