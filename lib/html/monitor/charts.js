// A target's charts: a line at the median, bands around it, and bars where datagrams were lost or nobody answered.
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const faded = (hex, share) => hex + Math.round(255 * share).toString(16).padStart(2, "0");

// No line goes to a point between two gaps.
function lone(context) {
  const points = context.dataset.data;
  const gap = (at) => !points[at] || points[at].y === null;
  return gap(context.dataIndex - 1) && gap(context.dataIndex + 1) ? 2 : 0;
}

function makeChart(canvas, name) {
  const hex = color(name);
  const band = (fill, share) => ({ data: [], pointRadius: 0, borderWidth: 0, fill, backgroundColor: faded(hex, share), spanGaps: false });
  const text = { color: color("dim"), font: { size: 10 }, maxTicksLimit: 4, maxRotation: 0 };
  return new Chart(canvas, {
    type: "line",
    data: { datasets: [
      band(false, 0), band("-1", 0.15), band(false, 0), band("-1", 0.25), band(false, 0), band("-1", 0.4),
      { data: [], pointRadius: lone, borderWidth: 1.5, borderColor: hex, backgroundColor: hex, spanGaps: false },
      { type: "bar", data: [], yAxisID: "loss", backgroundColor: color("loss"), barThickness: 2 },
      { type: "bar", data: [], yAxisID: "loss", backgroundColor: faded(color("gap"), 0.35), barThickness: 2 },
    ] },
    options: {
      animation: false, maintainAspectRatio: false, parsing: false, normalized: true,
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: {
        x: { type: "linear", offset: false, grid: { display: false }, afterBuildTicks: (axis) => {
          axis.ticks = [0, 1, 2, 3].map((i) => ({ value: axis.min + (i + 0.5) * (axis.max - axis.min) / 4 }));
        }, ticks: { ...text, callback: (v) => {
          const at = new Date(v);
          return state.span > 2 * 86400 ? at.toLocaleDateString([], { month: "short", day: "numeric" })
            : at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        } } },
        y: { beginAtZero: true, suggestedMax: 1e4, grid: { color: color("line") }, ticks: { ...text, callback: (v) => timeText(v) } },
        loss: { position: "right", min: 0, max: 1, display: false },
      },
    },
  });
}

// The share of the rounds that nobody answered, or in which nobody was asked since nobody had answered before, or that
// broke off, so that no gap hides an outage. A server that said no is none, and what a round that was cut short counted after all is in its loss.
function unanswered(row) {
  const { complete, cut_short, unreachable } = row.rounds;
  const all = complete + cut_short + unreachable + row.not_asked;
  const counted = all === 1 && (row.up || row.down) ? cut_short : 0;
  const away = unreachable + row.not_asked + cut_short - counted;
  return away > 0 ? away / all : 0;
}

// The share of the rounds of a sum that this end did not measure: a single one is a gap.
function unmeasured(row) {
  const { failed, not_measured, ...asked } = row.rounds;
  const away = failed + not_measured - row.not_asked;
  return away > 0 ? away / (away + row.not_asked + Object.values(asked).reduce((sum, n) => sum + n)) : 0;
}

// Whether nothing is known of the milliseconds before a row. Sums follow each other at once: where one is missing, so long is
// the gap.
const isGap = (ms, row, every) => ms >= Math.max(row.span_ns / 1e6, 1.5 * every, 15000);

const kBands = [["min_ns", "max_ns"], ["p10_ns", "p90_ns"], ["p25_ns", "p75_ns"]];
function fill(chart, rows, every, spread, lost) {
  const data = chart.data.datasets.map(() => []);
  let end = null;
  for (const row of rows) {
    const x = row.start_unix_ns / 1e6;
    const times = spread(row);
    const far = end !== null && isGap(x - end, row, every);
    if (far || !times) {  // a gap is a gap
      for (let i = 0; i < 7; ++i) data[i].push({ x: far ? end : x, y: null });
    }
    if (times) {
      kBands.forEach(([low, high], i) => {
        data[2 * i].push({ x, y: times[low] });
        data[2 * i + 1].push({ x, y: times[high] });
      });
      data[6].push({ x, y: times.p50_ns });
    }
    const share = Math.max(lost(row) || 0, unanswered(row));
    if (share) data[7].push({ x, y: Math.max(share, 0.02) });
    const gap = times ? unmeasured(row) : 0;
    if (gap) data[8].push({ x, y: Math.max(gap, 0.02) });
    end = x + row.span_ns / 1e6;
  }
  chart.data.datasets.forEach((set, i) => { set.data = data[i]; });
  chart.options.scales.x.min = Date.now() - 1000 * state.span;
  chart.options.scales.x.max = Date.now();
  chart.update("none");
}

// Who has just begun has no day to see: when no row has one. Those that have few rounds a day may have a long past.
const hasPast = (rows, now) => rows.some((one) => one.start_unix_ns / 1e6 < now - 3.9e6);  // an hour and a sum
function isYoung(rows) {
  state.chosen = rows.some((one) => one.hasPast);
  return !state.chosen && rows.every((one) => !one.visible || one.hasPast === false);
}

async function draw(row) {
  const span = state.span;
  const since = Math.floor(Date.now() / 1000) - span;
  const answer = await fetch("api/v1/rounds?target=" + encodeURIComponent(row.name) + "&since=" + since);
  if (!answer.ok) return;
  const rows = (await answer.json()).rows;
  if (span !== state.span) return;
  row.hasPast = hasPast(rows, Date.now());
  if (!state.chosen && isYoung([...state.rows.values()])) {
    showSpan(3600);
    return;
  }
  if (!row.charts) {
    row.charts = row.canvases.map(([canvas, name]) => makeChart(canvas, name));
  }
  const target = state.targets.get(row.name);
  const every = target ? target.every_ns / 1e6 : 0;
  const both = (r) => Math.max(loss(r.up) || 0, loss(r.down) || 0);
  fill(row.charts[0], rows, every, (r) => (r.rtt && r.rtt.n > 0 ? r.rtt : null), both);
  fill(row.charts[1], rows, every, (r) => r.up && r.up.delay_variation, (r) => loss(r.up));
  fill(row.charts[2], rows, every, (r) => r.down && r.down.delay_variation, (r) => loss(r.down));
  row.drawn = Date.now();
}
