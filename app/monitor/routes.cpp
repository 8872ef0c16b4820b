#include "app/monitor/routes.hpp"

#include <future>

#include <nlohmann/json.hpp>

#include "base/units.hpp"
#include "crypto/digest_text.hpp"
#include "html/assets.hpp"
#include "html/report_page.hpp"
#include "monitor/json.hpp"

namespace udperf::app {
namespace {

using monitor::HttpQuery;
using monitor::Json;

HttpReply text_reply(std::string text, const char* type) {
  HttpReply reply;
  reply.type = type;
  reply.body = std::move(text);
  return reply;
}

HttpReply asset(std::string_view text, const char* type) {
  return text_reply(std::string{text}, type);
}

HttpReply json_reply(std::string text) {
  return text_reply(std::move(text), "application/json");
}

/// As fine as the span allows without too many rows.
std::optional<History::Grain> grain_of(const std::optional<std::string>& word, Duration span) {
  constexpr Duration kFine = std::chrono::hours{4};
  constexpr Duration kMiddle = std::chrono::hours{24 * 8};
  if (!word) {
    return span <= kFine     ? History::Grain::round
           : span <= kMiddle ? History::Grain::five_minutes
                             : History::Grain::hour;
  }
  if (*word == "round") {
    return History::Grain::round;
  }
  if (*word == "5m") {
    return History::Grain::five_minutes;
  }
  return *word == "1h" ? std::optional{History::Grain::hour} : std::nullopt;
}

struct Times {
  UnixTime from;
  UnixTime to;
};

/// The hour before `until`, or the last one, where nothing else is wanted; nothing where one of
/// them is no time.
std::optional<Times> times_of(const HttpQuery& query, UnixTime now) {
  const auto since = query.get("since");
  const auto until = query.get("until");
  auto to = until ? monitor::parse_unix_time(*until) : std::optional{now};
  const auto from =
      since ? monitor::parse_unix_time(*since) : to.value_or(now) - std::chrono::hours{1};
  if (from && to && !until) {
    to = std::max(now, *from);  // what is yet to come has no rows
  }
  return from && to ? std::optional{Times{*from, *to}} : std::nullopt;
}

/// How many rows are wanted at most; nothing where it is no number that there can be.
std::optional<std::size_t> most_of(const std::optional<std::string>& word) {
  const std::size_t most = History::Query{}.most;
  if (!word) {
    return most;
  }
  const auto number = parse_integer(*word, 1, most);
  return number ? std::optional{static_cast<std::size_t>(*number)} : std::nullopt;
}

/// A report is whole in itself: its scripts and its style are allowed by what they are.
const std::string& report_parts() {
  static const std::string parts = [] {
    const html::InlineParts all = html::report_inline_parts();
    const auto source = [](const std::string& text) {
      return "'sha256-" + crypto::sha256_base64(text) + "'";
    };
    return "script-src " + source(all.library) + " " + source(all.script) + "; style-src " +
           source(all.style) + "; img-src data:";
  }();
  return parts;
}

/// The parts of the monitor's own page, by their path; nothing where it is none of them.
std::optional<HttpReply> page_part(std::string_view path) {
  if (path == "/") {
    return asset(html::monitor_html, "text/html; charset=utf-8");
  }
  if (path == "/page.js") {
    return asset(html::monitor_js, "text/javascript; charset=utf-8");
  }
  if (path == "/page.css") {
    return asset(html::monitor_css, "text/css; charset=utf-8");
  }
  if (path == "/chart.js") {
    return asset(html::chart_js, "text/javascript; charset=utf-8");
  }
  return std::nullopt;
}

// What more than one route says.
constexpr const char* kNoHistory = "there is no history";
constexpr const char* kHistoryUnreadable = "the history cannot be read";
constexpr const char* kWrongMost = "most is a number of rows, 1 to 5000";

/// Why nobody may ask for a probe in this way.
std::optional<HttpReply> refuse_way(const HttpRequest& request) {
  if (request.linked) {
    return http_problem(403, "no page of another origin starts a probe");
  }
  if (request.head_only) {
    return http_problem(405, "a probe sends datagrams: ask with GET", "GET");
  }
  return std::nullopt;
}

/// Why nothing is sent there.
std::optional<HttpReply> refuse_target(const Monitor::ProbeTarget& target) {
  if (!target.module_known) {
    return http_problem(400, "the module is not known");
  }
  if (!target.allowed) {
    return http_problem(403, "the target is neither configured nor an address of probe_allow");
  }
  if (target.test.search) {
    return http_problem(400, "a search takes longer than a probe may; give it a timetable");
  }
  return std::nullopt;
}

}  // namespace

/// A long answer, when it is its turn, from a thread of its own: those of the HTTP server have
/// small stacks (100 kB), and each of them would keep a heap of what the answer is made of.
template <typename Work>
HttpReply Routes::at_length(const Work& work) {
  auto place = long_answers_.take();
  if (!place) {
    HttpReply later = http_problem(503, "too many long answers are asked for at once");
    later.retry_after_s = 5;
    return later;
  }
  HttpReply reply = std::async(std::launch::async, work).get();
  place->made(reply.body.size());
  reply.place.emplace(*std::move(place));
  return reply;
}

HttpReply Routes::answer(const HttpRequest& request) {
  const std::string& path = request.path;
  if (auto part = page_part(path)) {
    return *std::move(part);
  }
  if (path == "/healthz") {
    return http_problem(200, "ok");
  }
  if (path == "/metrics") {
    return at_length([this] { return text_reply(monitor_.metrics(), kExpositionType); });
  }
  if (path == "/api/v1/targets") {
    return at_length([this] { return json_reply(monitor_.targets_json()); });
  }
  if (path == "/api/v1/events") {
    if (request.linked) {  // a frame of another's page would take one of few places
      return http_problem(403, "no page of another origin gets events");
    }
    HttpReply reply;
    reply.feed = &monitor_.feed();
    return reply;
  }
  return answer_query(request);
}

/// The paths whose answer depends on the query.
HttpReply Routes::answer_query(const HttpRequest& request) {
  const std::string& path = request.path;
  const auto query = HttpQuery::parse(request.query);
  const auto unreadable = [] { return http_problem(400, "the query cannot be read"); };
  if (path == "/probe") {
    return query ? probe(request, *query) : unreadable();
  }
  if (path == "/api/v1/rounds") {
    return query ? rounds(*query) : unreadable();
  }
  if (path == "/api/v1/changes") {
    return query ? changes(*query) : unreadable();
  }
  if (path == "/report") {
    return query ? report(*query) : unreadable();
  }
  return http_problem(404,
                      "there is nothing; see /, /metrics, /probe, /healthz, /report, "
                      "/api/v1/targets, /api/v1/rounds, /api/v1/changes and /api/v1/events");
}

HttpReply Routes::probe(const HttpRequest& request, const HttpQuery& query) {
  if (auto refused = refuse_way(request)) {
    return *std::move(refused);
  }
  const auto name = query.get("target");
  const auto address = name ? monitor::parse_target(*name) : std::nullopt;
  if (!name || (!address && !monitor_.knows(*name))) {
    return http_problem(400,
                        "the parameter target is missing, or is neither a name nor an address");
  }
  const auto target = monitor_.probe_target(address.value_or(monitor::TargetAddress{}), *name,
                                            query.get("module").value_or("light"));
  if (auto refused = refuse_target(target)) {
    return *std::move(refused);
  }
  if (target.heavy && !monitor_.begin_heavy_probe()) {
    return http_problem(503, "a heavy round runs already, and of these one at a time");
  }
  const MonoTime begin = clock_.now();
  const auto round = prober_.run(target.test, monitor::probe_deadline(request.scrape_timeout),
                                 [&monitor = monitor_, heavy = target.heavy] {
                                   if (heavy) {
                                     monitor.end_heavy_probe();
                                   }
                                 });
  if (!round) {
    return http_problem(503, "too many probes run already, or the monitor ends");
  }
  monitor_.count_probe();
  return text_reply(probe_metrics(*round, clock_.now() - begin, target.limits), kExpositionType);
}

HttpReply Routes::rounds(const HttpQuery& query) {
  const auto target = query.get("target");
  const auto times = target ? times_of(query, clock_.unix_now()) : std::nullopt;
  if (!times) {
    return http_problem(400, "wanted are target and, as seconds since 1970, since and until");
  }
  if (times->from > times->to) {
    return http_problem(400, "since is after until");
  }
  const auto grain = grain_of(query.get("grain"), times->to - times->from);
  if (!grain) {
    return http_problem(400, "grain is one of round, 5m and 1h");
  }
  const auto most = most_of(query.get("most"));
  if (!most) {
    return http_problem(400, kWrongMost);
  }
  if (monitor_.history() == nullptr) {
    return http_problem(503, kNoHistory);
  }
  constexpr std::array<const char*, 3> kGrains{"round", "5m", "1h"};
  return at_length([&] {
    return rows({*target, times->from, times->to, *grain, *most},
                kGrains.at(static_cast<std::size_t>(*grain)));
  });
}

HttpReply Routes::changes(const HttpQuery& query) {
  const auto times = times_of(query, clock_.unix_now());
  if (!times || times->from > times->to) {
    return http_problem(400, "since and until are seconds since 1970, in this order");
  }
  const auto most = most_of(query.get("most"));
  if (!most) {
    return http_problem(400, kWrongMost);
  }
  if (monitor_.history() == nullptr) {
    return http_problem(503, kNoHistory);
  }
  return at_length([&] {
    const auto found =
        monitor_.history()->changes({query.get("target"), times->from, times->to, *most});
    if (!found) {
      return http_problem(503, kHistoryUnreadable);
    }
    monitor::LongJson text{{{"schema", "udperf-monitor/1"}}};
    text.begin_list("changes");
    for (const auto& [event, target] : *found) {
      text.add(to_json(event, target));
    }
    return json_reply(text.take());
  });
}

HttpReply Routes::rows(const History::Query& query, const char* grain) const {
  monitor::LongJson text{
      {{"schema", "udperf-monitor/1"}, {"target", query.target}, {"grain", grain}}};
  text.begin_list("rows");
  bool any = false;
  const auto done = monitor_.history()->read(query, [&](const HistoryRow& row) {
    any = true;
    text.add(row.figures ? to_json(row.totals, *row.figures, row.start, row.span)
                         : to_json(row.totals, row.start, row.span));
  });
  if (!done) {
    return http_problem(503, kHistoryUnreadable);
  }
  if (!any && !monitor_.knows(query.target)) {
    return http_problem(404, "the target is not known");
  }
  return json_reply(text.take());
}

/// The same page that `udperf report` makes.
HttpReply Routes::report(const HttpQuery& query) {
  const auto target = query.get("target");
  const auto word = query.get("time");
  const auto time = word ? monitor::parse_unix_time(*word) : std::nullopt;
  if (!target || !time) {
    return http_problem(400, "wanted are target and, as seconds since 1970, time");
  }
  if (monitor_.history() == nullptr) {
    return http_problem(503, kNoHistory);
  }
  return at_length([&] { return document({*target, query.get("module"), *time}); });
}

HttpReply Routes::document(const History::Moment& moment) const {
  const auto document = monitor_.history()->document(moment);
  if (!document) {
    return http_problem(503, kHistoryUnreadable);
  }
  if (!*document) {
    return http_problem(404, "no round of the target is kept of that time");
  }
  HttpReply reply = text_reply(html::report_page(**document), "text/html; charset=utf-8");
  reply.parts = report_parts();
  return reply;
}

}  // namespace udperf::app
