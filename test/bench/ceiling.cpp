// The most that this machine's kernel carries between two UDP sockets: one thread sends, one
// receives, with UDP_SEGMENT and UDP_GRO, or plain send and recv; sequence numbers are written and
// read, nothing is accounted for. What udperf is compared with (docs/performance.md).
//
//   ceiling PAYLOAD SECONDS offload|plain [STREAMS]
// Prints one line of JSON.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWhole = 65493;  // a larger buffer is segmented in software on loopback
constexpr std::size_t kMostSegments = 128;

struct Options {
  std::size_t payload = 1448;
  double seconds = 1;
  bool offload = true;
};

struct Counts {
  std::uint64_t bytes = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t last_sequence = 0;
  double seconds = 0;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void set(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

int bound_socket(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    die("socket");
  }
  port = ntohs(address.sin_port);
  set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20);
  set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 32 << 20);
  return fd;
}

void connect_to(int fd, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    die("connect");
  }
}

void send_all(int fd, const Options& options) {
  const std::size_t n =
      options.offload ? std::clamp<std::size_t>(kWhole / options.payload, 1, kMostSegments) : 1;
  if (n > 1) {
    set(fd, SOL_UDP, UDP_SEGMENT, static_cast<int>(options.payload));
  }
  std::vector<char> buffer(n * options.payload, 'x');
  std::uint64_t sequence = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  while (Clock::now() < end) {
    for (std::size_t i = 0; i < n; ++i) {
      std::memcpy(buffer.data() + i * options.payload, &sequence, sizeof sequence);
      ++sequence;
    }
    static_cast<void>(::send(fd, buffer.data(), buffer.size(), 0));
  }
  for (int i = 0; i < 20; ++i) {  // "the end": shorter than any payload
    static_cast<void>(::send(fd, "e", 1, 0));
  }
}

std::size_t read_segment(msghdr& message, std::size_t length) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
      return static_cast<std::size_t>(segment);
    }
  }
  return length;
}

void receive_all(int fd, const Options& options, Counts& counts) {
  if (options.offload) {
    set(fd, SOL_UDP, UDP_GRO, 1);
  }
  std::vector<char> buffer(65536);
  alignas(cmsghdr) std::array<char, 128> control{};
  Clock::time_point first{};
  Clock::time_point last{};
  while (true) {
    iovec vector{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd, &message, 0);
    if (got <= 1) {
      break;
    }
    const auto length = static_cast<std::size_t>(got);
    const std::size_t segment = read_segment(message, length);
    for (std::size_t at = 0; at + sizeof counts.last_sequence <= length; at += segment) {
      std::memcpy(&counts.last_sequence, buffer.data() + at, sizeof counts.last_sequence);
      ++counts.datagrams;
    }
    counts.bytes += length;
    last = Clock::now();
    first = first == Clock::time_point{} ? last : first;
  }
  counts.seconds = std::chrono::duration<double>(last - first).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: ceiling PAYLOAD SECONDS offload|plain [STREAMS]\n");
    return 2;
  }
  const Options options{std::strtoul(argv[1], nullptr, 10), std::strtod(argv[2], nullptr),
                        std::string{argv[3]} == "offload"};
  const int streams = argc > 4 ? std::atoi(argv[4]) : 1;
  std::vector<Counts> counts(static_cast<std::size_t>(streams));
  std::vector<std::thread> threads;
  for (Counts& one : counts) {
    std::uint16_t to = 0;
    std::uint16_t from = 0;
    const int receiver = bound_socket(to);
    const int sender = bound_socket(from);
    connect_to(sender, to);
    connect_to(receiver, from);
    threads.emplace_back([receiver, &options, &one] { receive_all(receiver, options, one); });
    threads.emplace_back([sender, &options] { send_all(sender, options); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  double bps = 0;
  double pps = 0;
  for (const Counts& one : counts) {
    bps += one.seconds > 0 ? static_cast<double>(one.bytes) * 8 / one.seconds : 0;
    pps += one.seconds > 0 ? static_cast<double>(one.datagrams) / one.seconds : 0;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::printf("{\"goodput_bps\": %.0f, \"pps\": %.0f, \"cpu_seconds\": %.3f}\n", bps, pps,
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
  return 0;
}
