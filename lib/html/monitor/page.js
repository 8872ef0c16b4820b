// What comes from the monitor, and what its reader asks for.
async function load() {
  const answer = await fetch("api/v1/targets");
  if (!answer.ok) return;
  const board = await answer.json();
  state.targets = new Map(board.targets.map((t) => [t.target, t]));
  state.events = board.events;
  showRows();
  showEvents();
}

function listen() {
  const feed = new EventSource("api/v1/events");
  feed.onopen = () => { $("live").textContent = "live"; load(); };
  feed.onerror = () => { $("live").textContent = "not connected: what is shown is old"; };
  feed.addEventListener("round", (event) => {
    const round = JSON.parse(event.data);
    const target = state.targets.get(round.target);
    if (!target) return;
    target.last = round;
    if (target.state === "unknown") load(); else showSoon();
  });
  feed.addEventListener("change", load);
  feed.addEventListener("targets", load);
  feed.addEventListener("skipped", load);
}

function redraw() {
  for (const row of state.rows.values()) {
    const fresh = Date.now() - row.drawn < (state.span === 3600 ? 9000 : 29000);
    if (row.visible && !fresh) draw(row);
  }
}

function showSpan(seconds) {
  state.span = seconds;
  state.chosen = true;
  for (const button of $("spans").children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.seconds) === seconds));
  }
  for (const row of state.rows.values()) row.drawn = 0;
  redraw();
}

for (const [text, seconds] of kSpans) {
  const button = element("button", "", text);
  button.type = "button";
  button.dataset.seconds = String(seconds);
  button.setAttribute("aria-pressed", String(seconds === state.span));
  button.onclick = () => showSpan(seconds);
  $("spans").append(button);
}
$("filter").oninput = () => { state.filter = $("filter").value; state.shown = kRowsAtOnce; showRows(); };
$("more").onclick = () => { state.shown += kRowsAtOnce; showRows(); };
matchMedia("(prefers-color-scheme: dark)").onchange = () => {
  for (const row of state.rows.values()) {
    if (row.charts) row.charts.forEach((chart) => chart.destroy());
    row.charts = null;
    row.drawn = 0;
  }
  redraw();
};
if (location.hash === "#check") {  // for the test that looks at the page
  const errors = [];
  addEventListener("error", (event) => errors.push(String(event.message)));
  setInterval(() => {
    const rows = [...state.rows.values()];
    const drawn = rows.filter((row) => row.charts && row.charts.every((chart) => chart.data.datasets[6].data.some((p) => p.y !== null)));
    const away = rows.filter((row) => row.charts && row.charts[0].data.datasets[7].data.some((p) => p.y === 1));
    document.body.dataset.check = JSON.stringify({
      rows: rows.length, drawn: drawn.length, away: away.length, errors,
      states: rows.map((row) => row.root.className),
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    });
  }, 200);
}
setInterval(redraw, 10000);
load();
listen();
