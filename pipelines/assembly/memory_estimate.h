// How much memory a training will take at the least, from what the parts declare
// before anything is allocated.
#pragma once

#include <cstdint>
#include <string>

#include "core/autograd/parameter.h"
#include "core/flow/flow_type.h"

namespace pretext {

class Pipeline;
struct Assembled;

// In bytes, as doubles: they cannot overflow, and are exact up to 2^53.
struct MemoryEstimate {
  double parameters = 0;  // values and gradients of the parameters, and the buffers
  double batch = 0;       // input, h and z of the rows that go through the model at once, with
                          // gradients; clean samples
  double total() const { return parameters + batch; }
};

// Learnt values.
double ParameterCount(const ParameterSet& parameters);
// Bytes of them with their gradients, and of the buffers.
double ParameterBytes(const ParameterSet& parameters);

// What layers keep inside the encoder and the head, and the optimizer's state, come on top.
MemoryEstimate EstimateMemory(const Assembled& parts);

// Numbers in a sample of that type, or -1 beyond 2^62.
int64_t CheckedSize(const FlowType& type);

// Of this machine's memory, in bytes.
int64_t PhysicalMemory();

// "512 bytes", "1.5 KB", "23.4 GB", in powers of 1000.
std::string FormatBytes(double bytes);

}  // namespace pretext
