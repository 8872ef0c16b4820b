#include "app/monitor/pool_source.hpp"

#include <csignal>
#include <new>
#include <utility>

#include "app/commands/find_rate.hpp"
#include "app/last_resort.hpp"
#include "app/output/render.hpp"
#include "crypto/crypto.hpp"
#include "html/report_page.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"

namespace udperf::app {
namespace {

/// A round is judged by its end, and by which server it was.
class Silent final : public engine::ClientObserver {
 public:
  void on_granted(std::uint64_t instance) override { server = instance; }
  std::uint64_t server = 0;

  void on_started(const TestOutcome& /*outcome*/) override {}
  void on_interval(const engine::LiveInterval& /*interval*/) override {}
  void on_progress(const engine::LiveProgress& /*progress*/) override {}
  void on_warning(const Warning& /*warning*/) override {}
  void on_trace(const std::string& /*text*/, const std::optional<Endpoint>& /*peer*/) override {}
};

/// In one line; without its rows where they make it too long, and empty where that does not help.
std::string bounded_json(result::ResultDocument document) {
  const auto text = [&document] {
    auto line = html::find_document(report::to_json(document)).value_or("");
    return line.size() <= kMostDocumentBytes ? std::move(line) : std::string{};
  };
  std::string whole = text();
  if (!whole.empty()) {
    return whole;
  }
  for (auto* const part : {&document.up, &document.down}) {
    if (*part) {
      (*part)->intervals.clear();
      (*part)->outages.clear();
      (*part)->streams.clear();
      (*part)->tx.pauses.clear();
    }
  }
  document.notes.push_back(
      {"test", "rows_left_out", "too long for the history: rows are left out"});
  return text();
}

/// A test's outcome and the document that was made of it.
struct PoolRun {
  TestOutcome outcome;
  result::ResultDocument document;
};

PoolRun run_of(TestOutcome outcome) {
  PoolRun measured{std::move(outcome), {}};
  measured.document = result::build_result(measured.outcome);
  return measured;
}

/// The trials of a search, with nobody who looks on.
class SilentTrials final : public search::TrialRunner {
 public:
  SilentTrials(const RoundTest& test, const Clock& clock, RandomSource& random, Silent& observer,
               engine::StopToken& stop)
      : test_(test), clock_(clock), random_(random), observer_(observer), stop_(stop) {}

  [[nodiscard]] TestOutcome run(const search::TrialTest& trial) override {
    return engine::run_client(trial_options(test_.options, trial), clock_, random_, observer_,
                              stop_);
  }
  [[nodiscard]] MonoTime now() const override { return clock_.now(); }
  [[nodiscard]] bool stopped() const override { return stop_.requested(); }

 private:
  const RoundTest& test_;
  const Clock& clock_;
  RandomSource& random_;
  Silent& observer_;
  engine::StopToken& stop_;
};

/// A search as `udperf client --find-rate` makes it.
PoolRun search_rate(const RoundTest& test, SilentTrials& trials) {
  search::FoundRate found =
      search::find_rate(search_request(*test.search, test.options.params), trials);
  PoolRun measured = run_of(std::move(found.outcome));
  if (measured.outcome.status != TestStatus::error) {
    measured.document.search = std::move(found.first);
    measured.document.search_down = std::move(found.down);
  }
  return measured;
}

}  // namespace

PoolSource::PoolSource(const Clock& clock, OnRound on_round, std::size_t most_threads)
    : clock_(clock), on_round_(std::move(on_round)), most_threads_(most_threads) {}

PoolSource::~PoolSource() {
  stop_.request(SIGTERM);
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  for (const RoundOrder& order : waiting_) {
    monitor::RoundResult round;
    round.target = order.target;
    round.number = order.number;
    round.start = clock_.unix_now();
    on_round_(std::move(round));
  }
}

void PoolSource::start(RoundOrder order) {
  const std::lock_guard lock{mutex_};
  waiting_.push_back(std::move(order));
  if (waiting_.size() > idle_ && threads_.size() < most_threads_) {
    const auto begin = [this] { threads_.emplace_back([this] { work(); }); };
    if (threads_.empty()) {
      if (!unless_exhausted(begin)) {
        waiting_.pop_back();  // nobody would come to it
        throw std::bad_alloc{};
      }
    } else {
      static_cast<void>(unless_exhausted(begin));  // one of the others comes to it, later
    }
  }
  wake_.notify_one();
}

void PoolSource::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (ending_) {
      return;
    }
    const RoundOrder order = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    on_round_(run(order));
    lock.lock();
  }
}

monitor::RoundResult PoolSource::run(const RoundOrder& order) {
  crypto::SystemRandom random;
  Silent observer;
  SilentTrials trials{order.test, clock_, random, observer, stop_};
  const MonoTime begin = clock_.now();
  const UnixTime start = clock_.unix_now();
  const auto run_test = spec_of(order.test.protocol).run;
  const auto run_carefully = [&] {
    try {
      return order.test.search
                 ? search_rate(order.test, trials)
                 : run_of(run_test(order.test.options, clock_, random, observer, stop_));
    } catch (const std::exception& problem) {  // no memory or thread left: the round failed
      return run_of(failed_outcome(error_of(problem), order.test.options, start));
    }
  };
  PoolRun measured = run_carefully();
  monitor::RoundResult round = monitor::make_round(measured.outcome, measured.document);
  if (order.whole) {
    round.document = bounded_json(std::move(measured.document));
  }
  round.target = order.target;
  round.number = order.number;
  round.server = observer.server;
  round.start = start;
  round.length = clock_.now() - begin;
  round.lateness = std::max(begin - order.due, Duration{0});
  return round;
}

}  // namespace udperf::app
