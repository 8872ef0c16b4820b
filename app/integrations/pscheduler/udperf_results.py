"""udperf's result document in the words of pScheduler's tests."""

from collections import Counter


def failure(error, diags):
    """A result that says why there is none."""
    return {"succeeded": False, "error": error, "diags": diags}


def result_of(plan, document, diags):
    """The client's result of a test."""
    if document is None:
        return failure("udperf gave no result", diags)
    try:
        direction = document.get(plan.direction)
        if document["status"] != "complete" or direction is None:
            problem = document.get("error") or {}
            return failure(problem.get("message") or f"the test is {document['status']}", diags)
        if plan.kind == "throughput":
            return throughput(document, direction, diags)
        return latency(plan, document, direction, diags)
    except (KeyError, IndexError, TypeError, AttributeError) as missing:
        return failure(f"udperf's document lacks what a result has: {missing!r}", diags)


def said_by(number, result):
    """What a participant has to say for people, with the reason where it failed."""
    if not isinstance(result, dict):
        return f"Participant {number} told nothing"
    return "\n".join([f"Participant {number}:"] +
                     [str(result[key]) for key in ("error", "diags") if result.get(key)])


def has_figures(plan, told):
    """Whether what the client told is a result that has what its test is about."""
    if not isinstance(told, dict) or told.get("succeeded") is not True:
        return False
    if plan.kind == "throughput":
        return isinstance(told.get("intervals"), list) and isinstance(told.get("summary"), dict)
    return all(isinstance(told.get(f"packets-{name}"), int) for name in ("sent", "received", "lost"))


def merge(plan, told, results):
    """The test's result: the client's, with what both ends said. `throughput` allows no key but
    these, so that there an error is among the diags."""
    succeeded = has_figures(plan, told)
    diags = "\n".join(said_by(number, result) for number, result in enumerate(results))
    if plan.kind == "throughput":
        figures = ({key: told[key] for key in ("intervals", "summary")} if succeeded
                   else {"intervals": [], "summary": {}})
        return {"succeeded": succeeded, "diags": diags, **figures}
    if succeeded:
        return {**told, "schema": 1, "diags": diags}
    error = told.get("error") if isinstance(told, dict) else None
    return {"schema": 1, **failure(error or "the client told no figures", diags)}


def datagram_bytes(direction):
    """Payload of a datagram; all but the last of a direction have as much."""
    sent = direction["tx"]
    return sent["payload_bytes"] / sent["packets"] if sent["packets"] else 0


def row(interval, stream, size):
    """An interval: rates at the sender and at the receiver; datagrams by the sender's numbers."""
    seconds = interval["end_s"] - interval["start_s"]
    values = {"stream-id": stream, "start": interval["start_s"], "end": interval["end_s"],
              "sent": interval["sent"], "lost": interval["lost"]}
    if seconds > 0 and interval["sent"] is not None:
        values["throughput-bits"] = interval["sent"] * size * 8 / seconds
    if interval["goodput_bps"] is not None:
        values["receiver-throughput-bits"] = interval["goodput_bps"]
    return values


def intervals_of(direction, size):
    """Each interval with its streams; udperf tells them apart where there are several."""
    streams = direction["streams"]
    rows = []
    for number, interval in enumerate(direction["intervals"]):
        summary = row(interval, 0, size)
        del summary["stream-id"]
        if len(streams) == 1:
            parts = [row(interval, 0, size)]
        else:
            parts = [row(stream["intervals"][number], stream["stream"], size) for stream in streams
                     if number < len(stream["intervals"])]
        rows.append({"streams": parts, "summary": summary})
    return rows


def total(seconds, sent, received, lost):
    """Figures of the whole test, of a stream or of all."""
    values = {"start": 0, "end": seconds, "sent": sent["packets"], "lost": lost["packets"]}
    if seconds > 0:
        values["throughput-bits"] = sent["payload_bytes"] * 8 / seconds
    if received["goodput_bps"] is not None:
        values["receiver-throughput-bits"] = received["goodput_bps"]
    return values


def throughput(document, direction, diags):
    """`throughput`: jitter in ms and rtt in us, as the other tools give them."""
    seconds = (direction["tx"]["window_ns"] or direction["tx"]["span_ns"] or 0) / 1e9
    streams = [dict(total(seconds, stream["tx"], stream["rx"], stream["loss"]),
                    **{"stream-id": stream["stream"]}) for stream in direction["streams"]]
    summary = total(seconds, direction["tx"], direction["rx"], direction["loss"])
    jitter = direction["jitter"]["rfc3550_ns"]
    if jitter is not None:
        summary["jitter"] = jitter / 1e6
        if len(streams) == 1:
            streams[0]["jitter"] = jitter / 1e6
    rtt = document["rtt"]["loaded"]["p50_ns"]
    if rtt is not None:
        summary["rtt"] = rtt / 1e3
    return {"succeeded": True, "diags": diags,
            "intervals": intervals_of(direction, datagram_bytes(direction)),
            "summary": {"streams": streams, "summary": summary}}


def delays_of(direction):
    """How many packets have which one-way delay, in ns; None where delays are not known."""
    shortest = direction["delay"]["min_ns"]
    if shortest is None:
        return None
    packets = Counter()
    for interval in direction["intervals"]:
        number = interval["packets"]
        middle, last = interval["delay_variation_p50_ns"], interval["delay_variation_p99_ns"]
        if not number or middle is None:
            continue
        # One packet as a rule. Several share an interval where something held them up on the way.
        delays = [middle] * number if last is None or number == 1 else [middle] * (number - 1) + [last]
        packets.update(shortest + delay for delay in delays)
    return packets


def histogram(plan, delays):
    """Packets by one-way delay in units of the bucket's width."""
    packets = Counter()
    for delay, number in sorted(delays.items()):
        packets[f"{round(delay / 1e9 / plan.bucket, 2) + 0:.2f}"] += number  # with 0 added there is no -0.00
    return dict(packets)


def latency(plan, document, direction, diags):
    """`latency`: counts of the numbered packets, and the histogram of their one-way delays."""
    result = {"schema": 1, "succeeded": True,
              "packets-sent": direction["tx"]["packets"],
              "packets-received": direction["rx"]["unique"],
              "packets-lost": direction["loss"]["packets"],
              "packets-duplicated": direction["duplicates"]["packets"],
              "packets-reordered": direction["reordering"]["packets"],
              "diags": diags}
    delays = delays_of(direction)
    if delays is not None:
        # What came after packet-timeout counts as lost.
        in_time = Counter({delay: number for delay, number in delays.items()
                           if not plan.timeout or delay <= plan.timeout * 1e9})
        late = sum(delays.values()) - sum(in_time.values())
        result["packets-received"] -= late
        result["packets-lost"] += late
        result["histogram-latency"] = histogram(plan, in_time)
    elif plan.timeout:
        result["diags"] += "\npacket-timeout was not applied: the one-way delays are not known"
    uncertainty = direction["delay"]["uncertainty_ns"]
    if uncertainty is not None:
        result["max-clock-error"] = uncertainty / 1e6
    return result
