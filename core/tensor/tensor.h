// A contiguous tensor of float32, bfloat16 (activations of a pass in lower precision) or int32
// (token ids, labels) with shared, pooled, 64-byte aligned memory.
//
// Copies share memory; Clone() copies it. Row-major ("plain") unless it carries a Layout: then the
// memory is in the blocked order that oneDNN chose, the shape is still the logical one, and only
// operations that know the layout touch the data; Plain() gives a row-major tensor of float32 (or
// int32; itself when it is one already). A tensor of bfloat16 is not plain, in whatever order: who
// reads data() without a look at the order would take it for what it is not.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "core/tensor/shape.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/layout/layout.h"

namespace pretext {

enum class DType : uint8_t { kFloat32, kInt32, kBfloat16 };

class Tensor {
 public:
  Tensor() = default;  // undefined: no memory
  Tensor(const Tensor& other);
  Tensor(Tensor&& other) noexcept : Tensor() { swap(other); }
  Tensor& operator=(Tensor other) noexcept {
    swap(other);
    return *this;
  }
  ~Tensor();

  // Memory from the pool, contents undefined.
  static Tensor Uninitialized(const Shape& shape, DType dtype = DType::kFloat32);
  static Tensor Uninitialized(const Shape& shape, const Layout& layout);
  static Tensor Zeros(const Shape& shape, DType dtype = DType::kFloat32);
  static Tensor Full(const Shape& shape, float value);

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t dim(int i) const { return shape_[i]; }
  int64_t size() const { return shape_.size(); }  // elements
  DType dtype() const { return dtype_; }
  const Layout& layout() const { return layout_; }
  bool plain() const { return layout_.plain() && dtype_ != DType::kBfloat16; }
  // Bytes of the data: more than those of size() elements when a blocked layout pads.
  size_t bytes() const {
    return layout_.plain() ? static_cast<size_t>(size() * element_bytes()) : layout_.bytes();
  }

  // The elements in memory order. Checked: float32.
  float* data();
  const float* data() const;
  // Checked: int32.
  int32_t* ints();
  const int32_t* ints() const;
  // Checked: bfloat16.
  Bfloat16* bfloat16s();
  const Bfloat16* bfloat16s() const;
  // Whatever their type.
  void* elements() { return raw(); }
  const void* elements() const { return raw(); }
  // The value of a one-element tensor.
  float item() const;

  Tensor Clone() const;
  // The same memory under another shape of the same size; plain only.
  Tensor Reshaped(const Shape& shape) const;
  // Rows [begin, end) of the first dimension, sharing memory; plain only.
  Tensor Rows(int64_t begin, int64_t end) const;
  // Row-major, float32 or int32: itself, or a copy.
  Tensor Plain() const;
  // In this layout and its number type: itself, or a copy.
  Tensor InLayout(const Layout& layout) const;
  // Row-major bfloat16 of a float32 tensor or one of bfloat16: itself, or a copy.
  Tensor RowMajorBfloat16() const;

  void Zero();
  // True when no other tensor shares the memory, so that writing in place is safe.
  bool unique() const;

  void swap(Tensor& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(offset_, other.offset_);
    std::swap(shape_, other.shape_);
    std::swap(dtype_, other.dtype_);
    std::swap(layout_, other.layout_);
  }

 private:
  struct Storage;  // header of a pooled block, followed by the data

  static Storage* NewStorage(size_t bytes);
  int64_t element_bytes() const { return dtype_ == DType::kBfloat16 ? 2 : 4; }
  void* raw() const;

  Storage* storage_ = nullptr;
  int64_t offset_ = 0;  // elements
  Shape shape_;
  DType dtype_ = DType::kFloat32;
  Layout layout_;
};

// target += scale × source, both float32 or bfloat16, any layouts of the same logical shape but the
// row-major one for a target of bfloat16.
void AddInPlace(Tensor& target, const Tensor& source, float scale = 1.0f);

// Each row of a float32 matrix over its length; rows of 0 stay.
void ScaleToUnitRows(Tensor& matrix);

// The index of the first NaN or infinity in row-major order, or -1.
int64_t FirstNonFinite(const Tensor& tensor);

}  // namespace pretext
