#include "pipelines/run/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"

namespace pretext {
namespace {

constexpr absl::Duration kTerminalInterval = absl::Milliseconds(100);
constexpr absl::Duration kLineInterval = absl::Seconds(5);

int TerminalColumns(std::FILE* out) {
  winsize size;
  if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

std::string ClockText(absl::Duration duration) {
  const int64_t s = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (s >= 3600) return absl::StrFormat("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  return absl::StrFormat("%d:%02d", s / 60, s % 60);
}

std::string ProgressLine(const ProgressState& state, absl::Duration left, int columns, bool bar) {
  const double done =
      state.total_steps > 0 ? static_cast<double>(state.step) / state.total_steps : 0;
  const std::string head = absl::StrFormat("epoch %d/%d ", state.epoch, state.total_epochs);
  std::string tail =
      absl::StrFormat("%3.0f %% loss %.5g %s %s/s", 100 * done, state.loss,
                      Counted(static_cast<int64_t>(state.items_per_second)), state.item);
  if (left < absl::InfiniteDuration()) absl::StrAppend(&tail, " ", ClockText(left), " left");
  if (!state.extra.empty()) absl::StrAppend(&tail, " ", state.extra);
  std::string line = head;
  const int room = columns - static_cast<int>(head.size() + tail.size()) - 4;
  if (bar && room >= 10) {
    const int width = std::min(room, 40);
    const int full = std::clamp(static_cast<int>(done * width), 0, width);
    absl::StrAppend(&line, "[", std::string(static_cast<size_t>(full), '='),
                    full < width ? ">" : "",
                    std::string(static_cast<size_t>(std::max(0, width - full - 1)), ' '), "] ");
  }
  absl::StrAppend(&line, tail);
  if (bar && static_cast<int>(line.size()) >= columns) {
    line.resize(static_cast<size_t>(std::max(0, columns - 1)));
  }
  return line;
}

Progress::Progress(std::FILE* out)
    : Progress(out, isatty(fileno(out)) == 1, TerminalColumns(out)) {}

Progress::Progress(std::FILE* out, bool terminal, int columns)
    : out_(out), terminal_(terminal), columns_(columns) {}

void Progress::ClearBar() {
  if (bar_shown_) std::fputs("\r\x1b[K", out_);
  bar_shown_ = false;
}

bool Progress::IsTime(bool force) {
  const absl::Time now = absl::Now();
  if (!force && now - last_ < (terminal_ ? kTerminalInterval : kLineInterval)) return false;
  last_ = now;
  return true;
}

void Progress::Write(absl::string_view line, bool stays) {
  ClearBar();
  std::fprintf(out_, "%.*s", static_cast<int>(line.size()), line.data());
  bar_shown_ = terminal_ && !stays;
  if (!bar_shown_) std::fputc('\n', out_);
  std::fflush(out_);
}

void Progress::Show(const ProgressState& state, bool force) {
  if (first_step_ < 0) {
    first_step_ = state.step;
    start_ = absl::Now();
  }
  if (!IsTime(force)) return;
  const int64_t steps = state.step - first_step_;
  const int64_t to_go = state.total_steps - state.step;
  // Of one step it is not known how long the others take.
  const absl::Duration left = to_go == 0  ? absl::ZeroDuration()
                              : steps > 0 ? (last_ - start_) / steps * to_go
                                          : absl::InfiniteDuration();
  Write(ProgressLine(state, left, columns_, terminal_), force);
}

void Progress::ShowWork(absl::string_view what, double share) {
  if (!IsTime(false)) return;
  std::string line = absl::StrFormat("%s %.0f %%", what, 100 * share);
  if (terminal_) line.resize(std::min(line.size(), static_cast<size_t>(std::max(0, columns_ - 1))));
  Write(line, false);
}

void Progress::Say(absl::string_view line) { Write(line, true); }

}  // namespace pretext
