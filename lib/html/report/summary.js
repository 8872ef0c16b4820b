// The test in a few figures: what it was, each direction, round trip.
const header = () => {
  const test = doc.test || {};
  const part = make('section');
  part.id = 'summary';
  const from = known(test.client_address) ? `${test.client_address} port ${test.client_port}` : 'client';
  const to = known(test.server_address) ? `${test.server_address} port ${test.server_port}` : 'server';
  add(part, make('h1', `udperf: ${from} – ${to}`),
    make('p', `${moment(test.start_unix_ns)} · ${doc.status} · udperf ${doc.version}`, 'dim'),
    make('p', doc.verdict || '', 'verdict'));
  if (doc.error) add(part, make('p', `${doc.error.message}${doc.error.phase ? ` (in phase ${doc.error.phase})` : ''}`, 'bad'));
  main.appendChild(part);
};

const where = (loss) => (known(loss.network_packets)
  ? `${count(loss.network_packets)} in the network, ${count(loss.rx_socket_drop)} in the receiving socket, ${count(loss.local_tx_drop)} in the sending host`
  : known(loss.packets) ? 'where is not known' : '');
const score = (of) => (number(of.mos) && number(of.r) ? `MOS ${of.mos.toFixed(2)} (R ${of.r.toFixed(1)})` : 'no MOS');
const voiceCard = (key, voice) => card('Voice', score(voice), [
  number(voice.mos) ? '' : why(`${key}.voice.mos`),
  known(voice.codec) ? voice.codec : '',
  // Of a monitor's light round less is kept.
  `missed ${share(voice.loss_after_ratio)}${number(voice.loss_before_ratio) ? `, ${share(voice.loss_before_ratio)} lost before` : ' after'} the${known(voice.buffer) ? ` ${voice.buffer}` : ''} buffer${number(voice.buffer_ns) ? ` of ${time(voice.buffer_ns)}` : ''}`,
  number(voice.ta_ns) ? `${time(voice.ta_ns)} from mouth to ear (${voice.network_source === 'one_way' ? 'by the clocks' : 'by half of the round trip'})` : '',
  number(voice.mos_least) && voice.mos_least < voice.mos ? `of the worst call MOS ${voice.mos_least.toFixed(2)}` : '',
  voice.worst ? `worst 10 s: ${score(voice.worst)} from ${seconds(voice.worst.start_s)} on` : '',
].filter((text) => text).join('; '));
const headline = () => ways.forEach(([key, name]) => {
  const way = doc[key];
  const part = section(`${key}: ${name}`, `way-${key}`);
  const cards = make('div', null, 'cards');
  const interval = at(way, 'loss.ci95');
  // A figure with what belongs to it, or why it is missing.
  const figure = (title, path, unit, more) => {
    const value = at(way, path);
    return card(title, unit(value), number(value) ? more() : why(`${key}.${path}`));
  };
  add(cards,
    figure('Delivered payload', 'rx.goodput_bps', rate, () => `of ${rate(at(way, 'tx.offered_bps'))} offered; ${count(at(way, 'rx.unique'))} of ${count(at(way, 'tx.packets'))} datagrams`),
    figure('Lost', 'loss.ratio', share, () => `${several(way.loss.packets, 'datagram')}${way.loss.packets > 0 ? `: ${where(way.loss)}` : ''}${Array.isArray(interval) ? `; 95 %: ${share(interval[0])} to ${share(interval[1])}` : ''}`),
    figure('Delay variation', 'delay_variation.p50_ns', time, () => `median; 99 %: ${time(at(way, 'delay_variation.p99_ns'))}; most: ${time(at(way, 'delay_variation.max_ns'))}`),
    figure('One-way delay', 'delay.p50_ns', time, () => `median, ± ${time(at(way, 'delay.uncertainty_ns'))}${at(way, 'delay.absolute_valid') ? '' : ': only its changes count'}`),
    figure('Jitter (RFC 3550)', 'jitter.rfc3550_ns', time, () => `most: ${time(at(way, 'jitter.rfc3550_max_ns'))}`),
    ...(way.voice && typeof way.voice === 'object' ? [voiceCard(key, way.voice)] : []),
    card('Duplicated, reordered', `${count(at(way, 'duplicates.packets'))}, ${count(at(way, 'reordering.packets'))}`, 'datagrams'));
  add(part, cards);
});

const roundTrips = () => {
  const rtt = doc.rtt || {};
  const part = section('Round trip', 'rtt');
  const median = (name, more) => {
    const of = rtt[name] || {};
    return number(of.p50_ns) ? card(name === 'idle' ? 'Idle' : 'Loaded', time(of.p50_ns), `median of ${count(of.n)}; ${more(of)}`)
      : card(name === 'idle' ? 'Idle' : 'Loaded', NONE, why(`rtt.${name}.p50_ns`));
  };
  add(part, add(make('div', null, 'cards'),
    median('idle', (of) => `least ${time(of.min_ns)}`),
    median('loaded', (of) => `99 %: ${time(of.p99_ns)}`),
    card('Added by the load', time(rtt.bloat_ns), known(rtt.bloat_grade) ? `grade ${rtt.bloat_grade}${rtt.bloat_source === 'data' ? ", by the data's own delay" : ''}` : why('rtt.bloat_ns')),
    card('Clocks', time(at(doc, 'clock.offset_ns')), number(at(doc, 'clock.offset_ns'))
      ? `server less client, ± ${time(doc.clock.uncertainty_ns)} (${doc.clock.method})${doc.clock.step_detected ? '; a clock was set' : ''}` : why('clock.offset_ns'))));
};
