#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/source_accounts.hpp"
#include "clock/clock.hpp"
#include "engine/executor.hpp"
#include "iperf3/key_set.hpp"
#include "iperf3/peer_reports.hpp"
#include "iperf3/pinned_worker.hpp"
#include "iperf3/process_cpu.hpp"
#include "iperf3/rate_watch.hpp"
#include "iperf3/receiving_stream.hpp"
#include "iperf3/report_writer.hpp"
#include "iperf3/sending_stream.hpp"
#include "iperf3/server_control.hpp"
#include "iperf3/test_admission.hpp"
#include "iperf3/test_memory.hpp"
#include "iperf3/test_record.hpp"
#include "iperf3/test_times.hpp"
#include "model/outcome.hpp"
#include "net/tcp.hpp"

namespace udperf::iperf3 {

/// What a test at the server may use and has to keep to.
struct ServerTestSetting {
  const Clock& clock;
  RandomSource& random;
  engine::Executor& executor;
  SourceAccounts& sources;         ///< of memory
  std::uint32_t buffer_bytes = 0;  ///< of each data socket
  std::optional<Duration> max_duration = std::nullopt;
  std::optional<BitRate> max_rate = std::nullopt;  ///< clients are held to what they asked for
  TestWatcher* watcher = nullptr;                  ///< told of intervals; null: nobody is
  Duration interval = std::chrono::seconds{1};
  /// Clients that ask for its output get JSON with these keys; absent: text.
  std::optional<KeySet> json_output = std::nullopt;
  TextFormat text_output = {};
  std::string device = {};  ///< network interface that all goes through; empty: any
  Duration data_patience = std::chrono::seconds{120};  ///< for data of the client
  Duration rate_window = std::chrono::seconds{5};      ///< that its rate is looked at over
  /// Told what is said on the control connection; null: nobody is.
  std::function<void(const std::string&)> trace = {};
};

/// One test at the server: its control connection, its streams and their books.
class ServerTest {
 public:
  ServerTest(const ServerTestSetting& setting, std::unique_ptr<net::TcpConnection> connection,
             std::uint64_t id, MonoTime now);
  ServerTest(const ServerTest&) = delete;
  ServerTest& operator=(const ServerTest&) = delete;
  ~ServerTest();

  /// Reads, writes and does what is due. Returns when to be called next at the latest.
  MonoTime step(MonoTime now);

  /// Whether the server has the memory to listen to this client, and to give it the test that it
  /// asks for. Each is asked once.
  [[nodiscard]] bool take_room_to_talk() { return memory_.take_talk(); }
  [[nodiscard]] bool take_room_for_streams() { return memory_.take_streams(parameters()); }
  /// True once: the client has said what it wants, and grant() or refuse() has to follow.
  [[nodiscard]] bool take_asked() { return admission_.take_asked(); }
  [[nodiscard]] bool ended() const { return control_.ended(); }
  /// It ended with what the client sent as its parameters: they cannot be read.
  [[nodiscard]] bool failed_asking() const { return control_.failed_asking(); }
  /// It is asked about once more, at the next step.
  void ask_again() { admission_.ask(); }
  /// `granted`: with the rates that the policy leaves. The client is told when may_create() lets
  /// it.
  void grant(const TestParams& granted);
  /// Who turns the client away, by one of these three, tells why.
  void refuse(ErrorNumber error, const std::string& reason, MonoTime now);
  void say_busy(MonoTime now);
  void shut_down(MonoTime now);
  /// It cannot go on; the watcher is told.
  void fail(ErrorNumber error, const std::string& reason, MonoTime now);

  /// Granted, and waiting for its turn to make streams: hellos do not say whose they are, so one
  /// test of an address makes its streams at a time.
  [[nodiscard]] bool awaits_turn() const { return admission_.waits() && !control_.ended(); }
  [[nodiscard]] bool creating() const { return control_.creating(); }
  void take_turn(MonoTime now);
  /// When the turn is another's, if one waits for it and no hello comes before.
  [[nodiscard]] MonoTime turn_ends() const {
    return admission_.turn_ends(connection_->round_trip().value_or(Duration{0}));
  }
  /// Another test of the address has let its turn lapse.
  void waited_in_vain(MonoTime now) { control_.waited_in_vain(now); }
  /// A hello that this test waits for: its socket, connected to the client.
  void add_stream(std::unique_ptr<net::DatagramPort> port, MonoTime now);
  [[nodiscard]] net::PortOptions port_options(const Endpoint& client, const Endpoint& local) const;

  [[nodiscard]] bool granted() const { return admission_.granted(); }
  /// Counts for the policy: granted and not over.
  [[nodiscard]] bool active() const { return granted() && !control_.ended(); }
  /// It may still send at the rate that it was granted.
  [[nodiscard]] bool holds_rate() const { return granted() && !rate_given_back_; }
  /// True once, when that is over: sent_bytes() is final.
  [[nodiscard]] bool take_rate_back() {
    return granted() && closed_ && !std::exchange(rate_given_back_, true);
  }
  /// Payload that this end has sent, omitted datagrams included. Once the books are closed.
  [[nodiscard]] std::uint64_t sent_bytes() const;
  /// When data could flow; kNever where it never could.
  [[nodiscard]] MonoTime started() const { return times_.started(); }
  /// Nothing of it is left: the connection is closed and no thread touches its streams.
  [[nodiscard]] bool finished() const;
  /// True once, when the books are closed and it is known how the test ended.
  [[nodiscard]] bool take_closed_and_ended() {
    return closed_ && control_.ended() && !std::exchange(told_, true);
  }
  [[nodiscard]] SessionOutcome outcome() const;

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const Endpoint& client() const { return connection_->remote(); }
  [[nodiscard]] const Endpoint& local() const { return connection_->local(); }
  [[nodiscard]] const Parameters& parameters() const { return control_.parameters(); }
  [[nodiscard]] const TestParams& params() const { return admission_.params(); }
  /// When its place is free again, as far as it can be told; kNever: it cannot.
  [[nodiscard]] MonoTime free_at(MonoTime now) const;
  [[nodiscard]] const net::TcpConnection& connection() const { return *connection_; }
  /// Whether the connection is to be watched for room to write, where that has changed.
  [[nodiscard]] std::optional<bool> take_write_interest() {
    const bool wanted = connection_->wants_to_write();
    return std::exchange(write_interest_, wanted) != wanted ? std::optional{wanted} : std::nullopt;
  }
  [[nodiscard]] const TestRecord& record() const { return record_; }

 private:
  struct Stream {
    std::unique_ptr<net::DatagramPort> port;
    std::unique_ptr<SendingStream> sender;
    std::unique_ptr<ReceivingStream> receiver;
    StreamResult own;  ///< this end's word, once the books are closed
    std::optional<TxReport> tx;
    std::optional<RxReport> rx;
  };

  /// `port`: of the stream that is to be received.
  [[nodiscard]] StreamAccount::Settings receiving_settings(const net::DatagramPort& port);
  [[nodiscard]] SendingStream::Settings sending_settings();
  void talk(MonoTime now);
  void on_event(ServerControl::Event event, MonoTime now);
  void start(MonoTime now);
  void stop_senders(TxEnd why);
  void omit_what_comes(MonoTime now);
  void stop_all();
  [[nodiscard]] bool all_released() const;
  [[nodiscard]] bool arrivals_settled(MonoTime now) const;
  void collect(MonoTime now);
  void close_books();
  void note_client();
  void tell_end();
  StreamCounters close_stream(std::size_t index);
  [[nodiscard]] Results own_results();
  void tell_report(Results& out);
  void watch(MonoTime now);
  void watch_arrivals(MonoTime now);
  [[nodiscard]] RateWatch rate_watch(MonoTime now) const;
  [[nodiscard]] bool amount_overrun(MonoTime now) const;
  void note_rows(MonoTime now);
  void keep_rows(const IntervalRows& rows);
  void note_last_rows(const std::vector<StreamCounters>& counted);
  [[nodiscard]] MonoTime next_time(MonoTime now) const;
  [[nodiscard]] engine::Executor& executor();
  void trace(const char* what, const std::string& text) const;

  static constexpr Duration kWatch = std::chrono::milliseconds{200};

  ServerTestSetting setting_;
  std::unique_ptr<net::TcpConnection> connection_;
  std::uint64_t id_;
  ServerControl control_;
  TestMemory memory_;
  TestAdmission admission_;
  sender::BatchPool batches_;
  std::vector<Stream> streams_;
  std::unique_ptr<PinnedWorker> pinned_;  ///< where the client named a CPU; ends before its tasks
  TestRecord record_;
  TestTimes times_;
  MonoTime next_watch_ = kNever;
  RateWatch rate_watch_;
  std::optional<ProcessCpu> cpu_;
  std::optional<RowCutter> cutter_;
  bool write_interest_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  bool told_ = false;
  bool rate_given_back_ = false;
};

}  // namespace udperf::iperf3
