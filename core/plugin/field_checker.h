// Gathers every fault of a config before anything is built from it:
//
//   FieldChecker check;
//   check.Positive("temperature", config.temperature());
//   check.Extent("width", config.width());
//   for (int i = 0; i < config.layer_size(); ++i) {
//     check.Extent(absl::StrCat("layer[", i, "].width"), config.layer(i).width());
//   }
//   check.That(config.width() % config.heads() == 0, "heads",
//              absl::StrCat("must divide the width, ", config.width(), "; it is ",
//                           config.heads()));
//   check.Shape(input.IsImage(), "takes images of C x H x W; it is given a vector of 32");
//   if (!check.ok()) return check.status();
//
// Each check returns whether it held, so that a check that depends on another can be left out. NaN
// and infinity fail every check of a number. The path is the field's as written in the pipeline:
// "width", "layer[2].width".
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status/fault.h"
#include "google/protobuf/message.h"

namespace pretext {

// The largest extent of one dimension (a width, a vocabulary, an image side, a batch): beyond it a
// config is a slip of the hand. Products of a few such extents still fit 64 bits only if multiplied
// with CheckedProduct.
inline constexpr int64_t kMaxExtent = int64_t{1} << 24;

// The most layers, views, augmentations and the like that a part may repeat.
inline constexpr int64_t kMaxCount = 4096;

class FieldChecker {
 public:
  // Any number, with its text as the user would write it.
  class Number {
   public:
    template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
    Number(T number)  // NOLINT: implicit by design
        : value(static_cast<double>(number)), text(absl::StrCat(number)) {}
    const double value;
    const std::string text;
  };

  // A fault of `field` unless `holds`. The message completes "FIELD: …": "must be even; it is 7".
  bool That(bool holds, absl::string_view field, absl::string_view message);
  // A fault of the part itself unless `holds`: shapes that do not fit, parts
  // that cannot go together.
  bool Shape(bool holds, absl::string_view message);

  bool Positive(absl::string_view field, const Number& value);  // above 0
  // Above 0 as a float too, in which it is computed with: a normal number of single precision.
  bool PositiveFloat(absl::string_view field, const Number& value);
  bool NotNegative(absl::string_view field, const Number& value);  // 0 or above
  bool AtLeast(absl::string_view field, const Number& value, const Number& least);
  // From `low` to `high`, both included.
  bool InRange(absl::string_view field, const Number& value, const Number& low, const Number& high);
  // From `low` included to `high` excluded: a dropout probability is in [0, 1).
  bool InHalfOpenRange(absl::string_view field, const Number& value, const Number& low,
                       const Number& high);
  bool Finite(absl::string_view field, const Number& value);
  // A size of one dimension: a whole number from 1 to kMaxExtent.
  bool Extent(absl::string_view field, const Number& value);
  // A number of repeated things: a whole number from 1 to kMaxCount.
  bool Count(absl::string_view field, const Number& value);
  // Fields that nothing reads, since of another: a fault of each that `config` gives another value
  // than its default. `why` completes "FIELD: has no effect: …; leave it out": "there is no batch
  // normalisation".
  // Of a config that has all its defaults written out, as runs and encoders keep theirs, nothing is
  // a fault. Of a switch that is off by default it is not to be asked where that is said in so many
  // words ("held_out: 0"): an override does that, and should not need another one.
  bool Unread(const google::protobuf::Message& config, const std::vector<absl::string_view>& fields,
              absl::string_view why);
  // A string or list that must have something in it.
  bool NotEmpty(absl::string_view field, absl::string_view value);

  // Takes over the faults of a part inside this one, under `field`: check.Nested("augmentation[1]",
  // part.status()). Returns whether `status` is OK.
  bool Nested(absl::string_view field, const absl::Status& status);

  bool ok() const { return faults_.empty(); }
  const std::vector<Fault>& faults() const { return faults_; }
  // InvalidArgument with every fault so far (see base/status/fault.h), or OK.
  absl::Status status() const { return FaultsToStatus(faults_); }

 private:
  std::vector<Fault> faults_;
};

// The product of extents, or -1 when one is negative or the product is beyond 2^62.
int64_t CheckedProduct(const std::vector<int64_t>& extents);

}  // namespace pretext
