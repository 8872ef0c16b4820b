#include <string>
#include <string_view>
#include <vector>

#include "app/monitor/password_gate.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using app::PasswordGate;
using Answer = app::PasswordGate::Answer;

namespace {

/// A check that takes 70 ms, and one right header.
struct Scene {
  test::FakeClock clock;
  int checked = 0;
  Duration paused{0};
  PasswordGate gate{[this](const char* header) {
                      if (header == nullptr) {
                        return false;
                      }
                      ++checked;
                      clock.advance(70ms);
                      return std::string_view{header} == "Basic right";
                    },
                    clock,
                    [this](Duration time) {
                      paused += time;
                      clock.advance(time);
                    }};
};

}  // namespace

TEST_CASE("wrong passwords take a fifth of a processor at most", "[app][monitor]") {
  Scene s;
  const MonoTime begin = s.clock.now();
  for (int i = 0; i < 100; ++i) {
    CHECK(s.gate.ask(("Basic wrong" + std::to_string(i % 3)).c_str()) == Answer::no);
  }
  CHECK(s.checked == 100);
  CHECK(s.clock.now() - begin >= 99 * 5 * 70ms);
}

TEST_CASE("who was right once is known again, at once", "[app][monitor]") {
  Scene s;
  CHECK(s.gate.ask("Basic right") == Answer::yes);
  CHECK(s.gate.ask("Basic wrong") == Answer::no);
  const MonoTime now = s.clock.now();
  for (int i = 0; i < 100; ++i) {
    CHECK(s.gate.ask("Basic right") == Answer::yes);
  }
  CHECK(s.clock.now() == now);
  CHECK(s.checked == 2);
}

TEST_CASE("who gives no password costs nothing", "[app][monitor]") {
  Scene s;
  CHECK(s.gate.ask(nullptr) == Answer::no);
  CHECK(s.checked == 0);
  CHECK(s.paused == 0ms);
}
