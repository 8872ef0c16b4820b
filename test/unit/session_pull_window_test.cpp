#include "session/pull_window.hpp"
#include "support/catch.hpp"

using namespace udperf;
using session::PullWindow;

namespace {

constexpr std::uint32_t kPiece = wire::ReportChunk::kMaxBytes;

}  // namespace

TEST_CASE("a report is asked for from what is here on", "[session]") {
  PullWindow window;
  window.expect(100 * kPiece);
  CHECK_FALSE(window.whole(99 * kPiece));
  CHECK(window.whole(100 * kPiece));
  window.ask(kPiece, 100 * kPiece);
  CHECK(window.request().offset == kPiece);
  CHECK(window.request().chunks == 32);
  CHECK_FALSE(window.whole(32 * kPiece));
  CHECK(window.whole(33 * kPiece));
  window.ask(99 * kPiece, 99 * kPiece + 1);  // no further than its end
  CHECK(window.whole(99 * kPiece + 1));
}

TEST_CASE("as many pieces are asked for as came, and twice as many when all did", "[session]") {
  PullWindow window;
  window.ask(0, 1000 * kPiece);
  window.narrow(10 * kPiece);
  CHECK(window.request().chunks == 10);
  window.narrow(0);
  CHECK(window.request().chunks == PullWindow::kLeast);
  window.narrow(900 * kPiece);
  CHECK(window.request().chunks == PullWindow::kMost);
  window.narrow(5 * kPiece);
  window.widen();
  CHECK(window.request().chunks == 10);
  for (int i = 0; i < 5; ++i) {
    window.widen();
  }
  CHECK(window.request().chunks == PullWindow::kMost);
}
