#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace udperf::test {
namespace {

constexpr std::int64_t kUnset = INT64_MIN;

/// A first copy, in the order of arrival.
struct First {
  std::uint64_t number = 0;
  std::int64_t at = 0;
  std::size_t row = 0;
};

/// A head whose stamps count, with the end of the first copies that follow it without a break.
struct Sample {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::int64_t transit = 0;
  std::size_t row = 0;
};

/// Everything that is known once the log has been read through.
struct Books {
  std::vector<First> firsts;
  std::vector<Sample> samples;
  std::map<std::uint64_t, std::uint64_t> copies;
  std::vector<IntervalRow> rows;
  std::vector<std::size_t> passed_in;  ///< by number: the row that passed it
  std::uint64_t folded_pages = 0;
};

std::uint32_t length_of(const ArrivalLog& log, std::uint64_t number) {
  return number < log.lengths.size() ? log.lengths[number] : log.payload_bytes;
}

class Reader {
 public:
  Reader(const ArrivalLog& log, RxReport& out) : log_(log), out_(out) { out_.ecn.emplace(); }

  Books read() {
    for (const ArrivedRun& run : log_.runs) {
      open_row(run.rx_ns);
      std::uint64_t leading = 0;
      for (std::uint32_t i = 0; i < run.count; ++i) {
        const bool first_copy = take(run, run.first + i);
        leading += first_copy && leading == i ? 1U : 0U;
      }
      if (leading > 0 && run.timed) {
        books_.samples.push_back(
            Sample{run.first, run.first + leading, run.rx_ns - run.tx_ns, row_});
      }
    }
    return std::move(books_);
  }

 private:
  void open_row(std::int64_t at) {
    if (books_.rows.empty()) {
      out_.anchor_mono_ns = at;
      books_.rows.emplace_back();
    }
    while (at >= out_.anchor_mono_ns + static_cast<std::int64_t>(row_ + 1) * log_.interval_ns) {
      books_.rows.emplace_back();
      ++row_;
    }
  }

  bool take(const ArrivedRun& run, std::uint64_t number) {
    ++out_.datagrams;
    fold(run.rx_ns);
    if (number / kPage < books_.folded_pages) {
      ++out_.late;
      return false;
    }
    if (const auto copies = ++books_.copies[number]; copies > 1) {
      ++out_.duplicates;
      out_.replicated += copies == 2 ? 1 : 0;
      ++books_.rows[row_].duplicates;
      return false;
    }
    books_.firsts.push_back(First{number, run.rx_ns, row_});
    ++(*out_.ecn)[run.ecn];
    while (books_.passed_in.size() <= number) {
      books_.passed_in.push_back(row_);
    }
    while ((page_passed_.size() + 1) * kPage <= books_.passed_in.size()) {
      page_passed_.push_back(run.rx_ns);
    }
    return true;
  }

  void fold(std::int64_t now) {
    while (books_.folded_pages < page_passed_.size() &&
           now - page_passed_[books_.folded_pages] > log_.tmax_ns) {
      ++books_.folded_pages;
    }
  }

  const ArrivalLog& log_;
  RxReport& out_;
  Books books_;
  std::size_t row_ = 0;
  std::vector<std::int64_t> page_passed_;
};

void count_unique(const ArrivalLog& log, const Books& books, RxReport& out,
                  std::vector<IntervalRow>& rows) {
  for (const First& first : books.firsts) {
    const std::uint32_t bytes = length_of(log, first.number);
    if (first.number >= out.sent) {
      ++out.invalid;
      continue;
    }
    ++out.unique;
    out.unique_bytes += bytes;
    ++rows[first.row].unique;
    rows[first.row].bytes += bytes;
  }
}

void count_lost(const ArrivalLog& log, const Books& books, RxReport& out,
                std::vector<IntervalRow>& rows) {
  if (rows.empty() && out.sent > 0) {
    rows.emplace_back();
  }
  std::uint64_t run = 0;
  bool any_arrived = false;
  for (std::uint64_t number = 0; number < out.sent; ++number) {
    IntervalRow& row = rows[number < books.passed_in.size() ? books.passed_in[number]  //
                                                            : rows.size() - 1];
    ++row.sent;
    if (books.copies.count(number) != 0) {
      any_arrived = true;
      run = 0;
      continue;
    }
    ++row.lost;
    ++out.lost;
    out.lost_bytes += length_of(log, number);
    out.head_lost += any_arrived ? 0 : 1;
    out.loss_periods += run == 0 ? 1 : 0;
    out.loss_period_max = std::max(out.loss_period_max, ++run);
  }
  out.tail_lost = run;
  if (out.lost > 0 && out.unique > 0) {
    const double mean = static_cast<double>(out.lost) / static_cast<double>(out.loss_periods);
    out.burst_ratio =
        mean * static_cast<double>(out.sent - out.lost) / static_cast<double>(out.sent);
  }
}

/// RFC 3611 s4.7.2 with Gmin = 16: losses that fewer than 16 arrivals part belong together; one
/// alone is no burst.
void count_bursts(const Books& books, RxReport& out) {
  std::vector<std::uint64_t> lost;
  for (std::uint64_t number = 0; number < out.sent; ++number) {
    if (books.copies.count(number) == 0) {
      lost.push_back(number);
    }
  }
  for (std::size_t i = 0; i < lost.size();) {
    std::size_t end = i + 1;
    while (end < lost.size() && lost[end] - lost[end - 1] - 1 < 16) {
      ++end;
    }
    if (end - i > 1) {
      ++out.bursts;
      out.burst_packets += lost[end - 1] - lost[i] + 1;
      out.burst_lost += end - i;
    }
    i = end;
  }
}

/// RFC 4737 s3.3, s4.2.3, s4.3.3 and s5.3, word by word.
void count_reordered(const Books& books, RxReport& out, std::vector<IntervalRow>& rows) {
  const auto& s = books.firsts;
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::size_t j = 0;
    while (j < i && s[j].number < s[i].number) {
      ++j;
    }
    if (j == i) {
      continue;
    }
    ++out.reordered;
    ++rows[s[i].row].reordered;
    ++out.extent_count;
    out.extent_sum += i - j;
    out.extent_max = std::max<std::uint64_t>(out.extent_max, i - j);
    out.late_ns_max = std::max(out.late_ns_max, s[i].at - s[j].at);
    const bool after_three = i >= 3 && s[i - 1].number > s[i].number &&
                             s[i - 2].number > s[i].number && s[i - 3].number > s[i].number;
    out.n3_reordered += after_three ? 1U : 0U;
  }
}

void find_times(const ArrivalLog& log, const Books& books, RxReport& out) {
  std::int64_t last = kUnset;
  std::uint64_t next = 0;
  for (const First& first : books.firsts) {
    if (last != kUnset && first.at - last > log.gap_threshold_ns) {
      out.outages.push_back(Outage{last - out.first_mono_ns, first.at - last,
                                   first.number > next ? first.number - next : 0});
    }
    if (last == kUnset) {
      out.first_mono_ns = first.at;
      out.first_bytes = length_of(log, first.number);
    }
    last = std::max(last, first.at);
    next = std::max(next, first.number + 1);
  }
  out.last_mono_ns = last == kUnset ? 0 : last;
  out.first_unix_ns = out.first_mono_ns;
  out.last_unix_ns = out.last_mono_ns;
}

/// RFC 2330 s11.3. Precondition: sorted, not empty.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t per_mille) {
  const std::size_t rank = (sorted.size() * per_mille + 999) / 1000;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void find_jitter(const Books& books, RxReport& out) {
  double jitter = 0;
  double largest = 0;
  for (std::size_t i = 1; i < books.samples.size(); ++i) {
    const auto change = books.samples[i].transit - books.samples[i - 1].transit;
    jitter += (static_cast<double>(change < 0 ? -change : change) - jitter) / 16;
    largest = std::max(largest, jitter);
  }
  if (books.samples.size() > 1) {
    out.jitter_ns = std::llround(jitter);
    out.jitter_max_ns = std::llround(largest);
  }
}

void find_ipdv(const Books& books, RxReport& out) {
  std::map<std::uint64_t, std::int64_t> transit_of_head;
  for (const Sample& sample : books.samples) {
    transit_of_head[sample.first] = sample.transit;
  }
  std::vector<std::int64_t> magnitudes;
  double sum = 0;
  for (const Sample& sample : books.samples) {
    if (const auto next = transit_of_head.find(sample.end); next != transit_of_head.end()) {
      magnitudes.push_back(std::abs(next->second - sample.transit));
      sum += static_cast<double>(magnitudes.back());
    }
  }
  if (magnitudes.empty()) {
    return;
  }
  std::sort(magnitudes.begin(), magnitudes.end());
  out.ipdv_mean_abs_ns = std::llround(sum / static_cast<double>(magnitudes.size()));
  out.ipdv_p95_abs_ns = percentile(magnitudes, 950);
  out.ipdv_max_abs_ns = magnitudes.back();
}

std::vector<std::int64_t> delays_over(const Books& books, std::int64_t zero,
                                      std::optional<std::size_t> row) {
  std::vector<std::int64_t> delays;
  for (const Sample& sample : books.samples) {
    if (!row || sample.row == *row) {
      delays.push_back(sample.transit - zero);
    }
  }
  std::sort(delays.begin(), delays.end());
  return delays;
}

void find_variation(const Books& books, RxReport& out, std::vector<IntervalRow>& rows) {
  if (books.samples.empty()) {
    return;
  }
  const std::int64_t fastest = delays_over(books, 0, std::nullopt).front();
  const auto delays = delays_over(books, fastest, std::nullopt);
  DelaySummary summary;
  summary.n = delays.size();
  double sum = 0;
  for (const std::int64_t delay : delays) {
    sum += static_cast<double>(delay);
  }
  summary.mean_ns = std::llround(sum / static_cast<double>(delays.size()));
  summary.p50_ns = percentile(delays, 500);
  summary.p90_ns = percentile(delays, 900);
  summary.p95_ns = percentile(delays, 950);
  summary.p99_ns = percentile(delays, 990);
  if (delays.size() >= 1000) {
    summary.p999_ns = percentile(delays, 999);
  }
  summary.max_ns = delays.back();
  out.raw_delay_min_ns = fastest;
  out.delay_variation = summary;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const auto in_row = delays_over(books, fastest, i); !in_row.empty()) {
      rows[i].dv_p50_ns = percentile(in_row, 500);
      rows[i].dv_p99_ns = percentile(in_row, 990);
    }
  }
}

}  // namespace

RxReport oracle_report(const ArrivalLog& log) {
  RxReport out;
  Books books = Reader{log, out}.read();
  out.sent = std::max(log.sent, books.folded_pages * kPage);
  out.interval_ns = log.interval_ns;
  std::vector<IntervalRow> rows = books.rows;
  count_unique(log, books, out, rows);
  count_lost(log, books, out, rows);
  count_bursts(books, out);
  count_reordered(books, out, rows);
  find_times(log, books, out);
  find_jitter(books, out);
  find_ipdv(books, out);
  find_variation(books, out, rows);
  out.intervals = rows;
  return out;
}

}  // namespace udperf::test
