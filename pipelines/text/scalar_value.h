// The value of one scalar field in text format.
#pragma once

#include <string>

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace pretext {

// Sets the field (adds to it, when repeated) to the value that `text` spells. Returns "" when done,
// or what is wrong: "must be true or false; it is "ture"". Then the message is as it was. Numbers
// must be finite.
std::string SetScalar(const std::string& text, const google::protobuf::FieldDescriptor& field,
                      google::protobuf::Message* message);

// What the field takes: "a whole number from 0 to 4294967295", "one of RELU, GELU".
std::string DescribeValues(const google::protobuf::FieldDescriptor& field);

}  // namespace pretext
