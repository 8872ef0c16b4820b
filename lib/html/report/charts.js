// The charts, made when all of the page is there, and the curves in them.
const charts = [];

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
// Where there are very many curves, those of single streams (`minor`) are named where they are pointed at only.
const kMostNamed = 12;
const named = (item, all) => all.datasets.length <= kMostNamed || !all.datasets[item.datasetIndex].minor;
const options = (xTitle, xTick, yTitle, yTick, more) => ({
  animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
  interaction: { mode: 'nearest', intersect: false, axis: 'x' },
  plugins: {
    legend: { labels: { color: color('--text'), boxWidth: 14, filter: named } },
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
