// Several streams, and many flows: a cell each.
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
    const calls = list.some((s) => s.voice);
    add(part, table([`${key}: stream`, 'sent', 'delivered', 'rate', 'lost', 'duplicated', 'reordered', ...(calls ? ['voice'] : [])], list.map((s) => [s.stream, count(at(s, 'tx.packets')), count(at(s, 'rx.unique')), rate(at(s, 'rx.goodput_bps')), count(at(s, 'loss.packets')), count(at(s, 'duplicates.packets')), count(at(s, 'reordering.packets')), ...(calls ? [s.voice ? score(s.voice) : NONE] : [])])));
  });
};

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
