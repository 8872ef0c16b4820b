'use strict';
// Draws the result document that is in the page. Whatever comes from the document is set as text,
// never as markup. A figure that is null was not measured, and is said to be so.
(() => {
  const errors = [];
  window.addEventListener('error', (event) => errors.push(String(event.message)));
  const doc = JSON.parse(document.getElementById('document').textContent);
  const main = document.querySelector('main');
  const charts = [];
  const NONE = 'not measured';

  // ---- figures -------------------------------------------------------------------------------
  const known = (v) => v !== null && v !== undefined;
  const digits = (v) => (v === 0 ? '0' : Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : v.toFixed(2));
  const scaled = (v, units, step) => {
    let i = 0;
    while (Math.abs(v) >= step && i + 1 < units.length) { v /= step; i += 1; }
    return `${digits(v)} ${units[i]}`;
  };
  const rate = (v) => (known(v) ? scaled(v, ['bit/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'], 1000) : NONE);
  const bytes = (v) => (known(v) ? scaled(v, ['B', 'kB', 'MB', 'GB', 'TB'], 1000) : NONE);
  const time = (v) => (known(v) ? scaled(v, ['ns', 'µs', 'ms', 's'], 1000) : NONE);
  const seconds = (v) => (known(v) ? time(v * 1e9) : NONE);
  const percent = (v) => (known(v) ? `${v === 0 ? '0' : v < 0.01 ? v.toExponential(1) : v.toFixed(v < 1 ? 3 : 2)} %` : NONE);
  const count = (v) => (known(v) ? v.toLocaleString('en').replace(/,/g, '\u202f') : NONE);
  const moment = (ns) => (known(ns) ? new Date(ns / 1e6).toISOString().replace('T', ' ').replace('Z', ' UTC') : NONE);
  const at = (object, path) => path.split('.').reduce((o, key) => (known(o) ? o[key] : null), object);

  // ---- elements ------------------------------------------------------------------------------
  const make = (tag, text, kind) => {
    const element = document.createElement(tag);
    if (known(text)) element.textContent = String(text);
    if (kind) element.className = kind;
    return element;
  };
  const add = (parent, ...children) => { children.forEach((child) => parent.appendChild(child)); return parent; };
  const section = (title, id) => {
    const part = make('section');
    part.id = id;
    add(part, make('h2', title));
    main.appendChild(part);
    return part;
  };
  const card = (title, value, more) =>
    add(make('div', null, 'card'), make('div', title, 'dim'), make('div', value, 'value'), make('div', more || '', 'more'));
  const table = (head, rows, kind) => {
    const out = make('table', null, kind);
    if (head) add(out, add(make('thead'), add(make('tr'), ...head.map((text) => make('th', text)))));
    const body = make('tbody');
    rows.forEach((row) => add(body, add(make('tr'), ...row.map((cell) => make('td', cell)))));
    return add(make('div', null, 'scroll'), add(out, body));
  };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // ---- charts --------------------------------------------------------------------------------
  const chart = (parent, title, config, describe) => {
    const canvas = make('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', describe || title);
    add(parent, add(make('div', null, 'chart'), make('h3', title), add(make('div', null, 'canvas'), canvas)));
    charts.push({ canvas, config });
  };
  const axis = (title, tick, more) => ({
    title: { display: true, text: title, color: color('--dim') },
    ticks: { color: color('--dim'), callback: tick, maxRotation: 0, autoSkipPadding: 12 },
    grid: { color: color('--line') }, ...more,
  });
  const options = (xTitle, xTick, yTitle, yTick, more) => ({
    animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
    interaction: { mode: 'nearest', intersect: false, axis: 'x' },
    plugins: {
      legend: { labels: { color: color('--text'), boxWidth: 14 } },
      tooltip: {
        callbacks: {
          title: (items) => (items.length ? xTick(items[0].parsed.x) : ''),
          label: (item) => `${item.dataset.label}: ${yTick(item.parsed.y)}`,
        },
      },
    },
    scales: {
      x: axis(xTitle, (v) => xTick(v), { type: 'linear', ...(more && more.x) }),
      y: axis(yTitle, (v) => yTick(v), { beginAtZero: true, ...(more && more.y) }),
    },
  });
  const line = (label, points, shade, more) => ({
    label, data: points, borderColor: color(shade), backgroundColor: color(shade), borderWidth: 2,
    pointRadius: points.length > 60 ? 0 : 2.5, spanGaps: false, tension: 0, ...more,
  });
  // Each row of an interval table is drawn over its whole length.
  const steps = (rows, value) => rows.flatMap((row) => {
    const y = value(row);
    const v = known(y) ? y : NaN;
    return [{ x: row.start_s, y: v }, { x: row.end_s, y: v }];
  });
  const any = (points) => points.some((p) => !Number.isNaN(p.y));

  const ways = [['up', 'client to server', '--up'], ['down', 'server to client', '--down']]
    .filter(([key]) => doc[key]);
  const inSeconds = (v) => `${+Number(v).toPrecision(4)} s`;

  // ---- parts of the page ---------------------------------------------------------------------
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
  const headline = () => ways.forEach(([key, name]) => {
    const way = doc[key];
    const part = section(`${key}: ${name}`, `way-${key}`);
    const cards = make('div', null, 'cards');
    const interval = at(way, 'loss.ci95');
    add(cards,
      card('Delivered payload', rate(at(way, 'rx.goodput_bps')), `of ${rate(at(way, 'tx.offered_bps'))} offered; ${count(at(way, 'rx.unique'))} of ${count(at(way, 'tx.packets'))} datagrams`),
      card('Lost', percent(known(at(way, 'loss.ratio')) ? way.loss.ratio * 100 : null),
        `${count(at(way, 'loss.packets'))} datagrams: ${where(way.loss || {})}${interval ? `; 95 %: ${percent(interval[0] * 100)} to ${percent(interval[1] * 100)}` : ''}`),
      card('Delay variation', time(at(way, 'delay_variation.p50_ns')), `median; 99 %: ${time(at(way, 'delay_variation.p99_ns'))}; most: ${time(at(way, 'delay_variation.max_ns'))}`),
      card('One-way delay', time(at(way, 'delay.p50_ns')), known(at(way, 'delay.p50_ns')) ? `median, ± ${time(at(way, 'delay.uncertainty_ns'))}${at(way, 'delay.absolute_valid') ? '' : ': only its changes count'}` : ''),
      card('Jitter (RFC 3550)', time(at(way, 'jitter.rfc3550_ns')), `most: ${time(at(way, 'jitter.rfc3550_max_ns'))}`),
      card('Duplicated, reordered', `${count(at(way, 'duplicates.packets'))}, ${count(at(way, 'reordering.packets'))}`, 'datagrams'));
    add(part, cards);
  });

  const roundTrips = () => {
    const rtt = doc.rtt || {};
    const part = section('Round trip', 'rtt');
    add(part, add(make('div', null, 'cards'),
      card('Idle', time(at(rtt, 'idle.p50_ns')), `median of ${count(at(rtt, 'idle.n'))}; least ${time(at(rtt, 'idle.min_ns'))}`),
      card('Loaded', time(at(rtt, 'loaded.p50_ns')), `median of ${count(at(rtt, 'loaded.n'))}; 99 %: ${time(at(rtt, 'loaded.p99_ns'))}`),
      card('Added by the load', time(rtt.bloat_ns), known(rtt.bloat_grade) ? `grade ${rtt.bloat_grade}` : ''),
      card('Clocks', known(at(doc, 'clock.offset_ns')) ? time(doc.clock.offset_ns) : NONE,
        known(at(doc, 'clock.method')) ? `server less client, ± ${time(doc.clock.uncertainty_ns)} (${doc.clock.method})${doc.clock.step_detected ? '; a clock was set' : ''}` : '')));
  };

  const overTime = () => {
    const part = section('Over time', 'over-time');
    const grid = add(part, make('div', null, 'charts')).lastChild;
    const sets = (value, suffix) => ways.map(([key, , shade]) => line(key + (suffix || ''), steps(doc[key].intervals || [], value), shade));
    const rates = sets((r) => r.goodput_bps);
    const delays = ways.flatMap(([key, , shade]) => [
      line(`${key} median`, steps(doc[key].intervals || [], (r) => r.delay_variation_p50_ns), shade),
      line(`${key} 99 %`, steps(doc[key].intervals || [], (r) => r.delay_variation_p99_ns), shade, { borderDash: [5, 4] })]);
    const rtts = sets((r) => r.rtt_p50_ns);
    const losses = ways.map(([key, , shade]) => line(key, steps(doc[key].intervals || [], (r) => (r.sent > 0 ? (100 * r.lost) / r.sent : null)), shade, { fill: true }));
    const lastEnd = Math.max(...ways.flatMap(([key]) => (doc[key].intervals || []).map((r) => r.end_s)), 0) || undefined;
    let drawn = 0;
    const draw = (title, data, yTitle, tick) => {
      const usable = data.filter((set) => any(set.data));
      if (usable.length === 0) { add(part, make('p', `${title}: ${NONE}`, 'dim')); return; }
      drawn += 1;
      chart(grid, title, { type: 'line', data: { datasets: usable }, options: options('time since the first arrival', inSeconds, yTitle, tick, { x: { max: lastEnd } }) },
        `${title} over time; the table of intervals below has the figures`);
    };
    draw('Delivered rate', rates, 'payload', rate);
    draw('Loss', losses, 'share lost', (v) => percent(v));
    draw('Round trip', rtts, 'median', time);
    draw('Delay variation', delays, 'above the least', time);
    if (drawn === 0) grid.remove();
  };

  const distribution = () => {
    const points = (d, zero) => [[0, zero], [50, d.p50_ns], [90, d.p90_ns], [95, d.p95_ns], [99, d.p99_ns], [99.9, d.p999_ns], [100, d.max_ns]]
      .filter(([, v]) => known(v)).map(([y, x]) => ({ x, y }));
    const part = section('Distribution of delay', 'distribution');
    const grid = add(part, make('div', null, 'charts')).lastChild;
    const variation = [];
    const delay = [];
    ways.forEach(([key, , shade]) => {
      const v = doc[key].delay_variation || {};
      if (known(v.p50_ns)) variation.push(line(key, points(v, 0), shade, { pointRadius: 3 }));
      const d = doc[key].delay || {};
      if (known(d.p50_ns)) delay.push(line(key, points(d, d.min_ns), shade, { pointRadius: 3 }));
    });
    // A lonely outlier must not press the rest against the axis: the largest is named above.
    const reach = (data) => {
      const ends = data.map((set) => {
        const at99 = (set.data.find((p) => p.y === 99) || set.data[set.data.length - 1]).x;
        return Math.min(set.data[set.data.length - 1].x, at99 > 0 ? 2 * at99 : Infinity);
      });
      return Math.max(...ends);
    };
    const draw = (title, data) => {
      if (data.length === 0) { add(part, make('p', `${title}: ${NONE}`, 'dim')); return; }
      chart(grid, title, { type: 'line', data: { datasets: data }, options: options('delay', time, 'share of datagrams', (v) => `${+v.toPrecision(4)} %`, { y: { max: 100 }, x: { max: reach(data) } }) },
        `${title}: cumulative, through the percentiles that were measured`);
    };
    draw('Delay variation, cumulative', variation);
    draw('One-way delay, cumulative', delay);
    if (grid.childElementCount === 0) grid.remove();
  };

  const lossMap = () => {
    const part = section('Where and when datagrams were lost', 'loss-map');
    ways.forEach(([key, name]) => {
      const loss = doc[key].loss || {};
      const rows = doc[key].intervals || [];
      add(part, make('h3', `${key}: ${name}`));
      if (!known(loss.packets)) { add(part, make('p', NONE, 'dim')); return; }
      add(part, make('p', loss.packets === 0 ? 'nothing was lost' : `${count(loss.packets)} datagrams (${bytes(loss.bytes)}): ${where(loss)}`));
      if (loss.packets === 0) return;
      const places = [['network_packets', '--loss'], ['rx_socket_drop', '--host'], ['local_tx_drop', '--dim']];
      if (known(loss.network_packets)) {
        const bar = make('div', null, 'places');
        places.forEach(([field, shade]) => {
          const piece = make('div');
          piece.style.flex = `${loss[field]} 1 0`;
          piece.style.background = color(shade);
          piece.title = `${field}: ${loss[field]}`;
          add(bar, piece);
        });
        add(part, make('p', 'by place (network, receiving socket, sending host)', 'dim'), bar);
      }
      const strip = make('div', null, 'strip');
      rows.slice(0, 2000).forEach((row) => {
        const cell = make('div');
        const share = row.sent > 0 ? row.lost / row.sent : 0;
        cell.style.background = color('--loss');
        cell.style.opacity = share === 0 ? '0' : String(0.25 + 0.75 * Math.min(1, share * 5));
        cell.title = `${inSeconds(row.start_s)}: ${row.lost} of ${row.sent}`;
        add(strip, cell);
      });
      add(part, make('p', `by interval, ${rows.length} from the first arrival to the last`, 'dim'), strip,
        make('p', `head ${count(loss.head_packets)}, tail ${count(loss.tail_packets)}; ${count(loss.periods)} losses in a row or alone, the longest ${count(loss.period_max)}; ${count(loss.bursts)} bursts (RFC 3611)`));
      const outages = doc[key].outages || [];
      if (outages.length > 0) {
        add(part, make('p', `${outages.length} silences of the receiver:`, 'dim'),
          table(['stream', 'at', 'for', 'missing'], outages.slice(0, 50).map((o) => [o.stream, inSeconds(o.start_s), seconds(o.duration_s), count(o.packets)])));
      }
    });
  };

  const streams = () => {
    const several = ways.filter(([key]) => (doc[key].streams || []).length > 1);
    if (several.length === 0) return;
    const part = section('Streams', 'streams');
    const grid = add(part, make('div', null, 'charts')).lastChild;
    several.forEach(([key, name, shade]) => {
      const list = doc[key].streams;
      chart(grid, `${key}: rate of each stream`, {
        type: 'bar',
        data: { datasets: [{ label: 'delivered', data: list.map((s) => ({ x: s.stream, y: known(at(s, 'rx.goodput_bps')) ? s.rx.goodput_bps : NaN })), backgroundColor: color(shade) }] },
        options: options('stream', (v) => String(v), 'payload', rate, { x: { ticks: { stepSize: 1, color: color('--dim') }, offset: true } }),
      }, `rate of each stream, ${name}`);
      add(part, table([`${key}: stream`, 'sent', 'delivered', 'rate', 'lost', 'duplicated', 'reordered'], list.map((s) => [s.stream, count(at(s, 'tx.packets')), count(at(s, 'rx.unique')), rate(at(s, 'rx.goodput_bps')), count(at(s, 'loss.packets')), count(at(s, 'duplicates.packets')), count(at(s, 'reordering.packets'))])));
    });
  };

  const search = () => {
    const one = doc.search;
    if (!one) return;
    const list = Array.isArray(one) ? one : one.trials ? [one] : Object.values(one).filter((s) => s && s.trials);
    if (list.length === 0) return;
    const part = section('Search for the rate', 'search');
    list.forEach((found, index) => {
      const title = found.direction || (list.length > 1 ? `search ${index + 1}` : 'answer');
      add(part, add(make('div', null, 'cards'),
        card(title, rate(found.answer_bps), `${found.confirmed ? 'confirmed' : 'not confirmed'}; limited by ${found.limited_by || NONE}`),
        card('Bracket', `${rate(found.bracket_low_bps)} – ${rate(found.bracket_high_bps)}`, 'highest that passed, lowest that failed'),
        card('Loss allowed', known(found.max_loss) ? percent(found.max_loss * 100) : NONE, found.algorithm || '')));
      const grid = add(part, make('div', null, 'charts')).lastChild;
      const sorted = [...found.trials].filter((t) => known(t.offered_bps)).sort((a, b) => a.offered_bps - b.offered_bps);
      if (sorted.length > 1) {
        chart(grid, 'Delivered over offered rate', { type: 'line', data: { datasets: [line('delivered', sorted.map((t) => ({ x: t.offered_bps, y: known(t.goodput_bps) ? t.goodput_bps : NaN })), '--up')] }, options: options('offered', rate, 'delivered', rate) });
        chart(grid, 'Loss over offered rate', { type: 'line', data: { datasets: [line('loss', sorted.map((t) => ({ x: t.offered_bps, y: known(t.loss_ratio) ? t.loss_ratio * 100 : NaN })), '--loss')] }, options: options('offered', rate, 'lost', percent) });
      }
      add(part, table(['trial', 'asked', 'offered', 'delivered', 'lost', 'RTT median', 'verdict'], found.trials.map((t, i) => [i + 1, rate(t.rate_bps), rate(t.offered_bps), rate(t.goodput_bps), percent(known(t.loss_ratio) ? t.loss_ratio * 100 : null), time(t.rtt_p50_ns), t.verdict || ''])));
    });
  };

  const repeats = () => {
    if (!doc.repeats || !doc.repeats.runs) return;
    const part = section(`Repeats: ${doc.repeats.runs.length} of ${doc.repeats.wanted}`, 'repeats');
    const runs = doc.repeats.runs.map((run, i) => ({ ...run, number: i + 1 }));
    const grid = add(part, make('div', null, 'charts')).lastChild;
    const points = (value) => runs.map((run) => ({ x: run.number, y: known(value(run)) ? value(run) : NaN }));
    const whole = { x: { ticks: { stepSize: 1, precision: 0, color: color('--dim') } } };
    chart(grid, 'Rate of each run', { type: 'line', data: { datasets: [line('delivered', points((r) => r.goodput_bps), '--up')] }, options: options('run', (v) => String(v), 'payload', rate, whole) });
    chart(grid, 'Loss of each run', { type: 'line', data: { datasets: [line('lost', points((r) => r.loss_percent), '--loss')] }, options: options('run', (v) => String(v), 'share lost', percent, whole) });
    const spread = (s, unit) => (s ? [unit(s.median), unit(s.mean), unit(s.min), unit(s.max), s.ci95 ? `${unit(s.ci95[0])} to ${unit(s.ci95[1])}` : NONE] : [NONE, NONE, NONE, NONE, NONE]);
    add(part, table(['', 'median', 'mean', 'least', 'most', '95 % of the mean'], [
      ['rate', ...spread(doc.repeats.goodput_bps, rate)], ['loss', ...spread(doc.repeats.loss_percent, percent)],
      ['loaded round trip', ...spread(doc.repeats.rtt_loaded_p50_ns, time)]]));
  };

  const intervals = () => {
    const part = section('Intervals', 'intervals');
    ways.forEach(([key]) => {
      const rows = doc[key].intervals || [];
      const details = add(make('details'), make('summary', `${key}: ${rows.length} intervals`));
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
      ['rate asked for', known(test.rate_target_bps) ? rate(test.rate_target_bps) : 'as fast as it goes'], ['interval', seconds(test.interval_s)], ['address family', test.family || NONE],
      ['DSCP, ECN sent', `${test.dscp}, ${test.ecn_sent}`], ['not to be fragmented', test.df ? 'yes' : 'no'], ['authenticated', test.auth ? 'yes' : 'no'], ['test id', test.id || NONE],
      ['client as the server sees it', known(test.client_address_seen_by_server) ? `${test.client_address_seen_by_server} port ${test.client_port_seen_by_server}` : NONE], ['end', moment(test.end_unix_ns)]];
    Object.entries(test.labels || {}).forEach(([key, value]) => rows.push([`label ${key}`, value]));
    ways.forEach(([key]) => {
      rows.push([`${key}: sender`, `pacer ${at(doc[key], 'pacing.pacer') || NONE}; batches of ${known(at(doc[key], 'tx.batch_mean')) ? digits(doc[key].tx.batch_mean) : NONE}; processor ${percent(at(doc[key], 'tx.cpu_percent'))}; buffer ${bytes(at(doc[key], 'tx.sndbuf_bytes'))}`],
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
    list('Warnings', doc.warnings || [], (w) => `${w.code}: ${w.message}`);
    list('Why a figure is missing', doc.notes || [], (n) => `${n.field}: ${n.message}`);
  };

  header();
  headline();
  roundTrips();
  if (ways.length > 0) { overTime(); distribution(); lossMap(); streams(); }
  search();
  repeats();
  if (ways.length > 0) intervals();
  configuration();
  remarks();
  add(main, make('footer', `Made by udperf ${doc.version}. Charts: Chart.js (MIT licence, in this page's source).`));
  const drawn = charts.map(({ canvas, config }) => new Chart(canvas, config));

  // For the tests: what could be wrong with a page that nobody looks at.
  if (location.hash === '#check') {
    const blank = drawn.filter(({ canvas }) => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return !pixels.some((value) => value !== 0);
    }).length;
    const root = document.documentElement;
    root.dataset.check = JSON.stringify({ charts: drawn.length, blank, overflow: root.scrollWidth - root.clientWidth, errors });
  }
})();
