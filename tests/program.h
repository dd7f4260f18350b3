// Runs the pretext program as a user does, for tests of what crosses all layers.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace pretext {

struct ProgramResult {
  int exit_code = -1;  // -SIGNAL when a signal ended it
  std::string output;  // standard output and error
};

// Runs //:pretext with the arguments in an empty scratch folder of the test's own and waits for its
// end. `while_running` is called with its process id every few milliseconds.
ProgramResult RunProgram(const std::vector<std::string>& arguments,
                         const std::function<void(pid_t)>& while_running = nullptr);

// The same of //:`program`, as the arguments of another that is found by PATH: mpirun.
ProgramResult RunProgramUnder(const std::vector<std::string>& launcher, const std::string& program,
                              const std::vector<std::string>& arguments,
                              const std::function<void(pid_t)>& while_running = nullptr);

// The same with standard output to a device or a file, as a shell's `> PATH`: what comes back is
// standard error.
ProgramResult RunProgramInto(const std::string& path, const std::vector<std::string>& arguments);

// The processes that a process has started, by /proc.
std::vector<pid_t> ChildrenOf(pid_t parent);

// The scratch folder: relative paths of RunProgram start here.
const std::string& ScratchFolder();

// Writes small IDX files (train and test, images 8×8 of four shapes with noise, and labels) into
// the scratch folder, once, and returns what a pipeline over them begins with: its name, which
// names its run, and its dataset.
std::string SmallImages(const std::string& name);

// A pipeline over SmallImages: an MLP autoencoder, 8 steps an epoch.
std::string SmallAutoencoder(const std::string& name);

// A pipeline over the text in corpus.txt, which learns a vocabulary of that size: one transformer
// layer of width 32 with dropout. `rest` is the optimizer and what comes after it.
std::string SmallLanguageModel(const std::string& name, int vocabulary, const std::string& rest);

// A file of the scratch folder; empty when it is not there.
std::string FileContents(const std::string& path);
void WriteScratchFile(const std::string& path, const std::string& contents);

}  // namespace pretext
