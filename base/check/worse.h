// The worse of two differences.
#pragma once

namespace pretext {

// The larger, and NaN above all, whatever comes after it: std::max(0.0, NaN) is 0, which would
// pass.
inline double Worse(double a, double b) { return a >= b || a != a ? a : b; }

}  // namespace pretext
