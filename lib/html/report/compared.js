// Two results.
const overEachOther = (grid, title, [before, after], shade, how, describe) => {
  if (!any(before) && !any(after)) return;
  chart(grid, `${title}, old and new`, { type: 'line', data: { datasets: [line('old', before, '--dim', { borderDash: [5, 4] }), line('new', after, shade)] }, options: how }, describe);
};
const comparison = () => {
  const part = section('Compared', 'compared');
  const units = { 'bit/s': rate, '%': percent, ns: time, MOS: (v) => v.toFixed(2) };
  const unit = (row) => units[row.unit] || ((v) => String(v));
  const side = (row, s) => (s && number(s.median) ? `${unit(row)(s.median)}${s.runs > 1 ? ` (${s.runs} runs: ${unit(row)(s.min)} to ${unit(row)(s.max)})` : ''}` : NONE);
  const named = (row) => (!row.which ? row.metric : `${row.metric}, ${number(row.which.payload_bytes) ? `${row.which.payload_bytes} B ` : ''}${row.which.direction}`);
  const signed = (v, text) => `${v > 0 ? '+' : v < 0 ? '-' : ''}${text(Math.abs(v))}`;
  // Of what was nothing no share can be told.
  const change = (row) => (!number(row.change) ? '' : row.unit === '%' ? signed(row.change, (v) => `${+v.toPrecision(3)} points`)
    : number(row.change_ratio) ? signed(row.change_ratio, (v) => `${(v * 100).toFixed(1)} %`) : signed(row.change, unit(row)));
  const judged = (row) => (row.judgement !== 'not_known' ? String(row.judgement).replace(/_/g, ' ') : number(row.enough_runs) ? `too few runs to tell, ${row.enough_runs} a side would do`
    : row.test === 'fisher_exact' ? 'too few datagrams to tell' : 'spread not known');
  const chance = (row) => (!number(row.p_value) ? '' : ` (p ${row.p_value < 0.001 ? '< 0.001' : `= ${row.p_value.toFixed(3)}`}, ${row.test === 'fisher_exact' ? 'Fisher' : 'Mann-Whitney U'})`);
  const meaning = (row) => (row.failed && !row.new ? 'no longer measured' : `${judged(row)}${chance(row)}${row.failed ? '; over the limit' : ''}`);
  const rows = rowsOf(pair.comparison.metrics).filter((row) => row.old || row.new);
  add(part, make('p', `old: ${pair.comparison.old}, ${moment(at(pair.old, 'test.start_unix_ns'))}`, 'dim'), make('p', `new: ${pair.comparison.new}, ${moment(at(pair.new, 'test.start_unix_ns'))}`, 'dim'));
  if (pair.comparison.cut_short === true) add(part, make('p', 'The new test was cut short and the old one was not: its figures are of something else, and it meets no limit.', 'bad'));
  rowsOf(pair.comparison.differences).forEach((d) => add(part, make('p', `Not the same test: ${d.field} was ${d.old}, is ${d.new}`, 'bad')));
  add(part, table(['', 'old', 'new', 'change', ''], rows.map((row) => [named(row), side(row, row.old), side(row, row.new), change(row), meaning(row)]), 'wrapped'));
  const grid = add(part, make('div', null, 'charts')).lastChild;
  ways.forEach(([key, name, shade]) => {
    const [before, after] = [pair.old, pair.new].map((one) => rowsOf(at(one, `${key}.intervals`)));
    const over = (title, value, yTitle, yTick) => overEachOther(grid, `${key}: ${title}`, [steps(before, value), steps(after, value)], shade,
      options('time since the first arrival', inSeconds, yTitle, yTick), `${title} of both, ${name}`);
    over('rate', (r) => r.goodput_bps, 'payload', rate);
    over('loss', (r) => (r.sent > 0 ? (100 * r.lost) / r.sent : null), 'share lost', percent);
    over('delay variation, 99 %', (r) => r.delay_variation_p99_ns, 'over the least', time);
    over('round trip, median', (r) => r.rtt_p50_ns, 'round trip', time);
    const found = [pair.old, pair.new].map((one) => sizeCurve(rowsOf(at(one, 'search_sizes')), key, (row) => row.answer_bps).data);
    overEachOther(grid, `${key}: highest rate by size`, found, shade, options('Ethernet frame', (v) => `${v} B`, 'payload', rate));
  });
  const runs = (title, value, shade, yTitle, yTick) => overEachOther(grid, `each run: ${title}`,
    [pair.old, pair.new].map((one) => rowsOf(at(one, 'repeats.runs')).map((run, i) => ({ x: i + 1, y: number(value(run)) ? value(run) : NaN }))), shade,
    options('run', (v) => String(v), yTitle, yTick, { x: { ticks: { stepSize: 1, precision: 0, color: color('--dim') } } }));
  runs('rate', (run) => run.goodput_bps, '--up', 'payload', rate);
  runs('loss', (run) => run.loss_percent, '--loss', 'share lost', percent);
};
