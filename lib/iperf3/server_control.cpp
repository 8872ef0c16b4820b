#include "iperf3/server_control.hpp"

#include <optional>
#include <utility>

#include "base/saturating.hpp"

namespace udperf::iperf3 {
namespace {

/// What a client may say where a text of it is awaited. No length of one begins so.
bool leaves_test(const std::optional<std::int8_t>& state) {
  static_assert(most_client_result_bytes(2 * kMostStreams) >> 24U == 0 &&
                kMostParameterBytes >> 24U == 0);
  return state == static_cast<std::int8_t>(State::client_terminate) ||
         state == static_cast<std::int8_t>(State::iperf_done);
}

}  // namespace

ServerControl::ServerControl(MonoTime now) : deadline_(now + kPatience) {}

void ServerControl::enter(Phase phase, MonoTime deadline) {
  phase_ = phase;
  deadline_ = deadline;
}

void ServerControl::on_bytes(std::span<const std::byte> bytes, MonoTime now) {
  if (phase_ >= Phase::closing) {
    return;  // read so that the client can close in peace
  }
  in_.append(bytes);
  while (step(now)) {
  }
  // Nothing is sent ahead but what the item in question needs.
  const std::size_t most = phase_ == Phase::results
                               ? most_client_result_bytes(parameters_.sockets())
                               : kMostParameterBytes;
  if (phase_ < Phase::closing && in_.size() > most + Inbox::kMostAhead) {
    fail(ErrorNumber::bad_message, "the client sent more than the protocol lets it", now);
  }
}

bool ServerControl::step(MonoTime now) {
  switch (phase_) {
    case Phase::cookie:
      return read_cookie(now);
    case Phase::parameters:
      return read_parameters(now);
    case Phase::results:
      return read_results(now);
    case Phase::deciding:
    case Phase::creating:
    case Phase::running:
    case Phase::own_results:
    case Phase::goodbye:
      return read_state(now);
    case Phase::closing:
    case Phase::over:
      break;
  }
  return false;
}

bool ServerControl::read_cookie(MonoTime now) {
  const auto cookie = in_.take_cookie();
  if (!cookie) {
    return false;
  }
  cookie_ = *cookie;
  out_.put_state(State::param_exchange);
  enter(Phase::parameters, now + kPatience);
  return true;
}

bool ServerControl::read_parameters(MonoTime now) {
  if (leaves_test(in_.next_state())) {
    return read_state(now);
  }
  const auto item = in_.take_text(kMostParameterBytes);
  if (item.status == Inbox::Text::Status::incomplete) {
    return false;
  }
  if (item.status == Inbox::Text::Status::refused) {
    failed_asking_ = true;
    fail(ErrorNumber::bad_parameters, "the length of the parameters is not acceptable", now);
    return false;
  }
  const auto read = iperf3::read_parameters(item.text);
  if (!read) {
    failed_asking_ = true;
    fail(read.error(), describe(static_cast<std::uint32_t>(read.error()), 0), now);
    return false;
  }
  parameters_ = *read;
  events_.push_back(Event::asked);
  enter(Phase::deciding, now + kSlotPatience);
  return true;
}

bool ServerControl::read_state(MonoTime now) {
  const auto state = in_.take_state();
  if (!state) {
    return false;
  }
  switch (static_cast<State>(*state)) {
    case State::test_end:
      if (phase_ != Phase::running) {
        break;
      }
      events_.push_back(Event::stopped);
      out_.put_state(State::exchange_results);
      end_by_ = std::min(end_by_, now + kGrace);
      enter(Phase::results, item_deadline(now));
      return true;
    case State::client_terminate:
      finish(TestStatus::incomplete, "the client has terminated", now);
      return false;
    case State::iperf_done:
      if (phase_ == Phase::goodbye) {
        finish(TestStatus::complete, "complete", now);
      } else {
        finish(TestStatus::incomplete, "the client gave up", now);
      }
      return false;
    default:
      break;
  }
  fail(ErrorNumber::bad_message,
       "the client sent state " + std::to_string(*state) + ", which does not belong here", now);
  return false;
}

bool ServerControl::read_results(MonoTime now) {
  if (leaves_test(in_.next_state())) {
    return read_state(now);
  }
  const auto item = in_.take_text(most_client_result_bytes(parameters_.sockets()));
  if (item.status == Inbox::Text::Status::incomplete) {
    return false;
  }
  std::optional<Results> results;
  if (item.status == Inbox::Text::Status::ready) {
    results = iperf3::read_results(item.text, parameters_.sockets());
  }
  if (!results) {
    fail(ErrorNumber::bad_results, "the client's results cannot be read", now);
    return false;
  }
  client_results_ = *std::move(results);
  events_.push_back(Event::client_results);
  enter(Phase::own_results, item_deadline(now));
  return true;
}

void ServerControl::admit(MonoTime now) {
  if (phase_ != Phase::deciding) {
    return;
  }
  out_.put_state(State::create_streams);
  end_by_ = now + kPatience + kPatienceForStream * parameters_.sockets();
  enter(Phase::creating, item_deadline(now));
}

void ServerControl::stream_made(MonoTime now) {
  if (phase_ == Phase::creating) {
    deadline_ = item_deadline(now);
  }
}

void ServerControl::waited_in_vain(MonoTime now) {
  if (phase_ == Phase::deciding) {
    deadline_ = now + kSlotPatience;
  }
}

void ServerControl::streams_made(MonoTime now, std::optional<Duration> longest) {
  if (phase_ != Phase::creating) {
    return;
  }
  out_.put_state(State::test_start);
  out_.put_state(State::test_running);
  events_.push_back(Event::started);
  // Where nothing ends the test, the data itself is what is watched.
  const bool by_time =
      parameters_.seconds != 0 && parameters_.bytes == 0 && parameters_.blocks == 0;
  if (by_time) {
    longest = std::chrono::seconds{parameters_.seconds + parameters_.omit_seconds};
  }
  end_by_ = longest ? saturating_after(now, *longest + kGrace) : kNever;
  enter(Phase::running, end_by_);
}

void ServerControl::send_results(const Results& results, MonoTime now) {
  if (phase_ != Phase::own_results) {
    return;
  }
  out_.put_text(to_json(results));
  out_.put_state(State::display_results);
  enter(Phase::goodbye, item_deadline(now));
}

void ServerControl::say_busy(MonoTime now) {
  out_.put_state(State::access_denied);
  finish(TestStatus::error, "the server is busy", now);
}

void ServerControl::refuse(ErrorNumber error, const std::string& reason, MonoTime now) {
  fail(error, reason, now);
}

void ServerControl::shut_down(MonoTime now) {
  if (phase_ < Phase::closing) {
    shut_down_ = true;
    out_.put_state(State::server_terminate);
    finish(TestStatus::incomplete, "the server was stopped", now);
  }
}

void ServerControl::give_up(const std::string& reason, MonoTime now) {
  if (phase_ < Phase::closing) {
    finish(TestStatus::incomplete, reason, now);
  }
}

void ServerControl::fail(ErrorNumber error, const std::string& reason, MonoTime now) {
  if (phase_ >= Phase::closing) {
    return;
  }
  out_.put_state(State::server_error);
  out_.put_number(static_cast<std::uint32_t>(error));
  out_.put_number(0);
  finish(TestStatus::incomplete, reason, now);
}

void ServerControl::finish(TestStatus status, std::string reason, MonoTime now) {
  status_ = status;
  reason_ = std::move(reason);
  ended_ = true;
  events_.push_back(Event::ended);
  in_.clear();
  enter(Phase::closing, now + kLinger);
}

void ServerControl::on_closed(MonoTime now) {
  switch (phase_) {
    case Phase::closing:
    case Phase::over:
      break;
    case Phase::cookie:
    case Phase::parameters:
      finish(TestStatus::error, "the client left before it asked for a test", now);
      break;
    case Phase::goodbye:
      // It has all that it asked for: older clients just close.
      finish(TestStatus::complete, "complete", now);
      break;
    default:
      finish(TestStatus::incomplete, "the client went away", now);
      break;
  }
  enter(Phase::over, kNever);
}

void ServerControl::on_time(MonoTime now) {
  if (now < deadline_) {
    return;
  }
  switch (phase_) {
    case Phase::cookie:
      finish(TestStatus::error, "the client sent no cookie in time", now);
      break;
    case Phase::parameters:
      fail(ErrorNumber::bad_parameters, "the client sent no parameters in time", now);
      break;
    case Phase::deciding:
      say_busy(now);
      break;
    case Phase::creating:
      fail(ErrorNumber::create_stream, "the client made no stream in time", now);
      break;
    case Phase::running:
      fail(ErrorNumber::duration_expired, "the client did not end the test in time", now);
      break;
    case Phase::results:
      fail(ErrorNumber::bad_results, "the client sent no results in time", now);
      break;
    case Phase::own_results:
    case Phase::goodbye:
      finish(TestStatus::incomplete, "the client fell silent after the test", now);
      break;
    case Phase::closing:
    case Phase::over:
      enter(Phase::over, kNever);
      break;
  }
}

}  // namespace udperf::iperf3
