// generate_cifar DIRECTORY [FILES RECORDS_A_FILE TEST_RECORDS]: writes pictures in CIFAR-10's
// binary format into the folder; by default as many as CIFAR-10 has.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "datasets/cifar/generated_cifar.h"

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::fprintf(stderr, "usage: %s DIRECTORY [FILES RECORDS_A_FILE TEST_RECORDS]\n", argv[0]);
    return 2;
  }
  // `bazel run` starts a program in its runfiles; paths on the command line are the user's.
  if (const char* directory = std::getenv("BUILD_WORKING_DIRECTORY")) {
    if (chdir(directory) != 0) std::perror(directory);
  }
  mkdir(argv[1], 0777);  // It may be there.
  const auto number = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  const absl::Status status =
      pretext::WriteGeneratedCifar10(argv[1], number(2, 5), number(3, 10000), number(4, 10000));
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
