// The order of a tensor's elements in memory.
//
// Convolutions run fastest on oneDNN's blocked orders (16 channels side by side: nChw16c), so
// tensors travel from layer to layer in them and are put into row-major order only where something
// else reads them. A Layout is a small value (one pointer) that a tensor carries; equal layouts are
// the same pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pretext {

// Opaque: holds oneDNN's memory descriptor (layout_onednn.h).
struct LayoutDescriptor;

class Layout {
 public:
  // Plain: row-major float32. Its dimensions are the tensor's; dims() is empty and bytes() is 0.
  Layout() = default;

  bool plain() const { return descriptor_ == nullptr; }

  // The logical dimensions (NCHW for images), whatever the order in memory.
  // Not for a plain layout: empty.
  const std::vector<int64_t>& dims() const;

  // The bytes a buffer in this layout needs, padding included (channels are padded to the block).
  // 0 if plain.
  size_t bytes() const;

  // Whether the buffer has padding: elements beyond the logical ones, which are zero and stay so. A
  // sum may run over the whole buffer, and an element-wise function f where there is no padding or
  // f(0) = 0.
  bool padded() const;

  // Whether elements are float32 (bfloat16 otherwise).
  bool float32() const;

  // As oneDNN would name it, for messages: "plain" or "f32 64x32x14x14 blocked 16b".
  std::string ToString() const;

  bool operator==(const Layout& other) const { return descriptor_ == other.descriptor_; }
  bool operator!=(const Layout& other) const { return descriptor_ != other.descriptor_; }

  // For kernels only. Descriptors are interned: made once for a shape and order, never freed.
  explicit Layout(const LayoutDescriptor* descriptor) : descriptor_(descriptor) {}
  const LayoutDescriptor* descriptor() const { return descriptor_; }

 private:
  const LayoutDescriptor* descriptor_ = nullptr;
};

// dst = src, element by element, in another order or number type. At least one of the two is not
// plain (that one knows the dimensions) and the dimensions agree. Padding in dst becomes zero.
// src != dst.
void Reorder(const void* src, Layout src_layout, void* dst, Layout dst_layout);

}  // namespace pretext
