// Writes many JPEGs of 500 × 375 pixels: generate_jpegs FOLDER COUNT DIFFERENT. Those beyond the
// different ones are links.
#include <cstdio>

#include "absl/strings/numbers.h"
#include "bench/pictures/generated_jpegs.h"

int main(int argc, char** argv) {
  int64_t count = 0, different = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &count) || !absl::SimpleAtoi(argv[3], &different)) {
    std::fprintf(stderr, "usage: generate_jpegs FOLDER COUNT DIFFERENT\n");
    return 2;
  }
  const absl::Status status = pretext::WriteGeneratedJpegs(argv[1], count, different);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
