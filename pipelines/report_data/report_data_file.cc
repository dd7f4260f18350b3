#include "pipelines/report_data/report_data_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "core/flow/content_sum.h"

namespace pretext {

namespace {

// What the file ends with; a message and a field of it after one another are one message.
std::string ChecksumField(absl::string_view bytes) {
  ReportData field;
  field.set_checksum(AddToSum(0, bytes.data(), bytes.size()));
  return field.SerializeAsString();
}

}  // namespace

std::string ReportDataPath(const std::string& run) {
  return absl::StrCat(run, "/report_data.binpb");
}

absl::StatusOr<ReportData> ReadReportData(const std::string& run) {
  constexpr int64_t kMost = int64_t{1} << 28;
  const std::string path = ReportDataPath(run);
  const absl::StatusOr<std::string> bytes = ReadFile(path, kMost);
  if (!bytes.ok()) return bytes.status();
  ReportData data;
  const size_t end = bytes->size() - std::min(bytes->size(), ChecksumField("").size());
  if (!data.ParseFromString(*bytes) ||
      bytes->substr(end) != ChecksumField(absl::string_view(*bytes).substr(0, end))) {
    return absl::DataLossError(absl::StrCat(
        path,
        ": is damaged, or of a version before there was a checksum; the report is made without it, "
        "and the next evaluation writes it anew"));
  }
  return data;
}

absl::Status WriteReportData(const std::string& run, const ReportData& data) {
  // In the order of the fields: equal data, equal bytes.
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    data.SerializeToCodedStream(&coded);
  }
  return WriteFileAtomically(ReportDataPath(run), bytes + ChecksumField(bytes));
}

}  // namespace pretext
