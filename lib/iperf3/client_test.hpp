#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_account.hpp"
#include "base/random.hpp"
#include "clock/clock.hpp"
#include "engine/stop_token.hpp"
#include "engine/worker.hpp"
#include "iperf3/client_control.hpp"
#include "iperf3/end_grace.hpp"
#include "iperf3/process_cpu.hpp"
#include "iperf3/receiving_stream.hpp"
#include "iperf3/sending_stream.hpp"
#include "iperf3/test_record.hpp"
#include "net/tcp.hpp"
#include "net/tcp_patience.hpp"
#include "os/event.hpp"

namespace udperf::iperf3 {

/// A test that a client is to run against an iperf3 server.
struct ClientPlan {
  std::string host;            ///< as the user wrote it
  Endpoint server;             ///< TCP and UDP
  Parameters parameters;       ///< as they go to the server; length 0: the connection's segment
  Duration duration{0};        ///< without the omitted time; 0: packets end it
  std::uint64_t packets = 0;   ///< over all streams of a direction
  bool either_amount = false;  ///< of two directions the first that has its amount ends the test
  std::uint64_t rate_bps = 0;  ///< what each stream of this end sends; 0 = unlimited
  bool flood = false;          ///< and that is what was asked for
  PayloadKind payload = PayloadKind::random;
  /// This end's sockets. The local port is the first stream's, the next ones follow; the peer, the
  /// marks and a window are those of `server` and `parameters`.
  net::PortOptions sockets;
  bool spin = false;
  engine::Realtime realtime = engine::Realtime::automatic;
  Duration patience = std::chrono::seconds{5};  ///< until data flows, in all
  MonoTime start_by = kNever;  ///< where it began before run(), with a name's lookup: when it ends
  MonoTime connect_by = kNever;  ///< for the connection alone, where others are to be tried
  Duration results_patience = std::chrono::seconds{10};  ///< for each answer behind the data
  Duration end_patience = kMostEndPatience;  ///< for all of them, beside what is left of `patience`
  Duration data_patience{0};                 ///< for data of the server; 0: the test's own time
  Duration longest{0};  ///< in which the server's amount arrives; 0: as long as data comes
  Duration interval = std::chrono::seconds{1};  ///< of rows; 0: none but one at the end
  Duration grid = std::chrono::seconds{1};      ///< of the receiver's books
  Duration gap_threshold = std::chrono::milliseconds{50};
  net::TcpPatience control;
  /// Makes the parameter that names the user, when it is sent; null: there is none.
  std::function<Result<std::string>()> token;
  /// Told what is said on the control connection; null: nobody is.
  std::function<void(const std::string&)> trace;
};

/// One stream of the finished test.
struct ClientStream {
  bool sent = false;  ///< by this end
  std::optional<TxReport> tx;
  std::optional<RxReport> rx;
  bool rule_was_wrong = false;  ///< see PeerReceived
  bool copies_came = false;     ///< see PeerReceived
  bool tells_copies = false;    ///< the receiver told of copies and of order
};

/// How it went.
struct ClientFinish {
  std::optional<Error> error;
  bool connected = false;  ///< the control connection stood
  bool busy = false;       ///< the server had no room
  bool began = false;      ///< data flowed
  bool interrupted = false;
  Endpoint client;  ///< of the first stream
  std::vector<ClientStream> streams;
  TestRecord record;
};

/// Runs one test from the connection to the results, on the calling thread and some more.
class ClientTest {
 public:
  struct Parts {
    const Clock& clock;
    RandomSource& random;
    const engine::StopToken& stop;
    TestWatcher* watcher = nullptr;  ///< null: nobody is told
    /// Called every 50 ms while data flows.
    std::function<void(const TestRecord&, const std::vector<StreamCounters>&, Duration)> progress =
        {};
  };

  ClientTest(ClientPlan plan, const Parts& parts);
  ~ClientTest();
  ClientTest(const ClientTest&) = delete;
  ClientTest& operator=(const ClientTest&) = delete;

  /// Once.
  [[nodiscard]] ClientFinish run();

  /// What the books of a test may take, whatever the server sends.
  static constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20U;

 private:
  struct Stream {
    std::unique_ptr<net::DatagramPort> port;
    std::unique_ptr<SendingStream> sender;
    std::unique_ptr<ReceivingStream> receiver;
    bool answered = false;
  };

  bool connect();
  void settle_amount();
  void say_parameters();
  [[nodiscard]] std::string failure() const;
  void trace(const char* what, const std::string& text) const;
  void talk();
  void act();
  [[nodiscard]] MonoTime next_look(MonoTime now) const;
  void on_event(ClientControl::Event event, MonoTime now);
  void open_stream();
  [[nodiscard]] Error too_old() const;
  [[nodiscard]] Error refused_stream() const;
  void hear_stream();
  void note_streams();
  [[nodiscard]] net::PortOptions port_options() const;
  void make_halves(Stream& stream, std::size_t index);
  void start(MonoTime now);
  void launch();
  void run_data(MonoTime now);
  [[nodiscard]] bool data_over(MonoTime now) const;
  [[nodiscard]] bool amount_received(MonoTime now) const;
  [[nodiscard]] bool overdue(MonoTime now) const;
  void note_rows(const IntervalRows& rows);
  void note_cut_off();
  [[nodiscard]] std::vector<StreamCounters> counters() const;
  void end_data();
  void note_end();
  [[nodiscard]] bool ended_in_omitted_time() const;
  void stop_senders(TxEnd why);
  void say_end(MonoTime now);
  void interrupt(MonoTime now);
  [[nodiscard]] double counted_seconds(const Stream& stream) const;
  [[nodiscard]] Results own_results() const;
  void wait_for_arrivals();
  void stop_streams();
  void close_books(ClientFinish& finish);
  StreamCounters close_stream(std::size_t index, ClientFinish& finish);
  void close_sender(Stream& stream, const StreamResult* told, double seconds, ClientStream& out,
                    StreamEnd& row) const;
  StreamAccount::Totals close_receiver(Stream& stream, const StreamResult* told, double seconds,
                                       ClientStream& out, StreamEnd& row) const;
  void wait(MonoTime until);
  bool wait_to_be_told(MonoTime until) const;
  [[nodiscard]] bool silent(MonoTime now) const;
  [[nodiscard]] bool host_is_gone(MonoTime now);
  void leave(const std::string& why, TxEnd senders);
  [[nodiscard]] std::optional<Error> trouble_of_streams() const;

  ClientPlan plan_;
  Parts parts_;
  MemoryAccount memory_{kMostMemory};  ///< of the books
  net::PollSet poll_;
  std::unique_ptr<net::TcpConnection> connection_;
  std::optional<ClientControl> control_;
  os::Event told_;  ///< of streams: one is over, or has all that was expected
  std::vector<Stream> streams_;
  std::vector<std::unique_ptr<engine::Worker>> workers_;
  net::ReceiveBuffers buffers_;
  std::optional<RowCutter> cutter_;
  std::optional<ProcessCpu> cpu_;
  TestRecord record_;
  std::optional<Error> error_;
  MonoTime hello_by_ = kNever;
  MonoTime started_ = kNever;
  /// Of the data.
  struct End {
    MonoTime at = kNever;    ///< this end sends no more
    MonoTime said = kNever;  ///< the server was told so: it sends no more
    Duration grace{0};       ///< between the two
  };
  End end_;
  MonoTime progress_at_ = kNever;
  bool interrupted_ = false;
};

}  // namespace udperf::iperf3
