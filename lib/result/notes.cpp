#include <utility>

#include "result/document.hpp"

namespace udperf::result {
namespace {

class Notes {
 public:
  explicit Notes(std::string prefix) : prefix_(std::move(prefix)) {}
  void add(const std::string& field, std::string code, std::string message) {
    notes_.push_back(Note{prefix_ + field, std::move(code), std::move(message)});
  }
  [[nodiscard]] std::vector<Note> take() { return std::move(notes_); }

 private:
  std::string prefix_;
  std::vector<Note> notes_;
};

void note_sender(const DirectionPart& part, Notes& notes) {
  if (!part.tx.packets) {
    notes.add("tx", "no_sender_report", "the sender did not tell what it sent");
  } else if (*part.tx.packets == 0) {
    notes.add("tx.first_unix_ns", "nothing_sent", "no datagram was sent");
  }
}

void note_receiver(const DirectionPart& part, Notes& notes) {
  const RxPart& rx = part.rx;
  if (!rx.unique) {
    notes.add("rx", "no_report", "the receiver's report is missing: what arrived is not known");
    if (!part.intervals.empty()) {
      notes.add("intervals", "as_told",
                "as the receiver told of them while the test ran: provisional, and without what "
                "arrived after the last of them");
    }
  } else if (*rx.unique == 0) {
    notes.add("rx.goodput_bps", "nothing_arrived", "no datagram arrived: there is no rate");
  } else if (*rx.unique == 1) {
    notes.add("rx.goodput_bps", "single_packet", "one datagram arrived: there is no time span");
  } else if (!rx.goodput_bps) {
    notes.add("rx.goodput_bps", "zero_span", "all arrivals have the same time stamp");
  } else if (!rx.ip_bps) {
    notes.add(
        "rx.ip_bps", "lengths_unknown",
        "some of the trace came in fragments, and only the sender knows how many: there is no "
        "rate below UDP");
  }
  if (rx.memory_limited) {
    notes.add("rx", "memory_limited",
              "the receiver had no memory for all of it: intervals may be joined, delays missing, "
              "and datagrams that came very late count as lost");
  }
}

void note_clocks(const DirectionPart& part, Notes& notes) {
  if (part.rx.first_unix_ns && part.tx.first_unix_ns &&
      *part.rx.first_unix_ns < *part.tx.first_unix_ns) {
    notes.add("rx.first_unix_ns", "clocks_differ",
              "the first arrival is before the first departure: the hosts' clocks differ, see "
              "clock.offset_ns");
  }
}

void note_loss(const DirectionPart& part, Notes& notes) {
  if (!part.loss.packets) {
    return;
  }
  if (part.rx.finalize_reason == "no_fin" && !part.tx.packets) {
    notes.add("loss.packets", "tail_unknown",
              "nobody told how many were sent: what was lost after the last arrival is missing");
  }
  if (!part.loss.network_packets) {
    notes.add("loss.network_packets", "split_unknown",
              part.tx.packets ? "the receiving socket's drops were not counted"
                              : "the sender did not tell of its own drops");
  } else if (!part.loss.local_tx_drop) {
    notes.add("loss.local_tx_drop", "not_measured",
              "the sending host's own queue could not be looked at: what it dropped is among the "
              "network's");
  }
  if (part.loss.local_tx_drop_is_bound.value_or(false)) {
    notes.add("loss.local_tx_drop", "bound",
              "the queue on the way out dropped datagrams that it had taken, perhaps others' too: "
              "at most so many");
  }
  if (part.loss.rx_socket_drop_is_bound.value_or(false)) {
    notes.add("loss.rx_socket_drop", "bound",
              "whose some of the losses were is not certain: the split is the likeliest one");
  }
}

bool a_host_was_busy(const ResultDocument& document) {
  const auto busy = [](const std::optional<DirectionPart>& part) {
    return part && (part->tx.host.busy.value_or(false) || part->rx.host.busy.value_or(false));
  };
  return busy(document.up) || busy(document.down);
}

void note_delays(const DirectionPart& part, Notes& notes) {
  if (part.rx.unique.value_or(0) < 2) {
    return;
  }
  if (part.rx.timestamps == "user" && part.delay_variation.p50_ns) {
    notes.add("delay_variation", "host_made",
              "no kernel stamped every arrival: what a busy host let it wait is in the figures");
  } else if (part.tx.host.busy.value_or(false) && part.delay_variation.p50_ns) {
    notes.add(
        "delay_variation", "host_made",
        "the sending host was busy: what it let a datagram wait between its stamp and the way "
        "out is in the figures");
  }
  if (part.streams.size() > 1) {
    notes.add(
        "intervals", "several_streams",
        "delay variation by interval has no percentiles over several streams: see the rows in "
        "streams");
    notes.add("jitter.ipdv_mean_abs_ns", "several_streams",
              "the differences between datagrams are those of a stream: no mean of several");
  }
  if (part.streams.size() > 1 && part.delay_variation.n.value_or(0) > 0 &&
      !part.delay_variation.p50_ns) {
    notes.add("delay_variation.p50_ns", "several_streams",
              "the distribution of a stream's delays is missing: they cannot be joined");
  } else if (!part.delay_variation.p50_ns && part.rx.memory_limited) {
    notes.add("delay_variation", "memory_limited",
              "the receiver had no memory for the distribution of delays");
  } else if (!part.delay_variation.p50_ns) {
    notes.add("delay_variation", "not_timed", "the receiver took no arrival times");
  } else if (!part.delay.n) {
    notes.add("delay", "clocks_unrelated", "how the two hosts' clocks relate is not known");
  } else if (part.delay.absolute_valid && !*part.delay.absolute_valid) {
    notes.add(
        "delay", "uncertain",
        "the clocks' relation is less certain than the delay is long: only its changes count");
  }
}

/// Full speed without the receiver's word may overrun its socket, as it does with earlier versions.
void note_governor(const DirectionPart& part, const SendRate& rate, Notes& notes) {
  if (part.tx.governor == "none" && !rate.limited()) {
    notes.add("tx.governor", "receiver_does_not_tell",
              "the receiving end does not tell how full its socket is: full speed may overrun it");
  }
}

/// What the iperf3 protocol has no words for.
void note_iperf3(const ResultDocument& document, Notes& notes) {
  if (document.up) {
    const bool copies = document.test.iperf3->tells_copies;
    notes.add("up.rx", "iperf3",
              "an iperf3 server tells bytes, losses and jitter of each stream: these are its "
              "figures, all else is not known");
    if (document.up->loss.packets && !copies) {
      notes.add("up.loss.packets", "iperf3",
                "the larger of what the server says, with all behind the last that it saw, and of "
                "what its bytes leave room for: copies that arrived may hide more");
    }
  }
  if (document.down) {
    notes.add("down.tx", "iperf3", "an iperf3 server tells how much it sent, and nothing of how");
  }
  notes.add("rtt", "iperf3", "the iperf3 protocol has no probes");
}

void append(std::vector<Note> more, std::vector<Note>& notes) {
  for (Note& note : more) {
    notes.push_back(std::move(note));
  }
}

void note_voice(const DirectionPart& part, const VoiceSetup& setup, Notes& notes) {
  if (!setup.wanted() || !part.rx.unique) {
    return;
  }
  if (!part.voice) {
    notes.add(
        "voice", "not_told",
        "the receiving end did not play it to a listener: it is of an earlier version, or could "
        "not tell the times");
  } else if (!part.voice->ie) {
    notes.add(
        "voice.mos", "no_codec_figures",
        "there is no impairment factor of this codec on the narrow-band scale of the E-model: "
        "loss and delay are told, a score would be made up");
  } else if (!part.voice->mos) {
    notes.add("voice.mos", "delay_unknown",
              "neither the clocks nor a round trip told how long the way is");
  }
}

std::vector<Note> notes_of(const ResultDocument& document, Way direction) {
  const DirectionPart& part = direction == Way::up ? *document.up : *document.down;
  Notes notes{direction == Way::up ? "up." : "down."};
  note_sender(part, notes);
  note_governor(part, document.test.params.rate(direction), notes);
  note_receiver(part, notes);
  note_clocks(part, notes);
  note_loss(part, notes);
  note_delays(part, notes);
  note_voice(part, document.test.params.voice, notes);
  return notes.take();
}

/// Of a classic test, in which this end sent.
std::vector<Note> classic_notes(const DirectionPart& up) {
  Notes notes{"up."};
  note_sender(up, notes);
  notes.add("rx", "classic", "a classic server tells its throughput and nothing else");
  return notes.take();
}

std::vector<Note> iperf3_notes(const ResultDocument& document) {
  Notes notes{""};
  note_iperf3(document, notes);
  std::vector<Note> all = notes.take();
  if (document.up) {
    Notes up{"up."};
    note_governor(*document.up, document.test.params.rate(Way::up), up);
    append(up.take(), all);
  }
  return all;
}

void note_round_trips(const ResultDocument& document, Notes& notes) {
  if ((document.up || document.down) && !document.rtt.loaded.p50_ns) {
    notes.add("rtt.loaded", "no_probe_answered", "no probe was answered while data flowed");
  }
  if (document.rtt.timestamps == "user") {
    notes.add("rtt", "host_made",
              "no kernel stamped every probe's arrival: what a busy host let it wait is in the "
              "figures");
  } else if (document.rtt.timestamps && a_host_was_busy(document)) {
    notes.add("rtt", "host_made",
              "a host was busy: what it let a probe wait between its stamp and the way out is in "
              "the figures");
  }
}

/// Precondition: the protocol is udperf's own.
void note_flows(const ResultDocument& document, Notes& notes) {
  if (document.test.flows && !document.flows && (document.up || document.down)) {
    notes.add("flows", "no_report",
              "the receiver's report of a flow is missing: they cannot be held against each other");
  }
}

}  // namespace

std::vector<Note> list_notes(const ResultDocument& document) {
  if (document.test.classic && document.up) {
    return classic_notes(*document.up);
  }
  if (document.test.iperf3) {
    return iperf3_notes(document);
  }
  std::vector<Note> all;
  if (document.up) {
    append(notes_of(document, Way::up), all);
  }
  if (document.down) {
    append(notes_of(document, Way::down), all);
  }
  Notes rest{""};
  note_round_trips(document, rest);
  note_flows(document, rest);
  append(rest.take(), all);
  return all;
}

}  // namespace udperf::result
