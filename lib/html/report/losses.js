// Where and when datagrams were lost.
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
