#include "core/tensor/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "core/tensor/memory_pool.h"

namespace pretext {
namespace {

constexpr size_t kHeaderBytes = 64;  // keeps the data 64-byte aligned

}  // namespace

struct Tensor::Storage {
  std::atomic<int64_t> references{1};
  size_t capacity = 0;
};

Tensor::Storage* Tensor::NewStorage(size_t bytes) {
  static_assert(sizeof(Storage) <= kHeaderBytes);
  size_t capacity = 0;
  void* block = MemoryPool::Allocate(bytes + kHeaderBytes, &capacity);
  Storage* storage = new (block) Storage;
  storage->capacity = capacity;
  return storage;
}

Tensor::Tensor(const Tensor& other)
    : storage_(other.storage_),
      offset_(other.offset_),
      shape_(other.shape_),
      dtype_(other.dtype_),
      layout_(other.layout_) {
  if (storage_ != nullptr) storage_->references.fetch_add(1, std::memory_order_relaxed);
}

Tensor::~Tensor() {
  if (storage_ == nullptr) return;
  if (storage_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const size_t capacity = storage_->capacity;
  storage_->~Storage();
  MemoryPool::Free(storage_, capacity);
}

Tensor Tensor::Uninitialized(const Shape& shape, DType dtype) {
  Tensor t;
  t.shape_ = shape;
  t.dtype_ = dtype;
  t.storage_ = NewStorage(t.bytes());
  return t;
}

Tensor Tensor::Uninitialized(const Shape& shape, const Layout& layout) {
  Tensor t;
  t.shape_ = shape;
  t.layout_ = layout;
  if (!layout.float32()) t.dtype_ = DType::kBfloat16;
  t.storage_ = NewStorage(t.bytes());
  return t;
}

Tensor Tensor::Zeros(const Shape& shape, DType dtype) {
  Tensor t = Uninitialized(shape, dtype);
  t.Zero();
  return t;
}

Tensor Tensor::Full(const Shape& shape, float value) {
  Tensor t = Uninitialized(shape);
  std::fill_n(t.data(), t.size(), value);
  return t;
}

void* Tensor::raw() const {
  PRETEXT_CHECK(storage_ != nullptr, "data of an undefined tensor");
  return reinterpret_cast<std::byte*>(storage_) + kHeaderBytes + offset_ * element_bytes();
}

float* Tensor::data() {
  PRETEXT_CHECK(dtype_ == DType::kFloat32, "float data of a tensor of another type");
  return static_cast<float*>(raw());
}
const float* Tensor::data() const { return const_cast<Tensor*>(this)->data(); }

int32_t* Tensor::ints() {
  PRETEXT_CHECK(dtype_ == DType::kInt32, "int data of a tensor of another type");
  return static_cast<int32_t*>(raw());
}
const int32_t* Tensor::ints() const { return const_cast<Tensor*>(this)->ints(); }

Bfloat16* Tensor::bfloat16s() {
  PRETEXT_CHECK(dtype_ == DType::kBfloat16, "bfloat16 data of a tensor of another type");
  return static_cast<Bfloat16*>(raw());
}
const Bfloat16* Tensor::bfloat16s() const { return const_cast<Tensor*>(this)->bfloat16s(); }

float Tensor::item() const {
  PRETEXT_CHECK(size() == 1, "item() of a tensor with other than one element");
  return data()[0];
}

Tensor Tensor::Clone() const {
  Tensor t;
  t.shape_ = shape_;
  t.dtype_ = dtype_;
  t.layout_ = layout_;
  t.storage_ = NewStorage(bytes());
  std::memcpy(t.raw(), raw(), bytes());
  return t;
}

Tensor Tensor::Reshaped(const Shape& shape) const {
  PRETEXT_CHECK(layout_.plain(), "a blocked tensor cannot be reshaped");
  PRETEXT_CHECK(shape.size() == size(), "a reshape keeps the number of elements");
  Tensor t = *this;
  t.shape_ = shape;
  return t;
}

Tensor Tensor::Rows(int64_t begin, int64_t end) const {
  PRETEXT_CHECK(layout_.plain() && rank() > 0, "rows of a blocked tensor");
  PRETEXT_CHECK(0 <= begin && begin <= end && end <= dim(0), "rows out of range");
  Tensor t = *this;
  const int64_t row = dim(0) == 0 ? 0 : size() / dim(0);
  t.offset_ += begin * row;
  t.shape_[0] = end - begin;
  return t;
}

Tensor Tensor::Plain() const { return InLayout(Layout()); }

Tensor Tensor::InLayout(const Layout& layout) const {
  if (layout == layout_ && (!layout.plain() || plain())) return *this;
  if (layout_.plain() && !plain()) {
    Tensor wide = Uninitialized(shape_);
    ToFloat(size(), bfloat16s(), wide.data());
    return wide.InLayout(layout);
  }
  PRETEXT_CHECK(dtype_ != DType::kInt32, "a layout is of float32 or bfloat16");
  Tensor t = Uninitialized(shape_, layout);
  Reorder(raw(), layout_, t.raw(), layout);
  return t;
}

Tensor Tensor::RowMajorBfloat16() const {
  if (layout_.plain() && dtype_ == DType::kBfloat16) return *this;
  const Tensor wide = Plain();
  Tensor t = Uninitialized(shape_, DType::kBfloat16);
  ToBfloat16(size(), wide.data(), t.bfloat16s());
  return t;
}

void Tensor::Zero() { std::memset(raw(), 0, bytes()); }

bool Tensor::unique() const {
  return storage_ != nullptr && storage_->references.load(std::memory_order_acquire) == 1;
}

void AddInPlace(Tensor& target, const Tensor& source, float scale) {
  PRETEXT_CHECK(target.shape() == source.shape(), "a sum of tensors of different shapes");
  const Tensor same = source.InLayout(target.layout());
  if (target.dtype() == DType::kBfloat16) {
    AddToBfloat16(static_cast<int64_t>(target.bytes() / sizeof(Bfloat16)), scale, same.bfloat16s(),
                  target.bfloat16s());
    return;
  }
  const int64_t n = static_cast<int64_t>(target.bytes() / sizeof(float));
  float* const t = target.data();
  const float* const s = same.data();
  ParallelElements(n, [=](int64_t i) { t[i] += scale * s[i]; });
}

void ScaleToUnitRows(Tensor& matrix) {
  const int64_t columns = matrix.dim(1);
  float* const data = matrix.data();
  ParallelFor(matrix.dim(0), 2 * columns, [=](int64_t r) {
    float* const row = data + r * columns;
    double square = 0;
    for (int64_t c = 0; c < columns; ++c) square += static_cast<double>(row[c]) * row[c];
    const auto inverse = static_cast<float>(1 / std::sqrt(std::max(square, 1e-24)));
    for (int64_t c = 0; c < columns; ++c) row[c] *= inverse;
  });
}

int64_t FirstNonFinite(const Tensor& tensor) {
  const Tensor plain = tensor.Plain();
  const float* const data = plain.data();
  for (int64_t i = 0; i < plain.size(); ++i) {
    if (!std::isfinite(data[i])) return i;
  }
  return -1;
}

}  // namespace pretext
