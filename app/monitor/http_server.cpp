#include "app/monitor/http_server.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <civetweb.h>
#include <cstring>
#include <dlfcn.h>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "app/monitor/host_names.hpp"
#include "base/units.hpp"

namespace udperf::app {
namespace {

constexpr std::size_t kMostStreams = 16;
// A connection has so long to say its request, and to take each piece of the answer: it has one of
// few threads meanwhile, and whoever scrapes waits ten seconds.
constexpr const char* kPatienceMs = "2000";
constexpr std::size_t kPieceBytes = 64U << 10U;
// And all of an answer so long, however slowly it takes the pieces.
constexpr auto kMostOfAnAnswer = std::chrono::seconds{30};

const char* reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

/// Scripts, styles and data come from here and from nowhere else; nothing stands within the page.
constexpr std::string_view kOwnParts =
    "script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";
constexpr std::string_view kSafety =
    "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n";

std::string head(int status, const std::string& type, const std::string& parts = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " " + reason(status) + "\r\nContent-Type: " + type +
         "\r\nContent-Security-Policy: default-src 'none'; " +
         (parts.empty() ? std::string{kOwnParts} : parts) + std::string{kSafety};
}

/// False where the other end does not read: the connection is closed.
bool write_piece(mg_connection* connection, std::string_view piece) {
  return mg_write(connection, piece.data(), piece.size()) == static_cast<int>(piece.size());
}

void send(mg_connection* connection, const HttpReply& reply, bool with_body) {
  std::string text = head(reply.status, reply.type, reply.parts);
  text += reply.status == 401 ? "WWW-Authenticate: Basic realm=\"udperf\"\r\n" : "";
  if (reply.allow != nullptr) {
    text += "Allow: " + std::string{reply.allow} + "\r\n";
  }
  if (reply.retry_after_s > 0) {
    text += "Retry-After: " + std::to_string(reply.retry_after_s) + "\r\n";
  }
  text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
  const std::string_view body = with_body ? reply.body : std::string_view{};
  const std::size_t first = std::min(body.size(), kPieceBytes);
  text += body.substr(0, first);  // short answers leave at once, long ones are not copied
  const auto until = std::chrono::steady_clock::now() + kMostOfAnAnswer;
  bool good = write_piece(connection, text);
  for (std::size_t at = first; good && at < body.size(); at += kPieceBytes) {
    good = std::chrono::steady_clock::now() < until &&
           write_piece(connection, body.substr(at, kPieceBytes));
  }
}

std::string listening_port(const Endpoint& listen, bool tls) {
  return listen.to_string() + (tls ? "s" : "");
}

/// civetweb before 1.16 loads OpenSSL while it runs and calls a function that OpenSSL 3 does not
/// have any more, without a look whether it is there: the first client would end this process.
bool is_tls_broken() {
  const std::string_view version{mg_version()};
  const auto minor =
      parse_integer(version.substr(std::min(version.find('.') + 1, version.size())), 0, UINT16_MAX);
  if (!version.starts_with("1.") || !minor || *minor >= 16) {
    return false;
  }
  void* const library = ::dlopen("libssl.so", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    return false;  // civetweb says that by itself
  }
  const bool broken = ::dlsym(library, "SSL_get_peer_certificate") == nullptr;
  ::dlclose(library);
  return broken;
}

}  // namespace

HttpReply http_problem(int status, const char* sentence, const char* allow) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::string{sentence} + "\n";
  reply.allow = allow;
  return reply;
}

std::optional<Error> HttpServer::lacking(const Endpoint& listen, const WebConfig& config) {
  const std::string ours = "this system's civetweb " + std::string{mg_version()};
  if (listen.address.family == IpFamily::v6 && mg_check_feature(MG_FEATURES_IPV6) == 0) {
    return Error{
        ErrorCode::usage,
        "--listen " + listen.to_string() + ": " + ours + " knows no IPv6; give an IPv4 address",
        0,
        {}};
  }
  if (config.tls && is_tls_broken()) {
    return Error{ErrorCode::usage,
                 "--web-config: " + ours +
                     " cannot work with its OpenSSL 3; leave out tls_server_config and let a proxy "
                     "on this host do TLS",
                 0,
                 {}};
  }
  return std::nullopt;
}

namespace {

enum class Asker : std::uint8_t { own, link, page };

/// Who a browser asks for: this server's own page or its user, a link on another's page, or another
/// page by itself (W3C Fetch Metadata; older browsers say Origin alone). Who is no browser says
/// nothing of that.
Asker asker_of(const mg_connection* connection) {
  const auto header = [connection](const char* name) {
    const char* const value = mg_get_header(connection, name);
    return std::string_view{value != nullptr ? value : ""};
  };
  const std::string_view site = header("Sec-Fetch-Site");
  if (site == "same-origin" || site == "none") {
    return Asker::own;
  }
  if (!site.empty()) {
    return header("Sec-Fetch-Mode") == "navigate" ? Asker::link : Asker::page;
  }
  const std::string_view origin = header("Origin");
  const auto scheme = origin.find("://");
  const bool ours = scheme != std::string_view::npos && origin.substr(scheme + 3) == header("Host");
  return origin.empty() || ours ? Asker::own : Asker::page;
}

HttpRequest request_of(const mg_connection* connection, bool head_only, bool linked) {
  const mg_request_info* const info = mg_get_request_info(connection);
  HttpRequest request;
  request.path = info->local_uri != nullptr ? info->local_uri : "";
  request.query = info->query_string != nullptr ? info->query_string : "";
  if (const char* const header = mg_get_header(connection, "X-Prometheus-Scrape-Timeout-Seconds")) {
    request.scrape_timeout = header;
  }
  request.head_only = head_only;
  request.linked = linked;
  return request;
}

/// Pairs of names and values, as civetweb wants them.
std::vector<std::string> server_options(const Endpoint& listen, const WebConfig& config) {
  std::vector<std::string> options{
      "listening_ports", listening_port(listen, config.tls.has_value()), "num_threads", "48",
      "request_timeout_ms", kPatienceMs, "max_request_size", "16384", "enable_keep_alive", "yes",
      "keep_alive_timeout_ms", kPatienceMs, "tcp_nodelay", "1", "enable_directory_listing", "no",
      // The realm's name need not be the host's.
      "enable_auth_domain_check", "no"};
  if (config.tls) {
    options.insert(options.end(),
                   {"ssl_certificate", config.tls->certificate, "ssl_protocol_version",
                    std::to_string(config.tls->least_version)});
  }
  if (config.tls && config.tls->client_ca) {
    options.insert(options.end(),
                   {"ssl_verify_peer", "yes", "ssl_ca_file", *config.tls->client_ca});
  }
  return options;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(const Endpoint& listen,
                                                     const WebConfig& config, Handler handler,
                                                     Names names) {
  std::unique_ptr<HttpServer> server{new HttpServer{config, std::move(handler), std::move(names)}};
  if (const auto started = server->start(listen); !started) {
    return tl::unexpected{started.error()};
  }
  return server;
}

mg_callbacks HttpServer::make_callbacks() {
  mg_callbacks callbacks{};
  callbacks.begin_request = [](mg_connection* connection) {
    auto* const self = static_cast<HttpServer*>(mg_get_user_data(mg_get_context(connection)));
    return self->answer_safely(connection);
  };
  callbacks.log_message = [](const mg_connection* connection, const char* message) {
    if (connection == nullptr) {
      return 1;
    }
    auto* const self = static_cast<HttpServer*>(mg_get_user_data(mg_get_context(connection)));
    if (self != nullptr && self->context_ == nullptr && self->problem_.empty()) {
      self->problem_ = message;  // while it starts: why it cannot; what follows is less exact
    }
    return 1;
  };
  return callbacks;
}

Result<void> HttpServer::start(const Endpoint& listen) {
  if (auto problem = lacking(listen, config_)) {
    return tl::unexpected{*std::move(problem)};
  }
  mg_init_library(config_.tls ? MG_FEATURES_SSL : MG_FEATURES_DEFAULT);
  const std::vector<std::string> words = server_options(listen, config_);
  std::vector<const char*> options;
  options.reserve(words.size() + 1);
  for (const std::string& word : words) {
    options.push_back(word.c_str());
  }
  options.push_back(nullptr);
  const mg_callbacks callbacks = make_callbacks();
  context_ = mg_start(&callbacks, this, options.data());
  if (context_ == nullptr) {
    return tl::unexpected<Error>{Error{ErrorCode::system,
                                       "--listen " + listen.to_string() + ": " +
                                           (problem_.empty() ? "cannot listen there" : problem_),
                                       0,
                                       {}}};
  }
  local_ = listen;
  mg_server_port bound{};
  if (mg_get_server_ports(context_, 1, &bound) == 1) {
    local_.port = static_cast<std::uint16_t>(bound.port);
  }
  return {};
}

HttpServer::~HttpServer() {
  ending_ = true;
  if (context_ != nullptr) {
    mg_stop(context_);
  }
  mg_exit_library();
}

std::string HttpServer::url() const {
  return (config_.tls ? "https://" : "http://") + local_.to_string() + "/";
}

/// What goes wrong here costs an answer, and not the process: these threads are civetweb's.
int HttpServer::answer_safely(mg_connection* connection) noexcept {
  try {
    return answer(connection);
  } catch (const std::exception&) {
    static_cast<void>(mg_send_http_error(connection, 503, "%s", ""));
    return 503;
  }
}

HttpServer::HttpServer(WebConfig config, Handler handler, Names names)
    : config_(std::move(config)),
      handler_(std::move(handler)),
      names_(std::move(names)),
      gate_([this](const char* header) { return is_authorized(config_, header); }, clock_,
            [](Duration time) { std::this_thread::sleep_for(time); }) {}

int HttpServer::answer(mg_connection* connection) {
  const mg_request_info* const info = mg_get_request_info(connection);
  const std::string_view method{info->request_method != nullptr ? info->request_method : ""};
  const bool head_only = method == "HEAD";
  const auto may_ask = config_.users.empty()
                           ? PasswordGate::Answer::yes
                           : gate_.ask(mg_get_header(connection, "Authorization"));
  if (may_ask == PasswordGate::Answer::later) {
    send(connection, http_problem(503, "too many passwords are being tried"), !head_only);
    return 503;
  }
  if (may_ask == PasswordGate::Answer::no) {
    send(connection, http_problem(401, "name and password are needed"), !head_only);
    return 401;
  }
  if (method != "GET" && !head_only) {
    send(connection, http_problem(405, "only GET and HEAD are answered", "GET, HEAD"), true);
    return 405;
  }
  const char* const host = mg_get_header(connection, "Host");
  if (names_ && !is_called(host != nullptr ? host : "", *names_)) {
    send(connection, http_problem(403, "not the name of this host; see --host-name"), !head_only);
    return 403;
  }
  const Asker asker = asker_of(connection);
  if (asker == Asker::page) {
    send(connection, http_problem(403, "a page of another origin gets nothing"), !head_only);
    return 403;
  }
  const HttpReply reply = handler_(request_of(connection, head_only, asker == Asker::link));
  if (reply.feed != nullptr && !head_only) {
    stream(connection, *reply.feed);
  } else {
    send(connection, reply, !head_only);
  }
  return reply.status;
}

void HttpServer::stream(mg_connection* connection, LiveFeed& feed) {
  const auto listener = feed.listen(kMostStreams);
  if (!listener) {
    send(connection, http_problem(503, "too many pages are open"), true);
    return;
  }
  const std::string begin =
      head(200, "text/event-stream") + "Connection: close\r\n\r\nretry: 3000\n\n";
  bool good = mg_write(connection, begin.data(), begin.size()) > 0;
  int silent = 0;
  while (good && !ending_.load() && !listener->ended()) {
    const auto message = listener->next(std::chrono::seconds{1});
    std::string text = message && message->skipped ? "event: skipped\ndata: {}\n\n" : "";
    text += message ? message->text : std::string{};
    silent = message ? 0 : silent + 1;
    if (silent >= 10) {  // so that a client that is gone is noticed
      text = ": still here\n\n";
      silent = 0;
    }
    good = text.empty() || mg_write(connection, text.data(), text.size()) > 0;
  }
  feed.leave(listener);
}

}  // namespace udperf::app
