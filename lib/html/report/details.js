// All intervals, the configuration, and what is to be said of figures that are missing.
const intervals = () => {
  const part = section('Intervals', 'intervals');
  ways.forEach(([key]) => {
    const rows = rowsOf(doc[key].intervals);
    if (rows.length === 0) return;
    const details = add(make('details'), make('summary', `${key}: ${several(rows.length, 'interval')}`));
    add(details, table(['from', 'to', 'rate', 'delivered', 'sent', 'lost', 'dup.', 'reord.', 'DV median', 'DV 99 %', 'RTT median'],
      rows.slice(0, 5000).map((r) => [inSeconds(r.start_s), inSeconds(r.end_s), rate(r.goodput_bps), count(r.packets), count(r.sent), count(r.lost), count(r.duplicates), count(r.reordered), time(r.delay_variation_p50_ns), time(r.delay_variation_p99_ns), time(r.rtt_p50_ns)])));
    add(part, details);
  });
};

const configuration = () => {
  const test = doc.test || {};
  const part = section('Configuration', 'configuration');
  const asked = known(test.size_bytes) ? bytes(test.size_bytes) : known(test.packets) ? `${count(test.packets)} datagrams` : seconds(test.duration_s);
  const rows = [['direction', test.direction], ['amount, each direction', asked], ['streams', test.streams], ['payload of a datagram', known(test.payload_bytes) ? `${test.payload_bytes} B` : NONE],
    [test.direction === 'both' ? 'rate asked for, both directions together' : 'rate asked for', number(test.rate_target_bps) ? rate(test.rate_target_bps) : at(doc, 'search.capacity') ? 'adjusted to the feedback' : 'as fast as it goes'], ['interval', seconds(test.interval_s)], ['address family', test.family || NONE],
    ['DSCP, ECN sent', `${test.dscp}, ${test.ecn_sent}`], ['not to be fragmented', test.df ? 'yes' : 'no'], ['authenticated', test.auth ? 'yes' : 'no'], ['test id', test.id || NONE],
    ['client as the server sees it', known(test.client_address_seen_by_server) ? `${test.client_address_seen_by_server} port ${test.client_port_seen_by_server}` : NONE], ['end', moment(test.end_unix_ns)]];
  Object.entries(test.labels || {}).forEach(([key, value]) => rows.push([`label ${key}`, value]));
  ways.forEach(([key]) => {
    rows.push([`${key}: sender`, `pacer ${at(doc[key], 'pacing.pacer') || NONE}${known(at(doc[key], 'tx.scheduling')) ? `, scheduling ${doc[key].tx.scheduling}` : ''}${known(at(doc[key], 'pacing.lateness_p99_ns')) ? `, wake-ups late by ${time(doc[key].pacing.lateness_p99_ns)} (p99)` : ''}; batches of ${known(at(doc[key], 'tx.batch_mean')) ? digits(doc[key].tx.batch_mean) : NONE}; processor ${percent(at(doc[key], 'tx.cpu_percent'))}; buffer ${bytes(at(doc[key], 'tx.sndbuf_bytes'))}`],
      [`${key}: receiver`, `time stamps ${at(doc[key], 'rx.timestamps') || NONE}; hops ${known(at(doc[key], 'rx.hops')) ? doc[key].rx.hops : NONE}; processor ${percent(at(doc[key], 'rx.cpu_percent'))}; buffer ${bytes(at(doc[key], 'rx.rcvbuf_bytes'))}`]);
    const mtu = at(doc, `mtu.${key}`);
    if (mtu) rows.push([`${key}: largest payload`, known(mtu.payload_bytes) ? `${mtu.payload_bytes} B${mtu.black_hole ? '; larger ones disappear in silence' : ''}` : NONE]);
  });
  add(part, table(null, rows.map(([name, value]) => [name, known(value) ? value : NONE]), 'plain'));
};

const remarks = () => {
  const part = section('Warnings and notes', 'remarks');
  const list = (title, items, text) => {
    add(part, make('h3', title));
    if (items.length === 0) { add(part, make('p', 'none', 'dim')); return; }
    add(part, add(make('ul'), ...items.map((item) => make('li', text(item)))));
  };
  list('Warnings', rowsOf(doc.warnings), (w) => `${w.code}: ${w.message}`);
  list('Why a figure is missing', rowsOf(doc.notes), (n) => `${n.field}: ${n.message}`);
};
