// The worse of two differences.
#pragma once

namespace pretext {

// The larger, and NaN above all: std::max(0.0, NaN) is 0, which would pass.
inline double Worse(double a, double b) { return !(b <= a) ? b : a; }

}  // namespace pretext
