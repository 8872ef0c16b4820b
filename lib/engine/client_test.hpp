#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/memory_account.hpp"
#include "engine/client_connect.hpp"
#include "engine/client_control.hpp"
#include "engine/executor.hpp"
#include "engine/host_fingerprint.hpp"
#include "engine/stream_endpoint.hpp"
#include "model/outcome.hpp"

namespace udperf::engine {

/// One test at the client's end, from HELLO to its outcome, without a thread of its own: the root
/// is a task, and so are the streams and transmit loops that it gives to the executors. Nothing in
/// it waits; whoever runs it decides on how many threads. Names are resolved before.
class ClientTest final : public Task {
 public:
  struct Settings {
    ClientOptions options;             ///< `host` is for messages, the waiting options are not used
    std::vector<Endpoint> servers;     ///< in the order of preference; at least one
    std::optional<StreamPorts> ports;  ///< absent: as the options say
    MonoTime connect_by = kNever;      ///< later than that there is no test; see ClientConnect
    MonoTime go_at{};                  ///< GO is not said before
    Executor* streams = nullptr;       ///< runs what reads
    Executor* senders = nullptr;       ///< runs what sends with a rate
    OpenPort open = open_system_port;
    wire::Digest host = host_fingerprint();  ///< of this end
    std::uint32_t capabilities = ~0U;        ///< of a server's, those that this end makes use of
    /// On the root's thread: an address is asked; the server has granted a session, whose streams
    /// are given to the executors next; all is over, when this may not be destroyed yet.
    std::function<void(const Endpoint& server)> on_hello = {};
    std::function<void(const ClientTest& test)> on_granted = {};
    std::function<void()> on_over = {};
    std::optional<ConnectTime> connect_time = std::nullopt;  ///< see ClientConnect
  };

  ClientTest(Settings settings, const Clock& clock, RandomSource& random);
  ClientTest(const ClientTest&) = delete;
  ClientTest& operator=(const ClientTest&) = delete;
  /// Preconditions: released(), or never given to an executor; and idle().
  ~ClientTest() override;

  Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return stage_ == Stage::over; }
  /// While it shakes hands; afterwards its streams have their own.
  [[nodiscard]] int read_fd() const override { return connect_.fd(); }
  [[nodiscard]] bool tolerates_delay() const override { return settings_.options.light; }

  /// None of its tasks runs any more.
  [[nodiscard]] bool idle() const;

  /// The user wants to stop; from any thread. What was measured by then becomes the outcome.
  void interrupt();

  /// Data may flow, or has flowed; from any thread.
  [[nodiscard]] bool started() const { return shared_.started.load(std::memory_order_acquire); }
  /// On the root's thread: the server has granted a session.
  [[nodiscard]] bool granted() const { return control_ != nullptr; }
  /// Preconditions of the four: granted().
  [[nodiscard]] const wire::Accept& accept() const { return connection_->accept; }
  [[nodiscard]] const ClientControl& control() const { return *control_; }
  [[nodiscard]] std::vector<const StreamEndpoint*> endpoints() const;
  [[nodiscard]] std::uint32_t payload_bytes() const { return endpoints_.front()->payload_bytes(); }

  /// See ClientConnect; after over(). The first where there was no session.
  [[nodiscard]] session::Obstacle obstacle() const { return connect_.obstacle(); }
  [[nodiscard]] const ClientConnect::Unheard& unheard() const { return connect_.unheard(); }
  /// What is known by now: all of it once over().
  [[nodiscard]] const TestOutcome& outcome() const { return outcome_; }
  [[nodiscard]] TestOutcome take_outcome() { return std::move(outcome_); }

  /// What the books of a test may take, whatever its server sends; of a light one.
  static constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20U;
  static constexpr std::uint64_t kMostLightMemory = std::uint64_t{4} << 20U;
  /// What they take now.
  [[nodiscard]] std::uint64_t memory_used() const { return memory_.used(); }

 private:
  enum class Stage : std::uint8_t { connecting, running, ending, over };

  Wake step_connect(net::ReceiveBuffers& buffers, MonoTime now);
  void begin();
  void add_stream(std::size_t i, const crypto::Key& token_key);
  void end_tasks();
  void fail(Error error);
  void finish();
  void conclude();
  [[nodiscard]] UnixTime unix_now() const;

  Settings settings_;
  const Clock& clock_;
  RandomSource& random_;
  MonoTime begun_;
  TestOutcome outcome_;
  MemoryAccount memory_;
  ClientConnect connect_;
  std::optional<Connection> connection_;
  TestState shared_;
  std::unique_ptr<ClientControl> control_;
  std::vector<std::unique_ptr<StreamEndpoint>> endpoints_;
  std::size_t given_ = 0;  ///< of these, to executors
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> speaking_{false};  ///< control_ is there, and told of interrupt()
  Stage stage_ = Stage::connecting;
};

}  // namespace udperf::engine
