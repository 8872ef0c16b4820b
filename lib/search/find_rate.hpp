#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "model/outcome.hpp"
#include "model/test_params.hpp"
#include "search/answer.hpp"

namespace udperf::search {

/// What is asked for.
struct Request {
  Algorithm algorithm = Algorithm::udperf;
  std::optional<double> max_loss;  ///< 0..1; absent: as the algorithm has it
  std::optional<double> max_rate_bps;
  std::optional<double> min_rate_bps;
  Duration time = std::chrono::seconds{15};  ///< of each direction, and of each size
  TestParams params;                         ///< of all tests, but for rate and amount; both
                                             ///< directions: one after the other
  std::optional<HeaderKind> header;          ///< of listed sizes; absent: the one that fits
};

/// Where the size of a test's datagrams is from.
enum class SizeOf : std::uint8_t {
  asked,   ///< as was asked for in the first place
  listed,  ///< one of the list, over IPv4
  found,   ///< what the first trial came to: later ones keep it
};

/// A trial as a test to run.
struct TrialTest {
  TestParams params;
  SizeOf size = SizeOf::asked;
  bool any_header = false;  ///< of a listed size: whichever fits once the family is known
  bool first = true;        ///< else the one before may still be on the server's books
};

struct FoundRate;

/// What the driver of a search needs of the world, and whom it tells.
class TrialRunner {
 public:
  TrialRunner() = default;
  TrialRunner(const TrialRunner&) = delete;
  TrialRunner& operator=(const TrialRunner&) = delete;
  virtual ~TrialRunner() = default;

  /// Runs one test to its end.
  [[nodiscard]] virtual TestOutcome run(const TrialTest& test) = 0;
  [[nodiscard]] virtual MonoTime now() const = 0;
  /// Whether the user wants an end: what is known by then is the result.
  [[nodiscard]] virtual bool stopped() const = 0;
  /// A search begins, with datagrams of a listed size where there is a list.
  virtual void on_search(std::optional<std::uint32_t> /*payload_bytes*/) {}
  virtual void on_trial(const TrialPart& /*trial*/, Way /*way*/) {}
  /// Of a list of sizes one is done, and so is another after it, whose result is the last one now.
  virtual void on_size(const FoundRate& /*found*/) {}
};

/// What a search came to.
struct FoundRate {
  TestOutcome outcome;  ///< of the run that confirmed the answer, or of what there was in its place
  std::optional<Answer> first;    ///< of the direction asked for, of up where both were
  std::optional<Answer> down;     ///< where both were
  std::vector<SizeAnswer> sizes;  ///< of find_rate_by_size()
};

/// Runs the trials of a search one after the other. A stop ends it with what is known by then, as
/// does a server that went away, also between the directions.
[[nodiscard]] FoundRate find_rate(const Request& request, TrialRunner& runner);

/// The same with each of the payload sizes, one after the other; the last one's, beside which
/// `sizes` has them all. A search that does not complete is the last; where it found nothing at
/// all, what the ones before found stands, incomplete.
[[nodiscard]] FoundRate find_rate_by_size(const Request& request,
                                          const std::vector<std::uint32_t>& sizes,
                                          TrialRunner& runner);

}  // namespace udperf::search
