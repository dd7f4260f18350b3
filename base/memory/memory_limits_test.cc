#include "base/memory/memory_limits.h"

#include <sys/resource.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace pretext {
namespace {

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::string(std::getenv("TEST_TMPDIR")) + "/cgroup";
    std::filesystem::remove_all(root_);
  }
  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string root_;
};

TEST_F(CgroupTest, TakesTheLeastOfTheGroupAndThoseAround) {
  const std::string mine = "0::/user.slice/me\n";
  EXPECT_EQ(CgroupLimit(mine, root_), std::nullopt);
  Write("/user.slice/me/memory.max", "max\n");
  EXPECT_EQ(CgroupLimit(mine, root_), std::nullopt);
  Write("/user.slice/memory.max", "3000\n");
  EXPECT_EQ(CgroupLimit(mine, root_), 3000);
  Write("/user.slice/me/memory.max", "2000\n");
  EXPECT_EQ(CgroupLimit(mine, root_), 2000);
  Write("/memory.max", "1000\n");
  EXPECT_EQ(CgroupLimit(mine, root_), 1000);
  Write("/other/memory.max", "1\n");
  EXPECT_EQ(CgroupLimit(mine, root_), 1000);
}

TEST_F(CgroupTest, AGroupOutsideTheContainerIsItsRoot) {
  Write("/memory.max", "5000\n");
  EXPECT_EQ(CgroupLimit("0::/machine/of/the/host\n", root_), 5000);
  EXPECT_EQ(CgroupLimit("0::/\n", root_), 5000);
}

TEST_F(CgroupTest, TheFirstVersionToo) {
  const std::string mine = "5:cpu,cpuacct:/a\n4:hugetlb,memory:/b\n0::/\n";
  Write("/memory/b/memory.limit_in_bytes", "700\n");
  EXPECT_EQ(CgroupLimit(mine, root_), 700);
  Write("/memory/b/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(CgroupLimit(mine, root_), std::nullopt) << "the first version's way to say none";
}

TEST(MemoryLimitsTest, TheShellsLimitsCount) {
  const MemoryLimit machine = MemoryLimits()[0];
  EXPECT_GT(machine.bytes, 1e8);
  EXPECT_GT(machine.used(), 1e6);
  for (const auto& [resource, name] : {std::pair{RLIMIT_AS, "-v"}, {RLIMIT_DATA, "-d"}}) {
    rlimit before;
    ASSERT_EQ(getrlimit(resource, &before), 0);
    rlimit lower = before;
    // What the process has is beside it: no less than that may be asked for.
    for (const MemoryLimit& limit : MemoryLimits()) EXPECT_GE(limit.left(), 0) << limit.whose;
    lower.rlim_cur = rlim_t{1} << 45;
    ASSERT_EQ(setrlimit(resource, &lower), 0);
    bool found = false;
    for (const MemoryLimit& limit : MemoryLimits()) {
      if (limit.whose.find(name) == std::string::npos) continue;
      found = true;
      EXPECT_EQ(limit.bytes, std::ldexp(1, 45));
      EXPECT_GT(limit.used(), 1e5);
    }
    EXPECT_TRUE(found) << name;
    ASSERT_EQ(setrlimit(resource, &before), 0);
  }
  EXPECT_LE(TightestMemoryLimit().left(), machine.left());
}

}  // namespace
}  // namespace pretext
