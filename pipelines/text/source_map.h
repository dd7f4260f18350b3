// Where each field of a pipeline was written, and the faults found in it so far.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/status/fault.h"
#include "pipelines/text/text_tree.h"

namespace pretext {

// A pipeline comes from several texts: a file, and overrides that are merged over it.
struct Place {
  int source = 0;
  TextPosition at;
};

// Fields are named by paths from the pipeline down: "views.augmentation[1].min_area". The message
// inside an Any is in the Any's place.
class SourceMap {
 public:
  // `name` as messages show it: "pipelines/a.textproto", "--override #1".
  int AddSource(std::string name);

  void SetPlace(const std::string& path, const Place& place) { places_[path] = place; }
  // Forgets the path and all below it: something else has taken its place.
  void Forget(const std::string& path);
  // The field's place, or that of the nearest field around it, or the start of the first source.
  Place PlaceOf(absl::string_view path) const;

  // A fault of the text itself. `path` (may be empty) goes before the message.
  void AddFault(const Place& place, const std::string& path, const std::string& message);
  // Nothing more is to be said of this field: what was written there, or meant
  // for it, was not understood.
  void Doubt(const std::string& path) { doubtful_.insert(path); }
  // Whether the path, or one around it, is doubtful.
  bool IsDoubtful(absl::string_view path) const;
  // Whether the path, or one below it, is doubtful.
  bool HasDoubt(absl::string_view path) const;

  // The faults of a part, each placed by its path below `path`. Those that only follow from a
  // doubtful field are left out: faults of that field, and faults of the part as a whole when any
  // of its fields is doubtful.
  void AddFaults(const std::string& path, const absl::Status& status);
  // The same without faults of the part as a whole.
  void AddFieldFaults(const std::string& path, const absl::Status& status);

  bool ok() const { return faults_.empty(); }
  // InvalidArgument with a line a fault, "SOURCE:LINE:COLUMN: PATH:
  // MESSAGE", in the order of the text; or OK.
  absl::Status status() const;

 private:
  struct PlacedFault {
    Place place;
    Fault fault;
  };

  std::vector<std::string> sources_;
  std::map<std::string, Place, std::less<>> places_;
  std::set<std::string, std::less<>> doubtful_;
  std::vector<PlacedFault> faults_;
};

}  // namespace pretext
