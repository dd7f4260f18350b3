// Fuzz tests: a reader is given the files of a corpus and then changed ones, thousands in a test,
// as many as wished by tools/fuzz.sh. None may crash, hang, take memory that a damaged length asks
// for, or break what the reader promises.
//
// A fuzz test is a source that defines ReadFuzzed, and a fuzz_test of tests/fuzz/fuzz.bzl.
#pragma once

#include <string>
#include <vector>

namespace pretext::testing {

// Gives the reader a file of these bytes and EXPECTs what it promises of any bytes. Returns
// whether the file was right; those of the corpus must be.
bool ReadFuzzed(const std::string& bytes);

// Right files beside those of the corpus, made by what writes them. None unless it is defined.
std::vector<std::string> MadeFiles();

// Makes checksums in changed bytes fit again, so that what lies behind them is reached. Does
// nothing unless it is defined.
void FitChecksums(std::string& bytes);

// The path of a file in memory that has these bytes until the next call; always the same path.
std::string FileOf(const std::string& bytes);

}  // namespace pretext::testing
