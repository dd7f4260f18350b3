#include "pipelines/run/run_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

absl::Status FileError(const std::string& path, const std::string& doing) {
  return absl::InternalError(absl::StrCat("cannot ", doing, " ", path, ": ", std::strerror(errno)));
}

// The step of a metrics line, which starts {"step":N, — or -1.
int64_t StepOf(const std::string& line) {
  constexpr char kStart[] = "{\"step\":";
  if (line.rfind(kStart, 0) != 0) return -1;
  const size_t end = line.find_first_of(",}", sizeof(kStart) - 1);
  int64_t step = -1;
  if (end == std::string::npos ||
      !absl::SimpleAtoi(line.substr(sizeof(kStart) - 1, end - sizeof(kStart) + 1), &step)) {
    return -1;
  }
  return step;
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, const std::string& contents) {
  const std::string aside = path + ".new";
  const int file = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return FileError(aside, "create");
  size_t done = 0;
  while (done < contents.size()) {
    const ssize_t n = write(file, contents.data() + done, contents.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const absl::Status status = FileError(aside, "write");
      close(file);
      return status;
    }
    done += static_cast<size_t>(n);
  }
  const bool flushed = fsync(file) == 0;
  if (close(file) != 0 || !flushed) return FileError(aside, "flush");
  if (std::rename(aside.c_str(), path.c_str()) != 0) return FileError(path, "replace");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  if (!file || !(contents << file.rdbuf())) {
    if (std::error_code error; file && fs::file_size(path, error) == 0 && !error)
      return std::string();
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  return contents.str();
}

absl::StatusOr<RunDirectory> RunDirectory::Create(const std::string& path, bool exact) {
  std::string chosen = path;
  for (int number = 2; fs::exists(chosen + "/pipeline.textproto"); ++number) {
    if (exact) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, " holds a run already. Go on with it by --resume ", path,
                       ", or give output { directory } another name"));
    }
    chosen = absl::StrCat(path, "-", number);
  }
  std::error_code error;
  fs::create_directories(chosen, error);
  if (error)
    return absl::InternalError(absl::StrCat("cannot make ", chosen, ": ", error.message()));
  return RunDirectory(chosen);
}

absl::StatusOr<RunDirectory> RunDirectory::Open(const std::string& path) {
  if (!fs::exists(path + "/pipeline.textproto")) {
    return absl::NotFoundError(absl::StrCat(path,
                                            " is not a run: it has no pipeline.textproto. A run's "
                                            "folder is what `pretext train` names at its start"));
  }
  return RunDirectory(path);
}

absl::Status RunDirectory::Log(int64_t step, double epoch, const std::string& group,
                               const std::vector<std::pair<std::string, double>>& scalars) {
  JsonObject values;
  JsonObject line;
  line.Add("step", step).Add("epoch", epoch);
  std::vector<std::pair<std::string, double>> tagged;
  for (const auto& [name, value] : scalars) {
    (group.empty() ? line : values).Add(name, value);
    tagged.emplace_back(absl::StrCat(group.empty() ? "train" : group, "/", name), value);
  }
  if (!group.empty()) line.Add(group, values);
  std::ofstream file(metrics_path(), std::ios::app);
  file << line.text() << "\n";
  file.flush();
  if (!file) return FileError(metrics_path(), "append to");
  return tensorboard_.is_open() ? tensorboard_.Write(step, tagged) : absl::OkStatus();
}

absl::Status RunDirectory::TruncateMetrics(int64_t step) {
  std::ifstream file(metrics_path());
  if (!file) return absl::OkStatus();
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    const int64_t at = StepOf(line);
    // A last line without its end was cut by a crash.
    if (at >= 0 && at <= step && line.back() == '}') absl::StrAppend(&kept, line, "\n");
  }
  return WriteFileAtomically(metrics_path(), kept);
}

}  // namespace pretext
