#include "pipelines/report_data/report_data_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"

namespace pretext {

std::string ReportDataPath(const std::string& run) {
  return absl::StrCat(run, "/report_data.binpb");
}

absl::StatusOr<ReportData> ReadReportData(const std::string& run) {
  constexpr int64_t kMost = int64_t{1} << 28;
  const std::string path = ReportDataPath(run);
  const absl::StatusOr<std::string> bytes = ReadFile(path, kMost);
  if (!bytes.ok()) return bytes.status();
  ReportData data;
  if (!data.ParseFromString(*bytes)) {
    return absl::DataLossError(absl::StrCat(
        path,
        ": is damaged; the report is made without it, and the next evaluation writes it anew"));
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
  return WriteFileAtomically(ReportDataPath(run), bytes);
}

}  // namespace pretext
