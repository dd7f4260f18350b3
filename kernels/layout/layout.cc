#include "kernels/layout/layout.h"

#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "kernels/layout/layout_onednn.h"
#include "kernels/onednn/engine.h"

namespace pretext {

struct LayoutDescriptor {
  dnnl::memory::desc desc;
  std::vector<int64_t> dims;
  size_t bytes;
  bool padded;
  bool float32;
};

namespace {

// What oneDNN 3 names differently from oneDNN 2.
#if DNNL_VERSION_MAJOR >= 3
dnnl::memory::dims DimsOf(const dnnl::memory::desc& desc) { return desc.get_dims(); }
dnnl::memory::data_type TypeOf(const dnnl::memory::desc& desc) { return desc.get_data_type(); }
#else
dnnl::memory::dims DimsOf(const dnnl::memory::desc& desc) { return desc.dims(); }
dnnl::memory::data_type TypeOf(const dnnl::memory::desc& desc) {
  return static_cast<dnnl::memory::data_type>(desc.data.data_type);
}
#endif

size_t ElementBytes(dnnl::memory::data_type type) {
  return type == dnnl::memory::data_type::f32 || type == dnnl::memory::data_type::s32    ? 4
         : type == dnnl::memory::data_type::bf16 || type == dnnl::memory::data_type::f16 ? 2
                                                                                         : 1;
}

std::mutex& TableMutex() {
  static std::mutex* mutex = new std::mutex;
  return *mutex;
}

// Reorder primitives are made once for a pair of descriptors.
dnnl::reorder CachedReorder(const dnnl::memory::desc& src, const LayoutDescriptor* src_key,
                            const dnnl::memory::desc& dst, const LayoutDescriptor* dst_key) {
  static auto* cache =
      new std::map<std::pair<const LayoutDescriptor*, const LayoutDescriptor*>, dnnl::reorder>;
  std::lock_guard<std::mutex> lock(TableMutex());
  auto [it, inserted] = cache->try_emplace({src_key, dst_key});
  if (inserted) {
    it->second =
        dnnl::reorder(dnnl::reorder::primitive_desc(OnednnEngine(), src, OnednnEngine(), dst));
  }
  return it->second;
}

// Whether the elements lie in memory as in PlainDescriptor(dims). The stride of a dimension of size
// 1 does not matter.
bool IsRowMajor(const dnnl::memory::desc& desc) {
  if (TypeOf(desc) != dnnl::memory::data_type::f32) return false;
  const Blocking blocking = BlockingOf(desc);
  if (!blocking.known || !blocking.inner.empty()) return false;
  const dnnl::memory::dims dims = DimsOf(desc);
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    if (dims[i] != 1 && blocking.strides[i] != stride) return false;
    stride *= dims[i];
  }
  return true;
}

}  // namespace

#if DNNL_VERSION_MAJOR >= 3
Blocking BlockingOf(const dnnl::memory::desc& desc) {
  Blocking blocking;
  if (desc.get_format_kind() != dnnl::memory::format_kind::blocked) return blocking;
  blocking.known = true;
  blocking.strides = desc.get_strides();
  for (int i = 0; i < desc.get_inner_nblks(); ++i) {
    blocking.inner.emplace_back(static_cast<int>(desc.get_inner_idxs()[i]),
                                desc.get_inner_blks()[i]);
  }
  return blocking;
}
#else
Blocking BlockingOf(const dnnl::memory::desc& desc) {
  Blocking blocking;
  if (desc.data.format_kind != dnnl_blocked) return blocking;
  const dnnl_blocking_desc_t& data = desc.data.format_desc.blocking;
  blocking.known = true;
  blocking.strides.assign(data.strides, data.strides + desc.data.ndims);
  for (int i = 0; i < data.inner_nblks; ++i) {
    blocking.inner.emplace_back(static_cast<int>(data.inner_idxs[i]), data.inner_blks[i]);
  }
  return blocking;
}
#endif

dnnl::memory::desc PlainDescriptor(const dnnl::memory::dims& dims) {
  dnnl::memory::dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, strides);
}

Layout LayoutFrom(const dnnl::memory::desc& desc) {
  const dnnl::memory::dims dims = DimsOf(desc);
  if (IsRowMajor(desc)) return Layout();
  static auto* table = new std::deque<LayoutDescriptor>;
  std::lock_guard<std::mutex> lock(TableMutex());
  for (const LayoutDescriptor& known : *table) {
    if (known.desc == desc) return Layout(&known);
  }
  size_t elements = 1;
  for (int64_t d : dims) elements *= static_cast<size_t>(d);
  const dnnl::memory::data_type type = TypeOf(desc);
  const size_t bytes = desc.get_size();
  table->push_back({desc, dims, bytes, bytes != elements * ElementBytes(type),
                    type == dnnl::memory::data_type::f32});
  return Layout(&table->back());
}

dnnl::memory::desc DescriptorOf(Layout layout, const dnnl::memory::dims& dims) {
  return layout.plain() ? PlainDescriptor(dims) : layout.descriptor()->desc;
}

const std::vector<int64_t>& Layout::dims() const {
  static const auto* none = new std::vector<int64_t>;
  return plain() ? *none : descriptor_->dims;
}

size_t Layout::bytes() const { return plain() ? 0 : descriptor_->bytes; }
bool Layout::padded() const { return !plain() && descriptor_->padded; }
bool Layout::float32() const { return plain() || descriptor_->float32; }

std::string Layout::ToString() const {
  if (plain()) return "plain";
  std::string text = descriptor_->float32 ? "f32 " : "bf16 ";
  for (size_t i = 0; i < descriptor_->dims.size(); ++i) {
    text += (i ? "x" : "") + std::to_string(descriptor_->dims[i]);
  }
  const Blocking blocking = BlockingOf(descriptor_->desc);
  if (!blocking.known) return text + " opaque";
  if (blocking.inner.empty()) return text + " strided";
  text += " blocked ";
  for (const auto& [dimension, size] : blocking.inner) {
    text += std::to_string(size) + static_cast<char>('a' + dimension);
  }
  return text;
}

void Reorder(const void* src, Layout src_layout, void* dst, Layout dst_layout) {
  const std::vector<int64_t>& dims = src_layout.plain() ? dst_layout.dims() : src_layout.dims();
  const dnnl::memory::desc src_desc = DescriptorOf(src_layout, dims);
  const dnnl::memory::desc dst_desc = DescriptorOf(dst_layout, dims);
  dnnl::memory from(src_desc, OnednnEngine(), const_cast<void*>(src));
  dnnl::memory to(dst_desc, OnednnEngine(), dst);
  CachedReorder(src_desc, src_layout.descriptor(), dst_desc, dst_layout.descriptor())
      .execute(OnednnStream(), from, to);
}

}  // namespace pretext
