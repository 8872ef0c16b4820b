// Very many tests in one process, on a few threads.

#include <poll.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "e2e/connect.hpp"
#include "e2e/hostile.hpp"
#include "e2e/program.hpp"
#include "engine/client_test.hpp"
#include "engine/worker_pool.hpp"
#include "os/descriptor_limit.hpp"
#include "rounds/light_rounds.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using test::Attempt;
using test::kGuard;
using test::Server;

namespace {

std::size_t figure_of(const std::string& path, const std::string& name) {
  std::ifstream status{path};
  std::size_t figure = 0;
  for (std::string word; status >> word;) {
    if (word == name) {
      status >> figure;
    }
  }
  return figure;
}

std::size_t threads_here() {
  return figure_of("/proc/self/status", "Threads:");
}

/// Waits, without a verdict by time.
template <typename Done>
bool eventually(const Done& done) {
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    ::poll(nullptr, 0, 5);
  }
  return true;
}

Endpoint address_of(int i, std::uint16_t port) {
  Endpoint out;
  out.address.bytes = {127, 1, static_cast<std::uint8_t>(i / 250),
                       static_cast<std::uint8_t>(1 + i % 250)};
  out.port = port;
  return out;
}

void check_way(const std::optional<WayOutcome>& way, std::uint64_t packets) {
  REQUIRE(way);
  const StreamOutcome& stream = way->streams.front();
  REQUIRE(stream.tx);
  REQUIRE(stream.rx);
  CHECK(stream.tx->packets == packets);
  CHECK(stream.rx->unique + stream.rx->lost == packets);
}

}  // namespace

TEST_CASE("five hundred tests at once on two threads, each exact", "[e2e][beside]") {
  os::raise_descriptor_limit();
  constexpr int kTests = 500;
  constexpr std::uint64_t kPackets = 30;
  const Server server{IpFamily::v4,
                      {"--max-light-sessions", "0", "--max-sessions", "600",
                       "--max-sessions-per-address", "600", "--max-memory", "1G"}};
  const SystemClock clock;
  crypto::SystemRandom random;
  std::atomic<int> over{0};
  const std::size_t threads_before = threads_here();
  engine::WorkerPool pool{clock, 2};
  std::vector<std::unique_ptr<engine::ClientTest>> tests;
  for (int i = 0; i < kTests; ++i) {
    engine::ClientTest::Settings settings;
    settings.options.params = rounds::light_params(kPackets, 200, 1500ms);
    settings.options.auto_packet_size = false;
    settings.options.buffer = 256U << 10U;
    settings.options.connect_timeout = kGuard;
    settings.servers = {server.endpoint()};
    settings.connect_by = clock.now() + Duration{kGuard};
    settings.streams = settings.senders = &pool.at(static_cast<std::size_t>(i));
    settings.on_over = [&over] { ++over; };
    tests.push_back(std::make_unique<engine::ClientTest>(std::move(settings), clock, random));
    pool.at(static_cast<std::size_t>(i)).add(*tests.back());
  }
  const std::size_t threads_meanwhile = threads_here();
  REQUIRE(eventually([&] { return over.load() == kTests; }));
  pool.stop();
  CHECK(threads_meanwhile <= threads_before + 2);
  for (const auto& one : tests) {
    const TestOutcome& outcome = one->outcome();
    INFO((outcome.error ? outcome.error->message() : std::string{}));
    REQUIRE(outcome.status == TestStatus::complete);
    check_way(outcome.up, kPackets);
    check_way(outcome.down, kPackets);
  }
}

namespace {

class Sums final : public rounds::Listener {
 public:
  void on_round(rounds::Round&& round) override {
    const std::lock_guard lock{mutex_};
    ++told_;
    ++endings_[round.ending];
    for (const auto* way : {&round.outcome.up, &round.outcome.down}) {
      if (round.ending == rounds::Ending::complete && *way) {
        const StreamOutcome& stream = (*way)->streams.front();
        balanced_ = balanced_ && stream.tx && stream.rx &&
                    stream.tx->packets == stream.rx->unique + stream.rx->lost;
        sent_ += stream.tx ? stream.tx->packets : 0;
      }
    }
  }

  std::size_t told() const {
    const std::lock_guard lock{mutex_};
    return told_;
  }
  int count(rounds::Ending ending) const {
    const std::lock_guard lock{mutex_};
    const auto found = endings_.find(ending);
    return found != endings_.end() ? found->second : 0;
  }
  std::uint64_t sent() const { return sent_; }
  bool balanced() const { return balanced_; }

 private:
  mutable std::mutex mutex_;
  std::size_t told_ = 0;
  std::map<rounds::Ending, int> endings_;
  std::uint64_t sent_ = 0;
  bool balanced_ = true;
};

Duration processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return std::chrono::seconds{used.ru_utime.tv_sec + used.ru_stime.tv_sec} +
         std::chrono::microseconds{used.ru_utime.tv_usec + used.ru_stime.tv_usec};
}

constexpr int kTargets = 1000;
constexpr std::uint64_t kPackets = 50;
// Twice as often as monitors ask, and so dearer: the second round has begun in half the time.
constexpr Duration kEvery = 5s;

void add_targets(rounds::LightRounds& engine, std::uint16_t port) {
  for (int i = 0; i < kTargets; ++i) {
    rounds::Target target;
    target.options.host = "target";
    target.options.auto_packet_size = false;
    target.options.params = rounds::light_params(kPackets, 200, kEvery);
    target.interval = kEvery;
    const auto id = engine.add(target);
    engine.set_servers(id, std::vector<Endpoint>{address_of(i, port)});
  }
}

/// The books are exact however busy the host is; whether each round has its turn is the host's.
void judge_thousand(const Sums& sums, double cores, std::size_t resident, Attempt& attempt) {
  const auto of = [&sums](rounds::Ending ending) { return sums.count(ending); };
  INFO("complete " << of(rounds::Ending::complete) << " cut short " << of(rounds::Ending::cut_short)
                   << " timeout " << of(rounds::Ending::timeout) << " busy "
                   << of(rounds::Ending::busy) << " failed " << of(rounds::Ending::failed)
                   << " not measured " << of(rounds::Ending::not_measured));
  CHECK(sums.balanced());
  const int complete = of(rounds::Ending::complete);
  CHECK(sums.sent() == 2 * kPackets * static_cast<std::uint64_t>(complete));
  // What waits for its turn on a host that gives none waits in memory.
  attempt.expect(resident < 200U << 10U, std::to_string(resident) + " KiB of memory");
  attempt.expect(complete >= kTargets, "a round of each");
  // What this host did not run in time is told as that, and so is what the end of it all cut off.
  attempt.expect(complete + of(rounds::Ending::not_measured) == static_cast<int>(sums.told()),
                 "a server that has its turn");
  attempt.expect(cores < 1.0, "less than a core");
}

void ask_a_thousand(Attempt& attempt) {
  constexpr std::size_t kRounds = 2;
  const Server server = Server::on_all_addresses({"--log-level", "error"});
  const SystemClock clock;
  crypto::SystemRandom random;
  Sums sums;
  engine::WorkerPool pool{clock, 1};
  rounds::LightRounds engine{{pool.executors()}, clock, random, sums};
  const MonoTime begun = clock.now();
  const Duration cpu_before = processor_time();
  add_targets(engine, server.endpoint().port);
  bool done = false;
  while (!done && clock.now() - begun < 3 * Duration{kGuard}) {
    ::poll(nullptr, 0, 50);
    done = sums.told() >= kRounds * kTargets;
  }
  const Duration cpu = processor_time() - cpu_before;
  const Duration took = clock.now() - begun;
  const std::size_t resident = figure_of("/proc/self/status", "VmRSS:");
  engine.shut_down();
  CHECK(eventually([&] { return engine.idle(); }));
  pool.stop();
  REQUIRE(done);
  const double cores = std::chrono::duration<double>(cpu) / std::chrono::duration<double>(took);
  judge_thousand(sums, cores, resident, attempt);
}

}  // namespace

TEST_CASE("a thousand targets cost less than a core, and every round is exact", "[e2e]") {
  os::raise_descriptor_limit();
  test::measure_under_condition(ask_a_thousand, test::long_measurement());
}

namespace {

/// How often the threads of a process have gone to sleep so far.
std::size_t sleeps_of(const test::Process& process) {
  std::size_t sum = 0;
  const std::filesystem::path tasks{"/proc/" + std::to_string(process.pid()) + "/task"};
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    sum += figure_of((task.path() / "status").string(), "voluntary_ctxt_switches:");
  }
  return sum;
}

}  // namespace

TEST_CASE("a thousand idle sessions wake a server less than 200 times a second", "[e2e]") {
  os::raise_descriptor_limit();
  constexpr std::size_t kSessions = 1000;
  Server server{IpFamily::v4,
                {"--max-sessions", "1001", "--max-sessions-per-address", "1001", "--max-memory",
                 "1G", "--log-level", "error"}};
  const SystemClock clock;
  crypto::SystemRandom random;
  engine::ClientOptions options;
  options.host = "127.0.0.1";
  options.port = server.endpoint().port;
  options.buffer = 65536;
  options.connect_timeout = kGuard;
  options.params.amount.packets = 10;
  std::vector<engine::Connection> idle;
  for (std::size_t i = 0; i < kSessions; ++i) {
    auto connection = test::connect_by_hand(options, clock, random);
    REQUIRE(connection);
    idle.push_back(*std::move(connection));
  }
  ::poll(nullptr, 0, 1100);  // a server looks at new ones more often
  const std::size_t before = sleeps_of(server.process());
  const MonoTime begun = clock.now();
  ::poll(nullptr, 0, 2000);
  const std::size_t woken = sleeps_of(server.process()) - before;
  const double took = std::chrono::duration<double>(clock.now() - begun).count();
  const std::size_t there = test::descriptors_of(server.process());  // none has expired till now
  CAPTURE(there, woken, took);
  if (there < kSessions) {
    test::skip_test(
        "the host was too slow to open a thousand sessions and look at them before the first "
        "expired");
    return;
  }
  CHECK(static_cast<double>(woken) / took < 200);
}
