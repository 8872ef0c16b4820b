#include "app/monitor/history.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "app/last_resort.hpp"
#include "app/monitor/history_store.hpp"

namespace udperf::app {
namespace {

constexpr Duration kMinute = std::chrono::seconds{60};

Duration since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds{now.tv_sec} + Duration{now.tv_nsec};
}

}  // namespace

Result<std::unique_ptr<History::Store>> History::make_store(const std::string& path,
                                                            const Retention& retention,
                                                            const Clock& clock) {
  std::error_code ignored;  // opening the file tells what is wrong
  if (const auto folder = std::filesystem::path{path}.parent_path(); !folder.empty()) {
    std::filesystem::create_directories(folder, ignored);
  }
  return Store::open(path, retention, clock.unix_now());
}

Result<std::unique_ptr<History>> History::open(const std::string& path, const Retention& retention,
                                               const Clock& clock,
                                               std::function<void(const std::string&)> say) {
  return open_now(path, retention, clock, std::move(say));
}

Result<std::unique_ptr<History>> History::open_to_add(const std::string& path, const Clock& clock,
                                                      std::function<void(const std::string&)> say) {
  return open_now(path, std::nullopt, clock, std::move(say));
}

Result<std::unique_ptr<History>> History::open_now(const std::string& path,
                                                   const std::optional<Retention>& retention,
                                                   const Clock& clock,
                                                   std::function<void(const std::string&)> say) {
  auto store = make_store(path, retention.value_or(Retention{}), clock);
  if (!store) {
    return tl::unexpected{store.error()};
  }
  std::unique_ptr<History> history{new History{path, retention, clock, std::move(say)}};
  history->start(*std::move(store));
  return history;
}

std::unique_ptr<History> History::open_later(const std::string& path, const Retention& retention,
                                             const Clock& clock,
                                             std::function<void(const std::string&)> say) {
  std::unique_ptr<History> history{new History{path, retention, clock, std::move(say)}};
  history->start(nullptr);
  return history;
}

History::History(std::string path, const std::optional<Retention>& retention, const Clock& clock,
                 std::function<void(const std::string&)> say)
    : path_(std::move(path)), retention_(retention), clock_(clock), say_(std::move(say)) {}

void History::start(std::unique_ptr<Store> store) {
  store_ = std::move(store);
  there_ = store_ != nullptr;
  failing_ = !there_;  // who opens it later has said why
  looked_ = there_ ? clock_.now() - kMinute : clock_.now();
  thread_ = std::thread{[this] { write_all(); }};
}

History::~History() {
  stop();
}

void History::stop() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  if (store_ && store_->is_moved()) {
    end_moved();
  }
}

/// What is in FILE-wal yet would be lost.
void History::end_moved() {
  if (!Store::let_go(store_, Store::Readers::awaited)) {
    ++failures_;
    say_(path_ + "-wal: the file was moved while somebody reads it; what came since is only here");
    store_.reset();
  }
}

std::uint64_t History::end(std::unique_ptr<History> history) {
  if (!history) {
    return 0;
  }
  history->stop();
  return history->failures();
}

/// False where there is no room.
bool History::enqueue(Item item) {
  const std::size_t bytes = bytes_of(item);
  const std::lock_guard lock{mutex_};
  if (waiting_bytes_ + bytes > kMostWaiting) {
    return false;
  }
  waiting_.push_back(std::move(item));
  waiting_bytes_ += bytes;
  wake_.notify_one();
  return true;
}

void History::put(const monitor::Target& target, const monitor::RoundResult& round) {
  if (!enqueue(row_of(target, round))) {
    ++failures_;
  }
}

void History::put(const monitor::Board::TimedEvent& event) {
  if (!enqueue(event)) {
    ++failures_;
  }
}

void History::write_all() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait_for(lock, std::chrono::seconds{1}, [this] { return ending_ || !waiting_.empty(); });
    std::deque<Item> items;
    items.swap(waiting_);
    waiting_bytes_ = 0;
    const bool ending = ending_;
    lock.unlock();
    if (!items.empty() && !unless_exhausted([&] { write(items); })) {
      if (store_) {
        store_->roll_back();
      }
      failures_ += items.size();
    }
    if (!ending && clock_.now() - looked_ >= kMinute) {
      looked_ = clock_.now();
      static_cast<void>(unless_exhausted([this] { tidy_or_open(); }));  // else a minute later
    }
    lock.lock();
    if (ending) {
      return;
    }
  }
}

void History::tidy_or_open() {
  if (store_) {
    if (retention_) {
      static_cast<void>(store_->tidy(clock_.unix_now(), since_boot()));  // else a minute later
    }
    return;
  }
  if (auto store = make_store(path_, retention_.value_or(Retention{}), clock_)) {
    store_ = *std::move(store);
    there_ = true;
  }
}

/// Nobody would find what goes into a file that was moved away or removed.
void History::follow_name() {
  if (!store_) {
    return;
  }
  if (!store_->is_moved()) {
    there_ = true;  // it may have been moved back
    return;
  }
  const bool news = there_.exchange(false);
  if (!Store::let_go(store_, Store::Readers::passed_by)) {
    if (news) {
      say_(path_ +
           ": the file was moved or removed, and somebody reads it: what comes goes into it "
           "until they have done");
    }
    return;
  }
  say_(path_ + ": the file was moved or removed, and another one is begun");
  tidy_or_open();
  if (!store_) {
    say_(path_ + ": it cannot be opened, and is tried again each minute");
  }
}

void History::write(const std::deque<Item>& items) {
  follow_name();
  std::uint64_t rounds = 0;
  for (const Item& item : items) {
    rounds += item.index() == 0 ? 1U : 0U;
  }
  if (!store_) {
    failing_ = true;
    failures_ += items.size();
    return;
  }
  Result<void> done = store_->begin();
  for (const Item& item : items) {
    if (!done) {
      break;
    }
    if (const auto* const round = std::get_if<Row>(&item)) {
      done = store_->put(*round);
    } else {
      done = store_->put(std::get<monitor::Board::TimedEvent>(item));
    }
  }
  done = done ? store_->commit() : done;
  if (done) {
    written_ += rounds;
    if (std::exchange(failing_, false)) {
      say_(path_ + ": the history is written again");
    }
    return;
  }
  store_->roll_back();
  failures_ += items.size();
  if (!std::exchange(failing_, true)) {
    say_("the history has gaps, measuring goes on: " + done.error().message());
  }
}

std::string default_history() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): at the start
    return std::string{value != nullptr ? value : ""};
  };
  if (const std::string folder = variable("STATE_DIRECTORY"); !folder.empty()) {
    return folder.substr(0, folder.find(':')) + "/monitor.db";
  }
  if (const std::string folder = variable("XDG_STATE_HOME"); !folder.empty()) {
    return folder + "/udperf/monitor.db";
  }
  const std::string home = variable("HOME");
  if (::geteuid() != 0 && !home.empty()) {
    return home + "/.local/state/udperf/monitor.db";
  }
  return "/var/lib/udperf/monitor.db";
}

}  // namespace udperf::app
