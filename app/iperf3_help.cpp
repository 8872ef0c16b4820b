#include "app/iperf3_command.hpp"

namespace udperf::app {
namespace {

constexpr const char* kHelp =
    "Usage: udperf iperf3 [-s|-c host] [options]\n"
    "iperf3's own command line for UDP tests, with right numbers; docs/iperf3.md says what "
    "differs.\n"
    "Server or client:\n"
    "  -p, --port N              server port, TCP and UDP (5201)\n"
    "  -f, --format [kmgtKMGT]   unit of rates: bits (small) or bytes\n"
    "  -i, --interval SECONDS    between reports, 0.1..60 or 0 (1)\n"
    "  -I, --pidfile FILE        write the process id\n"
    "  -A, --affinity N[,M]      CPU of this end; of a client: M of the server\n"
    "  -B, --bind HOST[%DEV]     local address, or the name that has it\n"
    "      --bind-dev DEV        send and receive through this network interface only\n"
    "  -V, --verbose             more detail\n"
    "  -J, --json                one document in JSON\n"
    "      --json-stream         a JSON object a line, as it happens\n"
    "      --json-stream-full-output   with it: the whole document at the end, too\n"
    "      --as-version 3.12|3.21   whose keys -J has, and whose name (3.12)\n"
    "      --logfile FILE        append the output to FILE\n"
    "      --timestamps[=FORMAT] time before each line, strftime(3)\n"
    "      --forceflush          (is done anyhow)\n"
    "      --rcv-timeout MS      end a test in which nothing has come for so long (120000)\n"
    "      --snd-timeout MS      of the control connection: data without an answer\n"
    "      --cntl-ka[=IDLE/INTERVAL/COUNT]   of the control connection: whether the peer is "
    "there\n"
    "      --use-pkcs1-padding   credentials as iperf3 before 3.17 has them\n"
    "  -d, --debug               print what is said on the control connection\n"
    "  -4, -6                    IPv4 or IPv6 only\n"
    "  -v, --version  -h, --help\n"
    "Server:\n"
    "  -s, --server  -D, --daemon  -1, --one-off\n"
    "      --idle-timeout SECONDS       with -1: end when no client comes\n"
    "      --server-bitrate-limit RATE[/SECONDS]   of all tests together, looked at over "
    "SECONDS (5)\n"
    "      --server-max-duration SECONDS\n"
    "      --rsa-private-key-path FILE --authorized-users-path FILE   serve these users only\n"
    "      --time-skew-threshold SECONDS   by which their clocks may differ (10)\n"
    "Client:\n"
    "  -c, --client HOST[%DEV]   and -u, --udp, which is needed\n"
    "  -b, --bitrate RATE[/N]    bit/s of each stream, 0 = unlimited (1M); bursts of N\n"
    "  -t, --time SECONDS (10)   -n, --bytes N   -k, --blockcount N   what ends the test\n"
    "  -l, --length N            of each datagram\n"
    "  -P, --parallel N          streams, 1..128\n"
    "  -R, --reverse             the server sends;  --bidir: both do\n"
    "  -O, --omit SECONDS        leave out the beginning\n"
    "  -w, --window N   -S, --tos N   --dscp N   -L, --flowlabel N   --fq-rate RATE\n"
    "      --cport N   --connect-timeout MS   --pacing-timer US   --skip-rx-copy\n"
    "  -T, --title TEXT   --extra-data TEXT   --get-server-output\n"
    "      --udp-counters-64bit   --repeating-payload   --dont-fragment   --gsro\n"
    "      --username NAME --rsa-public-key-path FILE   and IPERF3_PASSWORD, which is asked "
    "for\n"
    "                            where it is not set\n"
    "K, M, G and T are powers of 1000 in rates and of 1024 in bytes.\n";

}  // namespace

std::string iperf3_help() {
  return kHelp;
}

}  // namespace udperf::app
