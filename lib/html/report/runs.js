// Searches for a rate, and repeats.
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
