#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/monitor/live_feed.hpp"
#include "app/monitor/long_answers.hpp"
#include "app/monitor/password_gate.hpp"
#include "app/monitor/web_config.hpp"
#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "clock/system_clock.hpp"

struct mg_callbacks;
struct mg_connection;
struct mg_context;

namespace udperf::app {

/// A request as far as anybody here looks at it. Only GET and HEAD come through.
struct HttpRequest {
  std::string path;
  std::string query;  ///< as it came
  std::optional<std::string> scrape_timeout;
  bool head_only = false;
  /// A link on a page of another origin was followed. What such a page loads by itself does not
  /// come through.
  bool linked = false;
};

struct HttpReply {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  /// Directives of a Content-Security-Policy that say what the page may run and load, in place of
  /// what comes from this server.
  std::string parts;
  /// Server-sent events in place of the body, until the feed or the client ends.
  LiveFeed* feed = nullptr;
  /// When to ask again, of what is refused for now; 0: that is not said.
  int retry_after_s = 0;
  const char* allow = nullptr;  ///< of 405: which methods are answered there
  /// Of a long one, until it was given.
  std::optional<LongAnswers::Place> place = std::nullopt;
};

/// A refusal in words of ours: nothing of the request is repeated. `allow`: of 405, which methods
/// are answered there.
[[nodiscard]] HttpReply http_problem(int status, const char* sentence, const char* allow = nullptr);

/// An HTTP server on one address: bounded threads, request sizes and times, and headers that keep
/// a browser from doing more than the page needs.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest& request)>;

  /// What it may be called by (see is_called); absent: anything.
  using Names = std::optional<std::vector<std::string>>;

  /// Port 0 is any. `handler` is called from many threads.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> open(const Endpoint& listen,
                                                                const WebConfig& config,
                                                                Handler handler,
                                                                Names names = std::nullopt);
  /// What is asked for and this system's civetweb does not have.
  [[nodiscard]] static std::optional<Error> lacking(const Endpoint& listen,
                                                    const WebConfig& config);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Waits for the requests that are being answered.
  ~HttpServer();

  [[nodiscard]] const Endpoint& local() const { return local_; }
  /// "http://127.0.0.1:9555/"
  [[nodiscard]] std::string url() const;

 private:
  HttpServer(WebConfig config, Handler handler, Names names);
  [[nodiscard]] static mg_callbacks make_callbacks();
  [[nodiscard]] Result<void> start(const Endpoint& listen);
  [[nodiscard]] int answer(mg_connection* connection);
  int answer_safely(mg_connection* connection) noexcept;
  void stream(mg_connection* connection, LiveFeed& feed);

  WebConfig config_;
  Handler handler_;
  Names names_;
  SystemClock clock_;
  PasswordGate gate_;
  Endpoint local_;
  std::string problem_;
  std::atomic<bool> ending_{false};
  mg_context* context_ = nullptr;
};

}  // namespace udperf::app
