// What VectorFile::Create chooses from.
#pragma once

#include <memory>
#include <string>

#include "pipelines/embed/vector_file.h"

namespace pretext {

// What the names of the files beside an array end with, in place of its extension.
inline constexpr char kNames[] = ".names.txt";
inline constexpr char kLabels[] = ".labels.npy";
inline constexpr char kClasses[] = ".classes.txt";
inline constexpr char kEncoder[] = ".encoder.txt";
std::string BesideVectors(const std::string& path, const char* end);

absl::StatusOr<std::unique_ptr<VectorFile>> CreateTextVectors(const std::string& path,
                                                              const VectorFile::Options& options,
                                                              bool csv);
// `beside`: names and labels go into files of their own.
absl::StatusOr<std::unique_ptr<VectorFile>> CreateArrayVectors(const std::string& path,
                                                               const VectorFile::Options& options,
                                                               bool npy, bool beside);

}  // namespace pretext
