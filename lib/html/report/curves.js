// Over time, and how delays are distributed.
// Apart from each other and from both directions' own colours, light and dark.
const hue = (i) => {
  const shade = `hsl(${(130 + 67 * i) % 360} 55% ${matchMedia('(prefers-color-scheme: dark)').matches ? 68 : 38}%)`;
  return { borderColor: shade, backgroundColor: shade };
};
// The rows of a direction, and of each of its streams where there are several.
const curves = () => ways.flatMap(([key, , shade]) => {
  const list = rowsOf(doc[key].streams).filter((one) => rowsOf(one.intervals).length > 0).slice(0, 16);
  return [{ key, name: key, rows: rowsOf(doc[key].intervals), shade, look: {} },
    ...list.map((one, i) => ({ key, name: `${key}, stream ${one.stream}`, rows: rowsOf(one.intervals), shade, stream: true, look: { ...hue(i + (key === 'down' ? 5 : 0)), borderWidth: 1, pointRadius: 0, minor: true } }))];
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

// What was measured of a distribution: shares up to which values.
const percentiles = (d, zero) => [[0, zero], [50, d.p50_ns], [90, d.p90_ns], [95, d.p95_ns], [99, d.p99_ns], [99.9, d.p999_ns], [100, d.max_ns]]
  .filter(([, v]) => number(v)).map(([y, x]) => ({ x, y }));

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

// A lonely outlier must not press the rest against the axis: the largest is named above.
const reach = (data) => {
  const ends = data.map((set) => {
    const at99 = (set.data.find((p) => p.y >= 99) || set.data[set.data.length - 1]).x;
    return Math.min(set.data[set.data.length - 1].x, at99 > 0 ? 2 * at99 : Infinity);
  });
  return Math.max(...ends);
};

const distribution = () => {
  const figures = [];
  const part = section('Distribution of delay', 'distribution');
  const grid = add(part, make('div', null, 'charts')).lastChild;
  const variation = [];
  const delay = [];
  ways.forEach(([key, , shade]) => {
    const row = (name, of, zero) => figures.push([`${key}: ${name}`, count(of.n), ...[zero, of.p50_ns, of.p90_ns, of.p95_ns, of.p99_ns, of.p999_ns, of.max_ns].map((v) => (number(v) ? time(v) : '–'))]);
    const v = doc[key].delay_variation || {};
    if (number(v.p50_ns)) { variation.push(line(key, withSteps(percentiles(v, 0), v), shade, { pointRadius: 2.5 })); row('variation', v, 0); }
    const d = doc[key].delay || {};
    if (number(d.p50_ns)) { delay.push(line(key, percentiles(d, d.min_ns), shade, { pointRadius: 3 })); row('one way', { n: v.n, ...d }, d.min_ns); }
  });
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
