#include "kernels/team/team.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <thread>

namespace pretext {
namespace {

TEST(Team, HasTheThreadsThatWereToldOnceItIsSettled) {
  const int threads = omp_get_max_threads();
  omp_set_max_active_levels(0);
  omp_set_num_threads(3);
  EXPECT_EQ(CountTeam(), 1) << "what the libraries do not know";
  SettleTeam();
  EXPECT_EQ(CountTeam(), 3);
  EXPECT_EQ(omp_get_max_threads(), 3);
  // Settings of a thread begin anew with it.
  std::thread([] {
    SettleTeam();
    EXPECT_EQ(CountTeam(), omp_get_max_threads());
  }).join();
  omp_set_dynamic(1);
  SettleTeam();
  EXPECT_EQ(omp_get_dynamic(), 0);
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace pretext
