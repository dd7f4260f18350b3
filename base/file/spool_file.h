// A file without a name, for what does not fit into memory until it is known where it goes.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file/file_writer.h"

namespace pretext {

class SpoolFile {
 public:
  // On the disk of the folder. The user's alone, and gone with the object or the process.
  static absl::StatusOr<std::unique_ptr<SpoolFile>> Create(const std::string& folder);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  absl::Status Append(absl::string_view bytes);
  // All that was appended.
  absl::Status CopyTo(FileWriter& writer) const;

 private:
  SpoolFile(std::string folder, int file) : folder_(std::move(folder)), file_(file) {}

  const std::string folder_;  // for messages
  const int file_;
};

}  // namespace pretext
