// The files of an export as another program finds them, and what computes the model from them
// alone.
//
// A reading is that program's definition of the model, written down as a graph: it knows the files'
// names and nothing of the encoder that they were written from. Fed with the same inputs, it has to
// give what the encoder gives: a query that was written for a key shows.
//
//   absl::StatusOr<Graph> ReadBert(ForeignFiles& files);
//   PRETEXT_REGISTER_READING("huggingface.BertModel", ReadBert);
#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/tensor/shape.h"
#include "core/tensor/tensor.h"

namespace pretext {

class ForeignFiles {
 public:
  // DIR/model.safetensors and DIR/config.json.
  static absl::StatusOr<ForeignFiles> Open(const std::string& folder);

  // A tensor by its name, of this shape. In the place of one that is missing or misshapen there are
  // zeros, and the first such becomes the status.
  Tensor Take(const std::string& name, const Shape& shape);
  // Of a tensor; of rank 0 if it is not there.
  Shape ShapeOf(const std::string& name) const {
    const auto at = tensors_.find(name);
    return at == tensors_.end() ? Shape() : at->second.shape();
  }
  // An int64 of shape []: a counter, whose value nothing depends on.
  void TakeCounter(const std::string& name);

  // Members of config.json; one that is missing or of another type, elements of lists included,
  // becomes the status, and its value is 0, empty or false.
  int64_t Whole(const std::string& name);  // a size, from 0 to 2^30
  double Number(const std::string& name);
  std::string Text(const std::string& name);
  bool Truth(const std::string& name);
  std::vector<int64_t> Wholes(const std::string& name);  // of sizes
  std::vector<std::string> Texts(const std::string& name);

  // From here on members are asked for of this one, an object: "model_args".
  void Enter(const std::string& name);

  void Fail(const std::string& what);
  // The first fault so far.
  const absl::Status& failure() const { return status_; }
  // OK when all that was asked for was there, and every tensor was asked for.
  absl::Status status() const;

  const std::string& folder() const { return folder_; }

 private:
  using Value = google::protobuf::Value;

  // A member of this kind. If there is none, an empty value, and "config.json: NAME is WRONG"
  // becomes the status.
  const Value& Member(const std::string& name, Value::KindCase kind, const char* wrong);

  std::string folder_;
  std::map<std::string, Tensor> tensors_;
  google::protobuf::Struct config_;
  std::set<std::string> taken_;  // names of tensors
  absl::Status status_;
};

using Reading = absl::StatusOr<Graph> (*)(ForeignFiles& files);

// NotFound if there is no reading of that name.
absl::StatusOr<Graph> ReadForeign(const std::string& reading, const std::string& folder);

class ReadingRegistration {
 public:
  ReadingRegistration(const char* name, Reading reading);
};

}  // namespace pretext

#define PRETEXT_REGISTER_READING(name, reading) \
  static const ::pretext::ReadingRegistration PRETEXT_READING_NAME_(__LINE__)(name, reading)
#define PRETEXT_READING_NAME_(line) PRETEXT_READING_CONCAT_(line)
#define PRETEXT_READING_CONCAT_(line) pretext_reading_##line
