#include "iperf3/client_control.hpp"

#include <algorithm>

namespace udperf::iperf3 {
namespace {

/// What a server may say where its results are awaited. No length of a text begins so.
bool ends_test(State state) {
  static_assert(kMostServerResultBytes >> 24U < static_cast<std::size_t>(State::server_terminate));
  return state == State::server_error || state == State::server_terminate ||
         state == State::access_denied;
}

}  // namespace

ClientControl::ClientControl(Settings settings, MonoTime now)
    : settings_(settings),
      start_by_(std::min(settings_.start_by, now + settings_.patience)),
      deadline_(start_by_) {
  out_.put_cookie(settings_.cookie);
}

/// Behind the data a server may wait for what is late before it answers.
Duration ClientControl::patience() const {
  return began_ ? settings_.results_patience : settings_.patience;
}

MonoTime ClientControl::answer_by(MonoTime now) const {
  return began_ ? now + settings_.results_patience : start_by_;
}

void ClientControl::enter(Phase phase, MonoTime deadline) {
  phase_ = phase;
  deadline_ = std::min(deadline, end_by_);
}

void ClientControl::on_bytes(std::span<const std::byte> bytes, MonoTime now) {
  if (over()) {
    return;
  }
  in_.append(bytes);
  while (step(now)) {
  }
  const std::size_t most =
      phase_ == Phase::results ? kMostServerResultBytes : std::size_t{Inbox::kMostAhead};
  if (!over() && in_.size() > most + Inbox::kMostAhead) {
    fail(ErrorCode::cut_short, "sent more than the protocol lets it");
  }
}

bool ClientControl::step(MonoTime now) {
  switch (phase_) {
    case Phase::results:
      return read_results(now);
    case Phase::reason:
      return read_reason();
    case Phase::over:
      return false;
    default:
      return read_state(now);
  }
}

bool ClientControl::read_state(MonoTime now) {
  const auto byte = in_.take_state();
  if (!byte) {
    return false;
  }
  const auto state = static_cast<State>(*byte);
  if (state == State::server_error) {
    enter(Phase::reason, answer_by(now));
    return true;
  }
  if (state == State::access_denied) {  // this program may say so once it knows what is asked for
    busy_ = true;
    fail(began_ ? ErrorCode::cut_short : ErrorCode::refused,
         "the server is busy running a test. try again later");
    return false;
  }
  if (state == State::server_terminate) {
    fail(began_ ? ErrorCode::cut_short : ErrorCode::refused, "the server has terminated");
    return false;
  }
  if (!on_state(state, now)) {
    fail(began_ ? ErrorCode::cut_short : ErrorCode::refused,
         "sent state " + std::to_string(*byte) + " while " + phase_name() + " was awaited");
    return false;
  }
  return !over();
}

bool ClientControl::on_state(State state, MonoTime now) {
  const MonoTime later = answer_by(now);
  if (expect(state, Phase::invitation, State::param_exchange)) {
    events_.push_back(Event::parameters_wanted);
    enter(Phase::own_parameters, later);
  } else if (expect(state, Phase::permission, State::create_streams)) {
    events_.push_back(Event::create_streams);
    enter(Phase::creating, kNever);
  } else if (expect(state, Phase::start, State::test_start) ||
             expect(state, Phase::creating, State::test_start)) {
    enter(Phase::run, later);
  } else if (expect(state, Phase::run, State::test_running)) {
    began_ = true;
    events_.push_back(Event::started);
    enter(Phase::running, kNever);
  } else if (expect(state, Phase::exchange, State::exchange_results)) {
    events_.push_back(Event::results_wanted);
    enter(Phase::own_results, later);
  } else if (expect(state, Phase::display, State::display_results)) {
    out_.put_state(State::iperf_done);
    events_.push_back(Event::ended);
    enter(Phase::over, kNever);
  } else {
    return false;
  }
  return true;
}

bool ClientControl::expect(State state, Phase phase, State wanted) {
  return phase_ == phase && state == wanted;
}

bool ClientControl::read_results(MonoTime now) {
  if (const auto next = in_.next_state(); next && ends_test(static_cast<State>(*next))) {
    return read_state(now);  // in place of the length
  }
  const auto item = in_.take_text(kMostServerResultBytes);
  if (item.status == Inbox::Text::Status::incomplete) {
    return false;
  }
  if (item.status == Inbox::Text::Status::ready) {
    server_results_ = iperf3::read_results(item.text, sockets_);
  }
  if (!server_results_) {
    fail(ErrorCode::cut_short, "sent results that cannot be read");
    return false;
  }
  events_.push_back(Event::server_results);
  enter(Phase::display, answer_by(now));
  return true;
}

bool ClientControl::read_reason() {
  if (!error_number_) {
    error_number_ = in_.take_number();
  }
  const auto os_error = error_number_ ? in_.take_number() : std::nullopt;
  if (!os_error) {
    return false;
  }
  fail(began_ ? ErrorCode::cut_short : ErrorCode::refused,
       "the server says: " + describe(*error_number_, *os_error));
  return false;
}

void ClientControl::send_parameters(const Parameters& parameters) {
  if (phase_ == Phase::own_parameters) {
    sockets_ = parameters.sockets();
    out_.put_text(to_json(parameters));
    enter(Phase::permission, start_by_);
  }
}

void ClientControl::streams_made() {
  if (phase_ == Phase::creating) {
    enter(Phase::start, start_by_);
  }
}

void ClientControl::end_test(MonoTime now, Duration patience) {
  if (phase_ == Phase::running) {
    out_.put_state(State::test_end);
    end_by_ = std::min(end_by_, now + patience);
    enter(Phase::exchange, answer_by(now));
  }
}

void ClientControl::end_by(MonoTime by) {
  if (began_ && !over()) {
    end_by_ = std::min(end_by_, by);
    deadline_ = std::min(deadline_, end_by_);
  }
}

void ClientControl::send_results(const Results& results, MonoTime now) {
  if (phase_ == Phase::own_results) {
    out_.put_text(to_json(results));
    enter(Phase::results, answer_by(now));
  }
}

void ClientControl::give_up(Error error) {
  if (!over()) {
    error_ = std::move(error);
    out_.put_state(State::client_terminate);
    events_.push_back(Event::ended);
    enter(Phase::over, kNever);
  }
}

void ClientControl::terminate() {
  give_up(Error{ErrorCode::cut_short, "interrupted", 0, began_ ? "transfer" : "connect"});
}

void ClientControl::on_closed() {
  abandoned_ = !over() && phase_ != Phase::reason;
  if (phase_ == Phase::reason) {
    fail_without_reason();  // as servers before 3.21 do when they refuse a user
  } else if (phase_ == Phase::permission) {
    // As servers since 3.21 do then.
    fail(ErrorCode::refused,
         "the server closed the connection when it had read the parameters: it does not serve this "
         "test, or not this user and password");
  } else if (phase_ == Phase::creating || phase_ == Phase::start || phase_ == Phase::run) {
    fail(ErrorCode::refused,
         "the server closed the connection when streams were made: it does not serve this test; "
         "iperf3 3.7 to 3.18 do so, and say no more, where the rate is above their limit");
  } else if (!over()) {
    fail(began_ ? ErrorCode::cut_short : ErrorCode::unreachable,
         std::string{"the server closed the connection while "} + phase_name() + " was awaited");
  }
}

void ClientControl::on_time(MonoTime now) {
  if (over() || now < deadline_) {
    return;
  }
  if (phase_ == Phase::reason) {
    fail_without_reason();
    return;
  }
  const bool at_end = deadline_ == end_by_;
  fail(began_ ? ErrorCode::cut_short : ErrorCode::unreachable,
       std::string{"the server fell silent: "} + phase_name() + " did not come " +
           (at_end ? "in time" : "within " + format_duration(patience())));
}

/// Where the number of the system is missing, or both are.
void ClientControl::fail_without_reason() {
  if (error_number_) {
    fail(began_ ? ErrorCode::cut_short : ErrorCode::refused,
         "the server says: " + describe(*error_number_, 0));
    return;
  }
  fail(began_ ? ErrorCode::cut_short : ErrorCode::refused,
       began_
           ? "the server says that it failed, but not why"
           : "the server refuses the test and does not say why: it may want a user and password");
}

void ClientControl::fail(ErrorCode code, const std::string& what) {
  const char* phase = began_ ? "transfer" : "connect";
  if (phase_ >= Phase::exchange && began_) {
    phase = "report";
  }
  error_ = Error{code, what, 0, phase};
  events_.push_back(Event::ended);
  enter(Phase::over, kNever);
}

const char* ClientControl::phase_name() const {
  switch (phase_) {
    case Phase::invitation:
      return "its invitation to a test";
    case Phase::own_parameters:
    case Phase::permission:
      return "its answer to the parameters";
    case Phase::creating:
      return "the making of streams";
    case Phase::start:
    case Phase::run:
      return "the start of the test";
    case Phase::running:
      return "the end of the test";
    case Phase::exchange:
      return "the request for results";
    case Phase::own_results:
    case Phase::results:
      return "its results";
    case Phase::display:
      return "the end of the exchange";
    case Phase::reason:
      return "the reason of its failure";
    case Phase::over:
      break;
  }
  return "nothing";
}

}  // namespace udperf::iperf3
