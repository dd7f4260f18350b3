#include "kernels/conv/conv.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <dnnl.hpp>
#include <limits>
#include <string>
#include <vector>

#include "kernels/conv/conv_primitives.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/conv/guarded_workspace.h"
#include "kernels/conv/winograd_conv.h"
#include "kernels/testing/testing.h"

namespace pretext {

void PrintTo(const ConvShape& s, std::ostream* out) {
  *out << s.n << "x" << s.in_channels << "x" << s.height << "x" << s.width << " to "
       << s.out_channels << " kernel " << s.kernel << " stride " << s.stride << " padding "
       << s.padding << " groups " << s.groups;
}

namespace {

using Pass = ConvPlan::Pass;

// A buffer in the plan's layout, and back.
std::vector<float> Into(const std::vector<float>& plain, Layout layout) {
  if (layout.plain()) return plain;
  std::vector<float> values(layout.bytes() / sizeof(float));
  Reorder(plain.data(), Layout(), values.data(), layout);
  return values;
}
std::vector<float> Plain(const std::vector<float>& values, Layout layout, int64_t size) {
  if (layout.plain()) return values;
  std::vector<float> plain(size);
  Reorder(values.data(), layout, plain.data(), Layout());
  return plain;
}
std::vector<float> Room(Layout layout, int64_t size) {
  // NaN: whatever is not written shows.
  return std::vector<float>(layout.plain() ? size : layout.bytes() / sizeof(float),
                            std::numeric_limits<float>::quiet_NaN());
}

template <class Body>
void ForEachChunk(const ConvPlan& plan, Body body) {
  for (int64_t begin = 0; begin < plan.shape().n; begin += plan.chunk()) {
    body(begin, std::min(plan.chunk(), plan.shape().n - begin));
  }
}

std::vector<float> Forward(const ConvShape& s, const std::vector<float>& x,
                           const std::vector<float>& w) {
  const ConvPlan& plan = ConvPlan::Get(s);
  const std::vector<float> in = Into(x, plan.input_layout());
  std::vector<float> out = Room(plan.output_layout(), OutputSize(s));
  GuardedWorkspace workspace(plan.workspace_bytes(Pass::kForward));
  plan.Prepare(Pass::kForward, w.data(), workspace.data);
  ForEachChunk(plan, [&](int64_t begin, int64_t count) {
    plan.Forward(count, in.data() + begin * plan.input_stride(),
                 out.data() + begin * plan.output_stride(), workspace.data);
  });
  return Plain(out, plan.output_layout(), OutputSize(s));
}

std::vector<float> BackwardData(const ConvShape& s, const std::vector<float>& dy,
                                const std::vector<float>& w,
                                const std::vector<float>* add_to = nullptr) {
  const ConvPlan& plan = ConvPlan::Get(s);
  const std::vector<float> in = Into(dy, plan.output_layout());
  std::vector<float> out = add_to != nullptr ? Into(*add_to, plan.input_layout())
                                             : Room(plan.input_layout(), InputSize(s));
  GuardedWorkspace workspace(plan.workspace_bytes(Pass::kBackwardData));
  plan.Prepare(Pass::kBackwardData, w.data(), workspace.data);
  ForEachChunk(plan, [&](int64_t begin, int64_t count) {
    plan.BackwardData(count, in.data() + begin * plan.output_stride(),
                      out.data() + begin * plan.input_stride(), add_to != nullptr, workspace.data);
  });
  return Plain(out, plan.input_layout(), InputSize(s));
}

std::vector<float> BackwardWeights(const ConvShape& s, const std::vector<float>& x,
                                   const std::vector<float>& dy, std::vector<float> dw,
                                   bool accumulate) {
  const ConvPlan& plan = ConvPlan::Get(s);
  const std::vector<float> in = Into(x, plan.input_layout()),
                           gradient = Into(dy, plan.output_layout());
  GuardedWorkspace workspace(plan.workspace_bytes(Pass::kBackwardWeights));
  ForEachChunk(plan, [&](int64_t begin, int64_t count) {
    plan.BackwardWeights(count, in.data() + begin * plan.input_stride(),
                         gradient.data() + begin * plan.output_stride(), begin == 0,
                         workspace.data);
  });
  plan.FinishBackwardWeights(dw.data(), accumulate, workspace.data);
  return dw;
}

// A sum of K products of normal values is √K in size; float32 adds 6e-8 of the partial sums at each
// of K steps: about 6e-8·√K of the result, 4e-6 at K = 4000, three times that for the worst of
// many. Winograd's F(4×4, 3×3) multiplies it by the norms of its transforms, about ten.
double Tolerance(const ConvShape& s, Pass pass) {
  return ConvPlan::Get(s).winograd(pass) ? 1e-4 : 1.5e-5;
}

class ConvTest : public testing::TestWithParam<ConvShape> {};

TEST_P(ConvTest, ForwardIsTheDefinition) {
  const ConvShape s = GetParam();
  const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2);
  const auto expected = ConvForwardReference(s, x, w);
  auto y = Forward(s, x, w);
  EXPECT_LE(WorstOverRms(y, expected), Tolerance(s, Pass::kForward));
  y.back() += 1e-3f * std::sqrt(static_cast<float>(s.in_channels / s.groups));
  EXPECT_GT(WorstOverRms(y, expected), Tolerance(s, Pass::kForward));
}

TEST_P(ConvTest, BackwardDataIsTheDefinitionAndAccumulates) {
  const ConvShape s = GetParam();
  const auto dy = Normals(OutputSize(s), 3), w = Normals(s.weight_size(), 2);
  auto expected = ConvBackwardDataReference(s, dy, w);
  EXPECT_LE(WorstOverRms(BackwardData(s, dy, w), expected), Tolerance(s, Pass::kBackwardData));
  const auto before = Normals(InputSize(s), 4);
  for (size_t i = 0; i < before.size(); ++i) expected[i] += before[i];
  EXPECT_LE(WorstOverRms(BackwardData(s, dy, w, &before), expected),
            Tolerance(s, Pass::kBackwardData));
}

TEST_P(ConvTest, BackwardWeightsIsTheDefinitionAndAccumulates) {
  const ConvShape s = GetParam();
  const auto x = Normals(InputSize(s), 1), dy = Normals(OutputSize(s), 3);
  auto expected = ConvBackwardWeightsReference(s, x, dy);
  const std::vector<float> nothing(s.weight_size(), std::numeric_limits<float>::quiet_NaN());
  EXPECT_LE(WorstOverRms(BackwardWeights(s, x, dy, nothing, false), expected),
            Tolerance(s, Pass::kBackwardWeights));
  const auto before = Normals(s.weight_size(), 4);
  for (size_t i = 0; i < before.size(); ++i) expected[i] += before[i];
  EXPECT_LE(WorstOverRms(BackwardWeights(s, x, dy, before, true), expected),
            Tolerance(s, Pass::kBackwardWeights));
}

INSTANTIATE_TEST_SUITE_P(
    Direct, ConvTest,
    testing::Values(
        // n, C, H, W, O, K, s, p, G
        ConvShape{1, 1, 1, 1, 1, 1, 1, 0, 1}, ConvShape{3, 1, 28, 28, 32, 3, 2, 1, 1},
        ConvShape{2, 3, 9, 7, 17, 3, 1, 1, 1}, ConvShape{2, 3, 33, 29, 16, 7, 2, 3, 1},
        ConvShape{3, 32, 14, 14, 64, 3, 2, 1, 1}, ConvShape{2, 5, 6, 8, 7, 3, 1, 1, 1},
        ConvShape{2, 16, 5, 9, 32, 1, 1, 0, 1}, ConvShape{2, 16, 5, 9, 32, 1, 2, 0, 1},
        ConvShape{2, 20, 6, 6, 33, 1, 2, 0, 1}, ConvShape{2, 32, 7, 7, 16, 5, 3, 2, 1},
        ConvShape{2, 32, 8, 8, 16, 4, 2, 1, 1}, ConvShape{2, 16, 6, 6, 16, 2, 2, 0, 1},
        ConvShape{1, 64, 4, 4, 64, 3, 1, 1, 1}, ConvShape{1, 16, 3, 3, 16, 3, 1, 0, 1},
        ConvShape{2, 1, 8, 8, 1, 3, 1, 1, 1}, ConvShape{2, 32, 6, 6, 1, 3, 1, 1, 1},
        ConvShape{2, 8, 6, 6, 12, 3, 1, 1, 4}, ConvShape{2, 32, 6, 6, 32, 3, 1, 1, 2},
        ConvShape{2, 16, 7, 6, 16, 3, 2, 1, 16}, ConvShape{2, 128, 4, 4, 64, 1, 1, 0, 1}));

INSTANTIATE_TEST_SUITE_P(Winograd, ConvTest,
                         testing::Values(ConvShape{2, 16, 28, 28, 16, 3, 1, 1, 1},
                                         ConvShape{16, 32, 8, 8, 48, 3, 1, 1, 1},
                                         ConvShape{5, 64, 14, 13, 33, 3, 1, 1, 1},
                                         ConvShape{64, 64, 4, 4, 64, 3, 1, 1, 1}));

// More output than a chunk takes, with a smaller last chunk.
INSTANTIATE_TEST_SUITE_P(Chunks, ConvTest,
                         testing::Values(ConvShape{9, 4, 72, 72, 48, 1, 1, 0, 1},
                                         ConvShape{9, 1, 80, 80, 32, 3, 1, 1, 1}));

// Too large for the reference: the chunks of a batch against samples one by one.
TEST(ConvPlanTest, WinogradInChunksIsEachSampleApart) {
  const ConvShape s = {5, 16, 96, 96, 32, 3, 1, 1, 1};
  ConvShape one = s;
  one.n = 1;
  EXPECT_LT(ConvPlan::Get(s).chunk(), s.n);
  const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2),
             dy = Normals(OutputSize(s), 3);
  const auto y = Forward(s, x, w), dx = BackwardData(s, dy, w);
  const std::vector<float> none(s.weight_size());
  std::vector<double> dw(s.weight_size());
  for (int64_t n = 0; n < s.n; ++n) {
    const auto part = [&](const std::vector<float>& all, int64_t size) {
      return std::vector<float>(all.begin() + n * size, all.begin() + (n + 1) * size);
    };
    const auto xn = part(x, InputSize(one)), dyn = part(dy, OutputSize(one));
    EXPECT_EQ(part(y, OutputSize(one)), Forward(one, xn, w));
    EXPECT_EQ(part(dx, InputSize(one)), BackwardData(one, dyn, w));
    const auto term = BackwardWeights(one, xn, dyn, none, false);
    for (size_t i = 0; i < dw.size(); ++i) dw[i] += term[i];
  }
  // Sums of 46080 products, in another order: 6e-8 · √46080, and a few times
  // that for the worst of many.
  EXPECT_LE(WorstOverRms(BackwardWeights(s, x, dy, none, false), dw), 5e-5);
}

// Whatever kernels oneDNN has for odd numbers of channels, pixels and groups.
TEST(ConvPlanTest, RandomShapes) {
  Random random({.seed = 5});
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random.Below(static_cast<uint32_t>(high - low + 1)));
  };
  for (int i = 0; i < 150; ++i) {
    ConvShape s;
    s.n = between(1, 4);
    s.in_channels = i % 4 == 0 ? 16 * between(1, 3) : between(1, 24);
    s.out_channels = i % 4 == 1 ? 16 * between(1, 3) : between(1, 24);
    s.kernel = i % 2 == 0 ? 3 : between(1, 5);
    s.stride = between(1, 2);
    s.padding = between(0, s.kernel / 2);
    s.height = between(s.kernel, 12);
    s.width = between(s.kernel, 12);
    if (i % 10 == 9) {
      s.groups = between(2, 4);
      s.in_channels *= s.groups;
      s.out_channels *= s.groups;
    }
    const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2),
               dy = Normals(OutputSize(s), 3);
    SCOPED_TRACE(testing::PrintToString(s));
    EXPECT_LE(WorstOverRms(Forward(s, x, w), ConvForwardReference(s, x, w)),
              Tolerance(s, Pass::kForward));
    EXPECT_LE(WorstOverRms(BackwardData(s, dy, w), ConvBackwardDataReference(s, dy, w)),
              Tolerance(s, Pass::kBackwardData));
    EXPECT_LE(
        WorstOverRms(BackwardWeights(s, x, dy, w, false), ConvBackwardWeightsReference(s, x, dy)),
        Tolerance(s, Pass::kBackwardWeights));
  }
}

TEST(ConvPlanTest, OnednnHasWinogradForAvx512UpToVersion2) {
  EXPECT_EQ(
      conv_internal::OnednnHasWinograd(),
      dnnl_version()->major < 3 && dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core);
}

// By oneDNN where it can, by our own code otherwise.
TEST(ConvPlanTest, WinogradWhereItPays) {
  const ConvShape shape = {256, 64, 32, 32, 64, 3, 1, 1, 1};
  const ConvPlan& early = ConvPlan::Get(shape);
  const bool available =
      conv_internal::OnednnHasWinograd() || conv_internal::WinogradConv::Suits(shape);
  for (Pass pass : {Pass::kForward, Pass::kBackwardData, Pass::kBackwardWeights})
    EXPECT_EQ(early.winograd(pass), available);
  EXPECT_FALSE(ConvPlan::Get({256, 64, 32, 32, 64, 3, 2, 1, 1}).winograd(Pass::kForward));
  EXPECT_FALSE(ConvPlan::Get({256, 3, 32, 32, 64, 3, 1, 1, 1}).winograd(Pass::kForward));
  EXPECT_FALSE(ConvPlan::Get({1, 512, 4, 4, 512, 3, 1, 1, 1}).winograd(Pass::kForward));
}

TEST(ConvPlanTest, ChunksAreOfEqualSizeAndCoverTheBatch) {
  const ConvShape shape = {100, 64, 32, 32, 64, 3, 1, 1, 1};
  const ConvPlan& plan = ConvPlan::Get(shape);
  EXPECT_LT(plan.chunk(), 20);
  EXPECT_GT(plan.chunk(), 10);
  EXPECT_EQ(plan.input_layout().dims()[0], 100);
  EXPECT_EQ(ConvPlan::Get({100, 16, 4, 4, 16, 3, 1, 1, 1}).chunk(), 100);
}

TEST(ConvPlanTest, TheSameBitsAgain) {
  const ConvShape s = {8, 32, 16, 16, 32, 3, 1, 1, 1};
  const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2);
  EXPECT_EQ(Forward(s, x, w), Forward(s, x, w));
  EXPECT_EQ(BackwardWeights(s, x, x, w, false), BackwardWeights(s, x, x, w, false));
}

// A plan is made for the number of threads at that time; it stays right with another.
TEST(ConvPlanTest, AnotherNumberOfThreads) {
  const int threads = omp_get_max_threads();
  for (const ConvShape& s :
       {ConvShape{8, 32, 16, 16, 48, 3, 1, 1, 1}, ConvShape{8, 32, 16, 16, 48, 3, 2, 1, 1},
        ConvShape{8, 64, 9, 9, 32, 1, 1, 0, 1}, ConvShape{8, 3, 16, 16, 32, 3, 1, 1, 1},
        ConvShape{8, 20, 9, 9, 24, 3, 1, 1, 1}}) {
    const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2),
               dy = Normals(OutputSize(s), 3);
    const auto y = ConvForwardReference(s, x, w), dx = ConvBackwardDataReference(s, dy, w),
               dw = ConvBackwardWeightsReference(s, x, dy);
    omp_set_num_threads(2);
    ConvPlan::Get(s);
    for (int other : {2, 1, 5}) {
      omp_set_num_threads(other);
      SCOPED_TRACE(testing::PrintToString(s) + " threads " + std::to_string(other));
      EXPECT_LE(WorstOverRms(Forward(s, x, w), y), Tolerance(s, Pass::kForward));
      EXPECT_LE(WorstOverRms(BackwardData(s, dy, w), dx), Tolerance(s, Pass::kBackwardData));
      EXPECT_LE(WorstOverRms(BackwardWeights(s, x, dy, w, false), dw),
                Tolerance(s, Pass::kBackwardWeights));
    }
  }
  omp_set_num_threads(threads);
}

// Columns of the kernel that lie beside a narrow image wherever it stands have a gradient of 0, and
// not what the workspace held.
TEST(ConvPlanTest, Bfloat16OfImagesNarrowerThanTheStride) {
  for (const ConvShape& s :
       {Bfloat16Shape(5, 16, 1, 1, 16, 3, 2, 1), Bfloat16Shape(5, 16, 4, 1, 32, 3, 2, 1),
        Bfloat16Shape(3, 3, 4, 2, 16, 5, 3, 2), Bfloat16Shape(5, 32, 1, 1, 32, 3, 2, 1),
        Bfloat16Shape(5, 16, 1, 2, 16, 3, 2, 1)}) {
    const auto x = Normals(InputSize(s), 1), dy = Normals(OutputSize(s), 3);
    ASSERT_EQ(ConvPlan::Get(s).chunk(), s.n);
    const std::vector<float> nothing(s.weight_size());
    EXPECT_LE(WorstOverRms(BackwardWeights(s, x, dy, nothing, false),
                           ConvBackwardWeightsReference(s, x, dy)),
              0.05)
        << testing::PrintToString(s);
  }
}

TEST(ConvPlanTest, NanPropagates) {
  for (const ConvShape& s :
       {ConvShape{1, 16, 5, 5, 16, 3, 1, 1, 1}, ConvShape{4, 16, 16, 16, 16, 3, 1, 1, 1},
        ConvShape{2, 3, 6, 6, 8, 3, 2, 1, 1}}) {
    auto x = Normals(InputSize(s), 1);
    x[0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(Forward(s, x, Normals(s.weight_size(), 2))[0]));
  }
}

}  // namespace
}  // namespace pretext
