#include "bench/compare/programs.h"

#include <stdio.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace pretext {

std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string OutputOf(const std::string& command) {
  std::cerr << command << std::endl;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string output;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, n);
  if (const int status = pclose(pipe); status != 0) {
    std::cerr << "failed with status " << status << ": " << command << std::endl;
  }
  return output;
}

std::string BinariesBesideThis() {
  char own[4096];
  const ssize_t length = readlink("/proc/self/exe", own, sizeof(own));
  std::string binaries(own, length > 0 ? length : 0);
  for (int up = 0; up < 3; ++up) binaries.resize(binaries.rfind('/'));
  return binaries;
}

std::string WorkspaceRoot() {
  const char* root = getenv("BUILD_WORKSPACE_DIRECTORY");
  return root == nullptr ? "." : root;
}

}  // namespace pretext
