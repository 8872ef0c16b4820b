// What the charts sum up, one by one; the latest first.
const p99 = (spread) => timeText(spread ? spread.p99_ns : null);
const kRoundHeads = ["Round", "", "Lost up", "Lost down", "RTT p50", "RTT p99", "Variation up p99", "Variation down p99", "Result up", "Result down", ""];
// Of a call how it sounded, of a search what it found.
function resultText(way) {
  if (way && way.voice && way.voice.mos !== null) return "MOS " + way.voice.mos.toFixed(2);
  return way && Number.isFinite(way.found_bps) ? (way.found_bps / 1e6).toPrecision(3) + " Mb/s" : "–";
}
function roundRow(name, round) {
  const status = Object.keys(round.rounds).find((one) => round.rounds[one] > 0) || "";
  const row = element("tr", ["complete", "not_measured"].includes(status) ? "" : "bad");
  for (const text of [moment(round.start_unix_ns), status.replaceAll("_", " "), lossText(round.up), lossText(round.down),
    timeText(round.rtt ? round.rtt.p50_ns : null), p99(round.rtt), p99(round.up && round.up.delay_variation),
    p99(round.down && round.down.delay_variation), resultText(round.up), resultText(round.down)]) {
    row.append(element("td", "", text));
  }
  const cell = element("td");
  const link = element("a", "", "Report");
  link.href = "report?target=" + encodeURIComponent(name) + "&time=" + (round.start_unix_ns / 1e9).toFixed(6);
  link.target = "_blank";
  link.rel = "noopener";
  cell.append(link);
  row.append(cell);
  return row;
}

async function addRounds(row, table, earlier) {
  const until = earlier.dataset.until ? "&until=" + earlier.dataset.until : "";
  const answer = await fetch("api/v1/rounds?grain=round&since=0&most=" + kRoundsAtOnce + "&target=" + encodeURIComponent(row.name) + until);
  if (!answer.ok) return;
  const rows = (await answer.json()).rows.reverse();
  table.append(...rows.map((round) => roundRow(row.name, round)));
  earlier.hidden = rows.length < kRoundsAtOnce;
  if (rows.length > 0) earlier.dataset.until = (rows[rows.length - 1].start_unix_ns / 1e9 - 0.001).toFixed(6);
}

async function showRounds(row) {
  if (row.rounds) {
    row.rounds.remove();
    row.rounds = null;
  } else {
    const head = element("tr");
    for (const text of kRoundHeads) head.append(element("th", "", text));
    const table = element("table");
    table.append(head);
    const earlier = element("button", "", "Earlier");
    earlier.type = "button";
    earlier.onclick = () => addRounds(row, table, earlier);
    row.rounds = element("div", "scroll");
    row.rounds.append(table, earlier);
    row.root.append(row.rounds);
    await addRounds(row, table, earlier);
  }
  row.button.setAttribute("aria-expanded", String(row.rounds !== null));
}
