#include "app/monitor/line_writer.hpp"

#include <array>
#include <utility>

namespace udperf::app {
namespace {

constexpr Duration kEndTime = std::chrono::seconds{2};
constexpr Duration kLookTurn = std::chrono::seconds{1};
constexpr Duration kLongTurn = std::chrono::minutes{10};
/// Of a line in the queue, beside its text.
constexpr std::size_t kLineCost = 64;

}  // namespace

Result<std::unique_ptr<LineWriter>> LineWriter::open(const std::string& path, Listener listener) {
  auto file = OutputFile::open(path, "--jsonl", OutputFile::Mode::unhurried);
  if (!file) {
    return tl::unexpected{file.error()};
  }
  return std::unique_ptr<LineWriter>{
      new LineWriter{*std::move(file), path == "-", std::move(listener)}};
}

LineWriter::LineWriter(OutputFile file, bool is_stdout, Listener listener)
    : file_(std::move(file)), watched_(is_stdout), listener_(std::move(listener)) {
  thread_ = std::thread{[this] { work(); }};
}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock{mutex_};
    deadline_ = clock_.now() + kEndTime;
  }
  wake_.raise();
  thread_.join();
}

void LineWriter::put(std::string line) {
  const std::size_t cost = line.size() + kLineCost;
  bool kept = false;
  {
    const std::lock_guard lock{mutex_};
    if (waiting_bytes_ + cost <= kMostWaiting) {
      waiting_bytes_ += cost;
      waiting_.push_back(std::move(line));
      kept = true;
    }
  }
  if (!kept) {
    ++failures_;
    overflowed_ = true;
  }
  wake_.raise();
}

void LineWriter::reopen() {
  reopen_ = true;
  wake_.raise();
}

void LineWriter::work() {
  while (goes_on()) {
    wake_.take();
    if (overflowed_.exchange(false)) {
      begin_gap("nobody reads them, or not fast enough");
    }
    if (reopen_.exchange(false)) {
      open_again();
    }
    if (line_.empty()) {
      take_next();
    }
    if (line_.empty() || !write_some()) {
      wait();
    }
  }
}

bool LineWriter::goes_on() {
  const std::lock_guard lock{mutex_};
  return !deadline_ || (clock_.now() < *deadline_ && (!line_.empty() || !waiting_.empty()));
}

void LineWriter::take_next() {
  bool all = false;
  {
    const std::lock_guard lock{mutex_};
    if (!waiting_.empty()) {
      line_ = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= line_.size() + kLineCost;
    }
    all = waiting_.empty();
  }
  if (failing_ && good_ && all && line_.empty()) {  // also a slow reader has all that waited
    failing_ = false;
    listener_.say("the JSON lines are written again");
  }
}

/// A line of which a part is in the old file does not go on in the new one.
void LineWriter::open_again() {
  if (written_ > 0) {
    ++failures_;
    end_line();
  }
  if (const auto done = file_.reopen(); !done) {
    listener_.say(done.error().message());
  }
}

bool LineWriter::write_some() {
  const auto done = file_.write_some(std::string_view{line_}.substr(written_));
  if (!done) {
    ++failures_;
    begin_gap(done.error().message());
    good_ = false;
    end_line();
    return true;
  }
  written_ += *done;
  if (written_ == line_.size()) {
    good_ = true;
    end_line();
  }
  return *done > 0;
}

void LineWriter::end_line() {
  line_.clear();
  written_ = 0;
}

void LineWriter::wait() {
  if (watched_ && file_.is_abandoned()) {
    watched_ = false;
    listener_.on_abandoned();
  }
  if (!line_.empty()) {
    file_.wait_for_room(wake_.fd(), kLookTurn);
  } else {
    const std::array<int, 1> fds{wake_.fd()};
    os::wait_readable(fds, watched_ ? kLookTurn : kLongTurn);
  }
}

void LineWriter::begin_gap(const std::string& reason) {
  if (!std::exchange(failing_, true)) {
    listener_.say("the JSON lines have gaps, measuring goes on: " + reason);
  }
}

}  // namespace udperf::app
