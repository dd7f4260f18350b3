#include "kernels/gemm/matmul_primitive.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <dnnl.hpp>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernels/onednn/engine.h"

namespace pretext::gemm_internal {
namespace {

using dnnl::algorithm;
using dnnl::memory;

// m, n, k, lda, ldb, ldc, alpha and beta as bits, transposes with bias and activation, and the
// threads: what a primitive was made for shows in its sums.
using Key = std::array<int64_t, 9>;

struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t hash = 0;
    for (int64_t v : key)
      hash = (std::rotl(hash, 23) ^ static_cast<uint64_t>(v)) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 32);
  }
};

// A primitive with the memory objects that only take new pointers.
struct Plan {
  dnnl::matmul primitive;
  memory a, b, bias, c;
  std::unordered_map<int, memory> arguments;
};

using Type = memory::data_type;

template <class T>
constexpr Type kTypeOf = std::is_same_v<T, float> ? Type::f32 : Type::bf16;

memory::desc Matrix(Transpose trans, int64_t rows, int64_t columns, int64_t ld,
                    Type type = Type::f32) {
  const memory::dims strides = trans == Transpose::kYes ? memory::dims{1, ld} : memory::dims{ld, 1};
  return memory::desc({rows, columns}, type, strides);
}

void AppendEltwise(dnnl::post_ops& ops, algorithm kind, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(kind, alpha, 0.0f);
#else
  ops.append_eltwise(1.0f, kind, alpha, 0.0f);
#endif
}

// Empty for what it has not got, or not as we want it.
std::optional<algorithm> FusedAlgorithm(Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return algorithm::eltwise_gelu_erf;
    case Activation::kGeluTanh:
      return algorithm::eltwise_gelu_tanh;
    case Activation::kSigmoid:
      return algorithm::eltwise_logistic;
    case Activation::kTanh:
      return algorithm::eltwise_tanh;
    default:
      return std::nullopt;
  }
}

dnnl::matmul::primitive_desc Describe(const memory::desc& a, const memory::desc& b,
                                      const memory::desc& bias, const memory::desc& c,
                                      const dnnl::primitive_attr& attributes) {
  // An empty bias descriptor means none in both generations.
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::matmul::primitive_desc(OnednnEngine(), a, b, bias, c, attributes);
#else
  return dnnl::matmul::primitive_desc(dnnl::matmul::desc(a, b, bias, c), attributes,
                                      OnednnEngine());
#endif
}

// oneDNN 3.7 with AMX reads a row of A beyond its end, up to a multiple of 32, and multiplies what
// lies there, the next row or anybody's memory, by zeros: of NaN that makes NaN.
constexpr bool kReadsBeyondRows = DNNL_VERSION_MAJOR >= 3;
constexpr int64_t kRead = 32;

// A [m, k] with zeros behind each row; lda becomes its own. Until the next call on this thread.
[[maybe_unused]] const Bfloat16* WithZerosBehind(int64_t m, int64_t k, const Bfloat16* a,
                                                 int64_t& lda) {
  thread_local std::vector<Bfloat16> rows;
  const int64_t padded = (k + kRead - 1) / kRead * kRead;
  rows.resize(static_cast<size_t>(m * padded));
  for (int64_t i = 0; i < m; ++i) {
    Bfloat16* const row = rows.data() + i * padded;
    std::fill(std::copy_n(a + i * lda, k, row), row + padded, Bfloat16{});
  }
  lda = padded;
  return rows.data();
}

Plan MakePlan(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
              int64_t lda, int64_t ldb, bool with_bias, Activation activation, float beta,
              int64_t ldc, Type factors, Type product) {
  const memory::desc a = Matrix(trans_a, m, k, lda, factors);
  const memory::desc b = Matrix(trans_b, k, n, ldb, factors);
  const memory::desc c = Matrix(Transpose::kNo, m, n, ldc, product);
  const memory::desc bias = with_bias ? Matrix(Transpose::kNo, 1, n, n) : memory::desc();
  dnnl::post_ops ops;
  if (alpha != 1.0f) AppendEltwise(ops, algorithm::eltwise_linear, alpha);
  if (activation != Activation::kIdentity)
    AppendEltwise(ops, FusedAlgorithm(activation).value(), 0.0f);
  if (beta != 0.0f) ops.append_sum(beta);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  Plan plan{.primitive = dnnl::matmul(Describe(a, b, bias, c, attributes)),
            .a = memory(a, OnednnEngine(), nullptr),
            .b = memory(b, OnednnEngine(), nullptr),
            .bias = {},
            .c = memory(c, OnednnEngine(), nullptr),
            .arguments = {}};
  plan.arguments = {{DNNL_ARG_SRC, plan.a}, {DNNL_ARG_WEIGHTS, plan.b}, {DNNL_ARG_DST, plan.c}};
  if (with_bias) {
    plan.bias = memory(bias, OnednnEngine(), nullptr);
    plan.arguments.emplace(DNNL_ARG_BIAS, plan.bias);
  }
  return plan;
}

}  // namespace

bool Fuses(Activation activation) {
  return activation == Activation::kIdentity || FusedAlgorithm(activation).has_value();
}

template <class Factor, class Product>
void Matmul(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
            const Factor* a, int64_t lda, const Factor* b, int64_t ldb, const float* bias,
            Activation activation, float beta, Product* c, int64_t ldc) {
  if constexpr (kReadsBeyondRows && std::is_same_v<Factor, Bfloat16>) {
    if (trans_a == Transpose::kNo && k % kRead != 0) a = WithZerosBehind(m, k, a, lda);
  }
  // A training run uses a few dozen shapes. Where shapes keep changing (the number of masked
  // positions) the bound keeps memory in check; oneDNN's own cache still holds the generated code
  // of the latest 1024.
  constexpr size_t kMaxPlans = 256;
  thread_local std::unordered_map<Key, Plan, KeyHash> plans;  // of this pair of types
  const int64_t flags = static_cast<int64_t>(trans_a) | static_cast<int64_t>(trans_b) << 1 |
                        static_cast<int64_t>(bias != nullptr) << 2 |
                        static_cast<int64_t>(activation) << 3;
  const uint64_t scales =
      static_cast<uint64_t>(std::bit_cast<uint32_t>(alpha)) << 32 | std::bit_cast<uint32_t>(beta);
  const int64_t threads = omp_in_parallel() ? 1 : omp_get_max_threads();
  const Key key = {m, n, k, lda, ldb, ldc, static_cast<int64_t>(scales), flags, threads};
  auto found = plans.find(key);
  if (found == plans.end()) {
    if (plans.size() >= kMaxPlans) plans.clear();
    found = plans
                .emplace(key, MakePlan(trans_a, trans_b, m, n, k, alpha, lda, ldb, bias != nullptr,
                                       activation, beta, ldc, kTypeOf<Factor>, kTypeOf<Product>))
                .first;
  }
  Plan& plan = found->second;
  plan.a.set_data_handle(const_cast<Factor*>(a));
  plan.b.set_data_handle(const_cast<Factor*>(b));
  plan.c.set_data_handle(c);
  if (bias != nullptr) plan.bias.set_data_handle(const_cast<float*>(bias));
  plan.primitive.execute(OnednnStream(), plan.arguments);
}

template void Matmul(Transpose, Transpose, int64_t, int64_t, int64_t, float, const float*, int64_t,
                     const float*, int64_t, const float*, Activation, float, float*, int64_t);
template void Matmul(Transpose, Transpose, int64_t, int64_t, int64_t, float, const Bfloat16*,
                     int64_t, const Bfloat16*, int64_t, const float*, Activation, float, float*,
                     int64_t);
template void Matmul(Transpose, Transpose, int64_t, int64_t, int64_t, float, const Bfloat16*,
                     int64_t, const Bfloat16*, int64_t, const float*, Activation, float, Bfloat16*,
                     int64_t);

}  // namespace pretext::gemm_internal
