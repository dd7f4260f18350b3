#include "core/plugin/field_checker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "base/check/check.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace pretext {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

// What to do about a field that is given another value than its default; nothing where it is not.
std::string Remedy(const Message& config, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *config.GetReflection();
  if (!reflection.HasField(config, &field)) return "";
  const std::unique_ptr<Message> unset(config.New());
  std::string said, usual;
  TextFormat::PrintFieldValueToString(config, &field, -1, &said);
  TextFormat::PrintFieldValueToString(*unset, &field, -1, &usual);
  return said == usual ? "" : absl::StrCat("leave it out, or at its default, ", usual);
}

// As a run writes its configs; a hand may too, and says then everything in so many words.
bool HasAllDefaults(const Message& config) {
  const google::protobuf::Descriptor& descriptor = *config.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    if (field->has_default_value() && !config.GetReflection()->HasField(config, field))
      return false;
  }
  return true;
}

}  // namespace

bool FieldChecker::That(bool holds, absl::string_view field, absl::string_view message) {
  if (!holds) faults_.push_back({std::string(field), std::string(message)});
  return holds;
}

bool FieldChecker::Shape(bool holds, absl::string_view message) { return That(holds, "", message); }

bool FieldChecker::Positive(absl::string_view field, const Number& value) {
  return That(std::isfinite(value.value) && value.value > 0, field,
              absl::StrCat("must be above 0; it is ", value.text));
}

bool FieldChecker::PositiveFloat(absl::string_view field, const Number& value) {
  using Float = std::numeric_limits<float>;
  return Positive(field, value) &&
         That(value.value >= Float::min() && value.value <= Float::max(), field,
              absl::StrCat("must be from ", Float::min(), " to ", Float::max(),
                           ", as a number of single precision is; it is ", value.text));
}

bool FieldChecker::NotNegative(absl::string_view field, const Number& value) {
  return That(std::isfinite(value.value) && value.value >= 0, field,
              absl::StrCat("must not be negative; it is ", value.text));
}

bool FieldChecker::AtLeast(absl::string_view field, const Number& value, const Number& least) {
  return That(std::isfinite(value.value) && value.value >= least.value, field,
              absl::StrCat("must be at least ", least.text, "; it is ", value.text));
}

bool FieldChecker::InRange(absl::string_view field, const Number& value, const Number& low,
                           const Number& high) {
  return That(value.value >= low.value && value.value <= high.value, field,
              absl::StrCat("must be from ", low.text, " to ", high.text, "; it is ", value.text));
}

bool FieldChecker::InHalfOpenRange(absl::string_view field, const Number& value, const Number& low,
                                   const Number& high) {
  return That(value.value >= low.value && value.value < high.value, field,
              absl::StrCat("must be at least ", low.text, " and below ", high.text, "; it is ",
                           value.text));
}

bool FieldChecker::Finite(absl::string_view field, const Number& value) {
  return That(std::isfinite(value.value), field,
              absl::StrCat("must be a finite number; it is ", value.text));
}

bool FieldChecker::Extent(absl::string_view field, const Number& value) {
  return InRange(field, value, 1, kMaxExtent);
}

bool FieldChecker::Count(absl::string_view field, const Number& value) {
  return InRange(field, value, 1, kMaxCount);
}

bool FieldChecker::Unread(const Message& config, const std::vector<absl::string_view>& fields,
                          absl::string_view why) {
  if (HasAllDefaults(config)) return true;
  bool none = true;
  for (const absl::string_view name : fields) {
    const FieldDescriptor* field = config.GetDescriptor()->FindFieldByName(std::string(name));
    PRETEXT_CHECK(field != nullptr && !field->is_repeated(),
                  "a field that is not read is the config's, and one value");
    const std::string remedy = Remedy(config, *field);
    const bool unsaid =
        That(remedy.empty(), name, absl::StrCat("has no effect: ", why, "; ", remedy));
    none = none && unsaid;
  }
  return none;
}

bool FieldChecker::NotEmpty(absl::string_view field, absl::string_view value) {
  return That(!value.empty(), field, "must be given; it is empty");
}

bool FieldChecker::Nested(absl::string_view field, const absl::Status& status) {
  for (const Fault& fault : FaultsOf(status)) {
    faults_.push_back({JoinPath(field, fault.path), fault.message});
  }
  return status.ok();
}

int64_t CheckedProduct(const std::vector<int64_t>& extents) {
  constexpr int64_t kMost = int64_t{1} << 62;
  if (std::any_of(extents.begin(), extents.end(), [](int64_t e) { return e < 0; })) return -1;
  if (std::count(extents.begin(), extents.end(), 0) > 0) return 0;
  int64_t product = 1;
  for (const int64_t extent : extents) {
    if (product > kMost / extent) return -1;
    product *= extent;
  }
  return product;
}

}  // namespace pretext
