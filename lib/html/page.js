'use strict';
// Draws the result document that is in the page. Whatever comes from the document is set as text,
// never as markup. A figure that is null was not measured, and is said to be so.
(() => {
  const errors = [];
  window.addEventListener('error', (event) => errors.push(String(event.message)));
  const data = JSON.parse(document.getElementById('document').textContent);
  // Two documents and what came out of comparing them, or one.
  const pair = data && data.comparison && data.new && data.old ? data : null;
  const doc = pair ? pair.new : data;
  const main = document.querySelector('main');
  const charts = [];
  const NONE = 'not measured';

  // ---- figures -------------------------------------------------------------------------------
  // What stands where a number belongs may be anything: the page is also made of files from afar.
  const known = (v) => v !== null && v !== undefined;
  const number = (v) => typeof v === 'number' && Number.isFinite(v);
  const digits = (v) => (v === 0 ? '0' : Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : v.toFixed(2));
  const scaled = (v, units, step) => {
    let i = 0;
    while (Math.abs(v) >= step && i + 1 < units.length) { v /= step; i += 1; }
    return `${digits(v)} ${units[i]}`;
  };
  const rate = (v) => (number(v) ? scaled(v, ['bit/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'], 1000) : NONE);
  const bytes = (v) => (number(v) ? scaled(v, ['B', 'kB', 'MB', 'GB', 'TB'], 1000) : NONE);
  const time = (v) => (number(v) ? scaled(v, ['ns', 'µs', 'ms', 's'], 1000) : NONE);
  const seconds = (v) => (number(v) ? time(v * 1e9) : NONE);
  const percent = (v) => (number(v) ? `${v === 0 ? '0' : v < 0.01 ? v.toExponential(1) : v.toFixed(v < 1 ? 3 : 2)} %` : NONE);
  const count = (v) => (number(v) ? v.toLocaleString('en').replace(/,/g, '\u202f') : NONE);
  const moment = (ns) => {
    const date = number(ns) ? new Date(ns / 1e6) : null;
    return date && !Number.isNaN(date.getTime()) ? date.toISOString().replace('T', ' ').replace('Z', ' UTC') : NONE;
  };
  const share = (ratio) => percent(number(ratio) ? ratio * 100 : null);
  const several = (n, one, more) => `${count(n)} ${n === 1 ? one : more || `${one}s`}`;
  const rowsOf = (list) => (Array.isArray(list) ? list.filter((row) => row && typeof row === 'object') : []);
  const at = (object, path) => path.split('.').reduce((o, key) => (known(o) ? o[key] : null), object);
  // Why a figure is missing: the note of the field, or of the nearest object around it.
  const why = (path) => {
    for (let p = path; p; p = p.includes('.') ? p.slice(0, p.lastIndexOf('.')) : '') {
      const note = rowsOf(doc.notes).find((n) => n.field === p);
      if (note) return String(note.message);
    }
    // Where nothing came from the receiver, that is the reason for all.
    const codes = ['no_report', 'nothing_arrived', 'single_packet', 'classic'];
    const whole = rowsOf(doc.notes).find((n) => codes.includes(n.code) && String(n.field).startsWith(`${path.split('.')[0]}.rx`));
    return whole ? String(whole.message) : '';
  };

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
    const v = number(y) ? y : NaN;
    return [{ x: row.start_s, y: v }, { x: row.end_s, y: v }];
  });
  const any = (points) => points.some((p) => !Number.isNaN(p.y));

  const ways = [['up', 'client to server', '--up'], ['down', 'server to client', '--down']]
    .filter(([key]) => doc[key] && typeof doc[key] === 'object');
  const inSeconds = (v) => {
    const unit = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']].find(([size]) => Math.abs(v) >= size) || [1, 's'];
    return `${+(Number(v) / unit[0]).toPrecision(4)} ${unit[1]}`;
  };

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
  const score = (of) => (number(of.mos) && number(of.r) ? `MOS ${of.mos.toFixed(2)} (R ${of.r.toFixed(1)})` : 'no MOS');
  const voiceCard = (key, voice) => card('Voice', score(voice), [
    number(voice.mos) ? '' : why(`${key}.voice.mos`),
    `${voice.codec}; missed ${share(voice.loss_after_ratio)}, ${share(voice.loss_before_ratio)} lost before the ${voice.buffer} buffer of ${time(voice.buffer_ns)}`,
    number(voice.ta_ns) ? `${time(voice.ta_ns)} from mouth to ear (${voice.network_source === 'one_way' ? 'by the clocks' : 'by half of the round trip'})` : '',
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

  // Apart from each other and from both directions' own colours, light and dark.
  const hue = (i) => {
    const shade = `hsl(${(130 + 67 * i) % 360} 55% ${matchMedia('(prefers-color-scheme: dark)').matches ? 68 : 38}%)`;
    return { borderColor: shade, backgroundColor: shade };
  };
  // The rows of a direction, and of each of its streams where there are several.
  const curves = () => ways.flatMap(([key, , shade]) => {
    const list = rowsOf(doc[key].streams).filter((one) => rowsOf(one.intervals).length > 0).slice(0, 16);
    return [{ key, name: key, rows: rowsOf(doc[key].intervals), shade, look: {} },
      ...list.map((one, i) => ({ key, name: `${key}, stream ${one.stream}`, rows: rowsOf(one.intervals), shade, stream: true, look: { ...hue(i + (key === 'down' ? 5 : 0)), borderWidth: 1, pointRadius: 0 } }))];
  });
  const overTime = () => {
    const part = section('Over time', 'over-time');
    const grid = add(part, make('div', null, 'charts')).lastChild;
    const all = curves();
    const each = (value, more) => all.map((c) => line(c.name, steps(c.rows, value), c.shade, { ...c.look, ...more }));
    const split = all.some((c) => c.stream);
    const variation = all.filter((c) => !split || c.stream).flatMap((c) => [
      line(`${c.name}, median`, steps(c.rows, (r) => r.delay_variation_p50_ns), c.shade, c.look),
      line(`${c.name}, 99 %`, steps(c.rows, (r) => r.delay_variation_p99_ns), c.shade, { ...c.look, borderDash: [5, 4] })]);
    const trips = all.filter((c) => !c.stream).map((c) => line(c.name, steps(c.rows, (r) => r.rtt_p50_ns), c.shade));
    const lost = (r) => (r.sent > 0 && number(r.lost) ? (100 * r.lost) / r.sent : null);
    const lastEnd = Math.max(...all.flatMap((c) => c.rows.map((r) => r.end_s)).filter(number), 0) || undefined;
    let drawn = 0;
    const draw = (title, data, yTitle, tick, path) => {
      const usable = data.filter((set) => any(set.data));
      if (usable.length === 0) {
        const reason = path.startsWith('rtt.') ? why(path) : ways.map(([key]) => why(`${key}.${path}`)).find((text) => text);
        add(part, make('p', `${title}: ${NONE}${reason ? ` (${reason})` : ''}`, 'dim'));
        return;
      }
      drawn += 1;
      chart(grid, title, { type: 'line', data: { datasets: usable }, options: options('time since the first arrival', inSeconds, yTitle, tick, { x: { max: lastEnd } }) },
        `${title} over time; the table of intervals below has the figures`);
    };
    draw('Delivered rate', each((r) => r.goodput_bps), 'payload', rate, 'rx.goodput_bps');
    draw('Loss', each(lost), 'share lost', (v) => percent(v), 'loss.ratio');
    draw('Round trip', trips, 'median', time, 'rtt.loaded.p50_ns');
    draw('Delay variation', variation, 'above the least', time, 'delay_variation.p50_ns');
    if (drawn === 0) grid.remove();
  };

  const distribution = () => {
    const points = (d, zero) => [[0, zero], [50, d.p50_ns], [90, d.p90_ns], [95, d.p95_ns], [99, d.p99_ns], [99.9, d.p999_ns], [100, d.max_ns]]
      .filter(([, v]) => number(v)).map(([y, x]) => ({ x, y }));
    const figures = [];
    // The histogram's steps between the percentiles: the whole curve.
    const withSteps = (known, d) => {
      let passed = 0;
      const counted = rowsOf(d.histogram).filter((step) => number(step.up_to_ns) && number(step.packets)).map((step) => {
        passed += step.packets;
        return { x: step.up_to_ns, y: (100 * passed) / d.n };
      }).filter((point) => number(point.y) && point.x < d.max_ns && point.y < 100);
      let most = 0;
      return [...known, ...counted].sort((a, b) => a.x - b.x).map(({ x, y }) => { most = Math.max(most, y); return { x, y: most }; });
    };
    const part = section('Distribution of delay', 'distribution');
    const grid = add(part, make('div', null, 'charts')).lastChild;
    const variation = [];
    const delay = [];
    ways.forEach(([key, , shade]) => {
      const row = (name, of, zero) => figures.push([`${key}: ${name}`, count(of.n), ...[zero, of.p50_ns, of.p90_ns, of.p95_ns, of.p99_ns, of.p999_ns, of.max_ns].map((v) => (number(v) ? time(v) : '–'))]);
      const v = doc[key].delay_variation || {};
      if (number(v.p50_ns)) { variation.push(line(key, withSteps(points(v, 0), v), shade, { pointRadius: 2.5 })); row('variation', v, 0); }
      const d = doc[key].delay || {};
      if (number(d.p50_ns)) { delay.push(line(key, points(d, d.min_ns), shade, { pointRadius: 3 })); row('one way', { n: v.n, ...d }, d.min_ns); }
    });
    // A lonely outlier must not press the rest against the axis: the largest is named above.
    const reach = (data) => {
      const ends = data.map((set) => {
        const at99 = (set.data.find((p) => p.y >= 99) || set.data[set.data.length - 1]).x;
        return Math.min(set.data[set.data.length - 1].x, at99 > 0 ? 2 * at99 : Infinity);
      });
      return Math.max(...ends);
    };
    const draw = (title, data, path) => {
      if (data.length === 0) {
        const reason = ways.map(([key]) => why(`${key}.${path}`)).find((text) => text);
        add(part, make('p', `${title}: ${NONE}${reason ? ` (${reason})` : ''}`, 'dim'));
        return;
      }
      chart(grid, title, { type: 'line', data: { datasets: data }, options: options('delay', time, 'share of datagrams', (v) => `${+v.toPrecision(4)} %`, { y: { max: 100 }, x: { max: reach(data) } }) },
        `${title}: cumulative, through the percentiles that were measured`);
    };
    draw('Delay variation, cumulative', variation, 'delay_variation.p50_ns');
    draw('One-way delay, cumulative', delay, 'delay.p50_ns');
    if (grid.childElementCount === 0) grid.remove();
    else add(part, table(['', 'datagrams', 'least', 'median', '90 %', '95 %', '99 %', '99.9 %', 'most'], figures));
  };

  const lossMap = () => {
    const part = section('Where and when datagrams were lost', 'loss-map');
    ways.forEach(([key, name]) => {
      const loss = doc[key].loss || {};
      const rows = rowsOf(doc[key].intervals);
      add(part, make('h3', `${key}: ${name}`));
      if (!number(loss.packets)) { add(part, make('p', `${NONE}${why(`${key}.loss.packets`) ? ` (${why(`${key}.loss.packets`)})` : ''}`, 'dim')); return; }
      add(part, make('p', loss.packets === 0 ? 'nothing was lost' : `${several(loss.packets, 'datagram')} (${bytes(loss.bytes)}): ${where(loss)}`));
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
        const part5 = row.sent > 0 && row.lost > 0 ? Math.min(1, (5 * row.lost) / row.sent) : 0;
        cell.style.background = color('--loss');
        cell.style.opacity = part5 === 0 ? '0' : String(0.25 + 0.75 * part5);
        cell.title = `${inSeconds(row.start_s)}: ${row.lost} of ${row.sent}`;
        add(strip, cell);
      });
      add(part, make('p', `over time, in ${several(rows.length, 'interval')} from the first arrival to the last`, 'dim'), strip,
        make('p', at(doc[key], 'rx.unique') === 0 ? 'nothing arrived' : `before the first arrival ${count(loss.head_packets)}, after the last ${count(loss.tail_packets)}; ${several(loss.periods, 'time', 'times')} in a row or alone, the longest ${count(loss.period_max)}; ${several(loss.bursts, 'burst')} (RFC 3611)`));
      const outages = rowsOf(doc[key].outages);
      if (outages.length > 0) {
        add(part, make('p', `${several(outages.length, 'silence')} of the receiver:`, 'dim'),
          table(['stream', 'at', 'for', 'missing'], outages.slice(0, 50).map((o) => [o.stream, inSeconds(o.start_s), seconds(o.duration_s), count(o.packets)])));
      }
    });
  };

  const streams = () => {
    const split = ways.filter(([key]) => rowsOf(doc[key].streams).length > 1);
    if (split.length === 0) return;
    const part = section('Streams', 'streams');
    const grid = add(part, make('div', null, 'charts')).lastChild;
    split.forEach(([key, name, shade]) => {
      const list = rowsOf(doc[key].streams);
      chart(grid, `${key}: rate of each stream`, {
        type: 'bar',
        data: { datasets: [{ label: 'delivered', data: list.map((s) => ({ x: s.stream, y: number(at(s, 'rx.goodput_bps')) ? s.rx.goodput_bps : NaN })), backgroundColor: color(shade) }] },
        options: options('stream', (v) => String(v), 'payload', rate, { x: { ticks: { stepSize: 1, color: color('--dim') }, offset: true } }),
      }, `rate of each stream, ${name}`);
      add(part, table([`${key}: stream`, 'sent', 'delivered', 'rate', 'lost', 'duplicated', 'reordered'], list.map((s) => [s.stream, count(at(s, 'tx.packets')), count(at(s, 'rx.unique')), rate(at(s, 'rx.goodput_bps')), count(at(s, 'loss.packets')), count(at(s, 'duplicates.packets')), count(at(s, 'reordering.packets'))])));
    });
  };

  // ---- many flows: a cell each ---------------------------------------------------------------
  const cell = (port, text, kind, title) => {
    const out = add(make('div', null, kind), make('div', port), make('div', text, 'what'));
    out.title = title;
    return out;
  };
  const flowCell = (flow, outliers) => {
    const lossy = outliers.some((o) => o.sign === 'loss');
    const slow = outliers.find((o) => o.sign === 'delay');
    const text = lossy || flow.lost > 0 ? share(flow.loss_ratio) : slow ? `+${time(slow.added_delay_ns)}` : 'ok';
    return cell(flow.port, text, lossy ? 'lossy' : slow ? 'slow' : '',
      `port ${flow.port}: ${count(flow.lost)} of ${count(flow.packets)} lost; least delay +${time(flow.least_delay_ns)}, median +${time(flow.median_delay_ns)}`);
  };
  const flows = () => {
    const found = doc.flows;
    if (!found) return;
    const part = section(`Flows: ${count(found.flows)}`, 'flows');
    const outliers = rowsOf(found.outliers);
    add(part, make('p', found.verdict, 'verdict'),
      make('p', 'A cell is a flow, by the UDP port of the client: red loses more than the rest, amber is slower, dashed got no answer. Delays are over the least of all flows.', 'dim'));
    ['up', 'down'].forEach((way) => {
      rowsOf(found.groups).filter((group) => group.direction === way).forEach((group, i) => {
        const list = rowsOf(group.flows);
        const cells = make('div', null, 'cells');
        list.forEach((flow) => add(cells, flowCell(flow, outliers.filter((o) => o.direction === way && o.stream === flow.stream))));
        add(part, make('h3', `${way}, group ${i + 1}: ${several(list.length, 'flow')}`),
          make('p', `${known(group.hops) ? several(group.hops, 'hop') : 'hops not measured'}; least delay +${time(group.least_delay_ns)}, median +${time(group.median_delay_ns)}; ${count(group.lost)} of ${count(group.packets)} lost`, 'dim'), cells);
      });
    });
    const silent = outliers.filter((o) => o.sign === 'silent');
    if (silent.length > 0) {
      add(part, make('h3', 'No answer'), add(make('div', null, 'cells'), ...silent.map((o) => cell(o.port, 'silent', 'silent', `port ${o.port}: the server did not answer`))));
    }
  };

  // ---- a search for the rate -----------------------------------------------------------------
  const searchCards = (found) => {
    const cards = make('div', null, 'cards');
    const best = at(found, 'capacity.maximum');
    add(cards, card(`Answer, ${found.direction}`, rate(found.answer_bps),
      `payload; ${rate(found.answer_ip_bps)} with IP and UDP headers; ${found.confirmed ? 'confirmed' : 'not confirmed'}`),
    card('Limited by', found.limited_by || 'nothing: it was interrupted', found.underestimate_likely ? 'the path may carry more' : found.shaper_suspected ? 'short bursts pass faster (token bucket)' : ''));
    if (best) {
      add(cards, card('In the best second', `${share(best.loss_ratio)} lost`, `round trip ${time(best.rtt_min_ns)} to ${time(best.rtt_max_ns)}`));
    } else {
      add(cards, card('Bracket', number(found.bracket_low_bps) ? rate(found.bracket_low_bps) : 'none passed', number(found.bracket_high_bps) ? `is the highest that passed; ${rate(found.bracket_high_bps)} is too much` : 'is the highest that passed; none was too much'));
    }
    return add(cards,
      card('Round trip at the answer', time(found.rtt_loaded_p50_ns), `median; idle ${time(found.rtt_idle_p50_ns)}${found.bloat_grade ? `; grade ${found.bloat_grade}` : ''}`),
      card('Loss allowed', found.max_loss === 1 ? 'any' : share(found.max_loss), `method: ${found.algorithm}; ${found.trials.length} trials in ${seconds(found.duration_s)}`));
  };
  const trialCharts = (found, grid) => {
    const trials = found.trials.map((t, i) => ({ ...t, number: i + 1 }));
    const points = (value) => trials.map((t) => ({ x: t.number, y: number(value(t)) ? value(t) : NaN }));
    // On a logarithmic axis only the round numbers are named.
    const round = (v) => ([1, 2, 5].includes(Math.round(v / 10 ** Math.floor(Math.log10(v) + 1e-9))) ? rate(v) : '');
    const logarithmic = { type: 'logarithmic', beginAtZero: false, ticks: { color: color('--dim'), callback: round, maxRotation: 0 } };
    const whole = { x: { ticks: { stepSize: 1, precision: 0, color: color('--dim') } }, y: logarithmic };
    chart(grid, `Trials, ${found.direction}`, { type: 'line', data: { datasets: [
      line('offered', points((t) => t.offered_bps), '--dim', { borderDash: [5, 4], pointRadius: 3 }),
      line('delivered', points((t) => t.goodput_bps), found.direction === 'down' ? '--down' : '--up', { pointRadius: 3 })] },
    options: options('trial', (v) => String(v), 'payload', rate, whole) });
    const sorted = trials.filter((t) => number(t.offered_bps) && number(t.loss_ratio)).sort((a, b) => a.offered_bps - b.offered_bps);
    if (sorted.length > 1) {
      chart(grid, `Loss over offered rate, ${found.direction}`, { type: 'line', data: { datasets: [line('lost', sorted.map((t) => ({ x: t.offered_bps, y: t.loss_ratio * 100 })), '--loss', { pointRadius: 3 })] },
        options: options('offered', rate, 'lost', percent, { x: logarithmic }) });
    }
  };
  const capacityCharts = (found, grid) => {
    const rows = found.capacity.sub_intervals.map((r) => ({ ...r, end_s: r.start_s + found.capacity.sub_interval_s }));
    chart(grid, `Adjusted load, ${found.direction}`, { type: 'line', data: { datasets: [
      line('sent', steps(rows, (r) => r.offered_ip_bps), '--dim', { borderDash: [5, 4] }),
      line('arrived', steps(rows, (r) => r.ip_bps), found.direction === 'down' ? '--down' : '--up')] },
    options: options('time since the first arrival', inSeconds, 'IP layer', rate) });
    chart(grid, `Loss under it, ${found.direction}`, { type: 'line', data: { datasets: [line('lost', steps(rows, (r) => r.loss_ratio * 100), '--loss', { fill: true })] },
      options: options('time since the first arrival', inSeconds, 'share lost', percent) });
  };
  const search = () => {
    const list = [doc.search, doc.search_down].filter((found) => found && Array.isArray(found.trials)).map((found) => ({ ...found, trials: rowsOf(found.trials) }));
    if (list.length === 0) return;
    const part = section('Search for the rate', 'search');
    list.forEach((found) => {
      add(part, searchCards(found));
      const grid = add(part, make('div', null, 'charts')).lastChild;
      const adjusted = rowsOf(at(found, 'capacity.sub_intervals')).length > 0;
      if (adjusted) capacityCharts(found, grid); else if (found.trials.length > 0) trialCharts(found, grid); else grid.remove();
      add(part, table(['trial', 'for', 'asked', 'offered', 'delivered', 'lost', 'RTT median', 'verdict'], found.trials.map((t, i) => [`${i + 1}: ${String(t.step).replace('_', ' ')}`, seconds(t.duration_s), rate(t.rate_bps), rate(t.offered_bps), rate(t.goodput_bps), share(t.loss_ratio), time(t.rtt_p50_ns), String(t.verdict).replace('_', ' ')])));
      if (adjusted) {
        add(part, table(['second', 'sent', 'arrived', 'lost', 'RTT least', 'RTT most'], found.capacity.sub_intervals.map((r) => [inSeconds(r.start_s), rate(r.offered_ip_bps), rate(r.ip_bps), share(r.loss_ratio), time(r.rtt_min_ns), time(r.rtt_max_ns)])));
      }
    });
  };

  const repeats = () => {
    if (!doc.repeats || rowsOf(doc.repeats.runs).length === 0) return;
    const part = section(`Repeats: ${doc.repeats.runs.length} of ${doc.repeats.wanted}`, 'repeats');
    const runs = rowsOf(doc.repeats.runs).map((run, i) => ({ ...run, number: i + 1 }));
    const grid = add(part, make('div', null, 'charts')).lastChild;
    const points = (value) => runs.map((run) => ({ x: run.number, y: number(value(run)) ? value(run) : NaN }));
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
      const rows = rowsOf(doc[key].intervals);
      if (rows.length === 0) return;
      const details = add(make('details'), make('summary', `${key}: ${several(rows.length, 'interval')}`));
      add(details, table(['from', 'to', 'rate', 'delivered', 'sent', 'lost', 'dup.', 'reord.', 'DV median', 'DV 99 %', 'RTT median'],
        rows.slice(0, 5000).map((r) => [inSeconds(r.start_s), inSeconds(r.end_s), rate(r.goodput_bps), count(r.packets), count(r.sent), count(r.lost), count(r.duplicates), count(r.reordered), time(r.delay_variation_p50_ns), time(r.delay_variation_p99_ns), time(r.rtt_p50_ns)])));
      add(part, details);
    });
  };

  // ---- two results ---------------------------------------------------------------------------
  const comparison = () => {
    const part = section('Compared', 'compared');
    const units = { 'bit/s': rate, '%': percent, ns: time };
    const unit = (row) => units[row.unit] || ((v) => String(v));
    const side = (row, s) => (s && number(s.median) ? `${unit(row)(s.median)}${s.runs > 1 ? ` (${s.runs} runs: ${unit(row)(s.min)} to ${unit(row)(s.max)})` : ''}` : NONE);
    const change = (row) => (!number(row.change) ? '' : row.unit === '%' ? `${row.change > 0 ? '+' : ''}${digits(row.change)} points`
      : number(row.change_ratio) ? `${row.change > 0 ? '+' : ''}${(row.change_ratio * 100).toFixed(1)} %` : '');
    const meaning = (row) => `${String(row.judgement).replace(/_/g, ' ')}${number(row.p_value) ? ` (p ${row.p_value < 0.001 ? '< 0.001' : `= ${row.p_value.toFixed(3)}`}, ${row.test === 'fisher_exact' ? 'Fisher' : 'Mann-Whitney U'})` : ''}${row.failed ? '; over the limit' : ''}`;
    const rows = rowsOf(pair.comparison.metrics).filter((row) => row.old || row.new);
    add(part, make('p', `old: ${pair.comparison.old}, ${moment(at(pair.old, 'test.start_unix_ns'))}`, 'dim'), make('p', `new: ${pair.comparison.new}, ${moment(at(pair.new, 'test.start_unix_ns'))}`, 'dim'));
    rowsOf(pair.comparison.differences).forEach((d) => add(part, make('p', `Not the same test: ${d.field} was ${d.old}, is ${d.new}`, 'bad')));
    add(part, table(['', 'old', 'new', 'change', ''], rows.map((row) => [row.metric, side(row, row.old), side(row, row.new), change(row), meaning(row)])));
    const grid = add(part, make('div', null, 'charts')).lastChild;
    ways.forEach(([key, name, shade]) => {
      const [before, after] = [pair.old, pair.new].map((one) => rowsOf(at(one, `${key}.intervals`)));
      const over = (title, value, yTitle, yTick) => {
        const points = [steps(before, value), steps(after, value)];
        if (!any(points[0]) && !any(points[1])) return;
        chart(grid, `${key}: ${title}, old and new`, { type: 'line', data: { datasets: [line('old', points[0], '--dim', { borderDash: [5, 4] }), line('new', points[1], shade)] },
          options: options('time since the first arrival', inSeconds, yTitle, yTick) }, `${title} of both, ${name}`);
      };
      over('rate', (r) => r.goodput_bps, 'payload', rate);
      over('loss', (r) => (r.sent > 0 ? (100 * r.lost) / r.sent : null), 'share lost', percent);
      over('delay variation, 99 %', (r) => r.delay_variation_p99_ns, 'over the least', time);
      over('round trip, median', (r) => r.rtt_p50_ns, 'round trip', time);
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

  // One part that a strange document breaks does not take the others with it.
  const draw = (make_part) => {
    try { make_part(); } catch (problem) {
      add(main, make('p', `A part of this page could not be drawn: the document is not as udperf writes it (${problem.message}).`, 'bad'));
      broken += 1;
    }
  };
  let broken = 0;
  const parts = ways.length > 0 ? [header, headline, roundTrips, overTime, distribution, lossMap, flows, streams, search, repeats, intervals]
    : [header, roundTrips, search, repeats];
  [...(pair ? [parts[0], comparison, ...parts.slice(1)] : parts), configuration, remarks].forEach(draw);
  add(main, make('footer', `Made by udperf ${doc.version}. Charts: Chart.js (MIT licence, in this page's source).`));
  const drawn = [];
  charts.forEach(({ canvas, config }) => draw(() => drawn.push(new Chart(canvas, config))));
  // On paper nothing can be unfolded.
  window.addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));

  // For the tests: what could be wrong with a page that nobody looks at.
  if (location.hash === '#check') {
    const blank = drawn.filter(({ canvas }) => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return !pixels.some((value) => value !== 0);
    }).length;
    const root = document.documentElement;
    root.dataset.check = JSON.stringify({ charts: drawn.length, blank, overflow: root.scrollWidth - root.clientWidth, broken, errors });
  }
})();
