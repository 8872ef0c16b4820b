// What a search found for each size of datagrams, as RFC 2544 s26.1 has it: a table, and curves over the frames.
const sizeCurve = (rows, way, value) => line(way, rows.filter((row) => row.direction === way && number(row.frame_bytes))
  .map((row) => ({ x: row.frame_bytes, y: number(value(row)) ? value(row) : NaN })).sort((a, b) => a.x - b.x), `--${way}`, { pointRadius: 3 });
const sizeRow = (row) => {
  const exact = (v) => (number(v) ? `${v} B` : NONE);
  const found = (v, unit) => (known(v) ? unit(v) : 'none found');
  return [exact(row.frame_bytes), exact(row.payload_bytes), known(row.direction) ? row.direction : NONE,
    found(row.answer_bps, rate), found(row.answer_ip_bps, rate), found(row.answer_pps, (v) => count(number(v) ? Math.floor(v) : v)),
    row.confirmed === true ? 'confirmed' : 'not confirmed', known(row.limited_by) ? String(row.limited_by).replace(/_/g, ' ') : 'nothing: it was interrupted', seconds(row.duration_s)];
};
const sizes = () => {
  const rows = rowsOf(doc.search_sizes);
  if (rows.length === 0) return;
  const part = section('Highest rate by size', 'sizes');
  add(part, make('p', 'Frames are those of Ethernet, with header and FCS. The search below, and all else on this page, is that of the last size.', 'dim'));
  const grid = add(part, make('div', null, 'charts')).lastChild;
  const over = (title, value, yTitle, yTick) => {
    const both = ['up', 'down'].map((way) => sizeCurve(rows, way, value)).filter((set) => any(set.data));
    if (!both.some((set) => set.data.length > 1)) return;
    chart(grid, title, { type: 'line', data: { datasets: both }, options: options('Ethernet frame', (v) => `${v} B`, yTitle, yTick) }, `${title}; the table below has the figures`);
  };
  over('Highest rate over the size of frames', (row) => row.answer_bps, 'payload', rate);
  over('Datagrams a second over the size of frames', (row) => row.answer_pps, 'datagrams/s', count);
  if (grid.childElementCount === 0) grid.remove();
  add(part, table(['frame', 'payload', 'direction', 'rate found', 'with IP, UDP', 'datagrams/s', 'status', 'limited by', 'took'], rows.map(sizeRow)));
};
