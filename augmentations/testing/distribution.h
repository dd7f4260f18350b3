// Tests of whether many draws have a distribution: the probability (p-value) that draws of it would
// lie as far from it. Below kSignificance a test of ours fails: once in a million right generators.
// (Seeds are fixed, so a test that passes keeps passing.)
#pragma once

#include <functional>
#include <vector>

namespace pretext {

inline constexpr double kSignificance = 1e-6;

// Kolmogorov-Smirnov: `cdf` must be continuous.
double KolmogorovSmirnov(std::vector<double> draws, const std::function<double(double)>& cdf);

// Pearson's chi-square of counts against probabilities that sum to 1; the expected counts should
// not be below 5.
double ChiSquare(const std::vector<double>& counts, const std::vector<double>& probabilities);

// Chi-square of two samples of equal size, by their counts; bins with few of both are pooled.
double ChiSquareOfTwo(const std::vector<double>& a, const std::vector<double>& b);

// The cumulative distribution of a uniform draw from [low, high].
std::function<double(double)> UniformCdf(double low, double high);

}  // namespace pretext
