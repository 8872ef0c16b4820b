// What comes from the monitor, and what its reader asks for.
// The whole board is asked for once at a time, and then not for a second, or thrice as long as it took.
const kEventsKept = 500;
const board = { wanted: false, loading: false, loads: 0, late: [] };
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function load() {
  board.wanted = true;
  if (board.loading) return;
  board.loading = true;
  while (board.wanted) {
    board.wanted = false;
    const begun = Date.now();
    await takeBoard().catch(() => {});  // the feed says that nobody answers
    await rest(Math.max(1000, 3 * (Date.now() - begun)));
  }
  board.loading = false;
}

async function takeBoard() {
  board.loads += 1;
  board.late = [];
  const answer = await fetch("api/v1/targets");
  if (!answer.ok) {  // busy with others: once more, as after any other change
    board.wanted = true;
    return;
  }
  const { targets, events, problems } = await answer.json();
  state.targets = new Map(targets.map((t) => [t.target, t]));
  state.events = events;
  state.problems = problems;
  board.late.forEach((apply) => apply());  // what came meanwhile may not be in it
  showRows();
  showEvents();
  await loadChanges();
}

// The changes of the time that is shown: the board has the last few hundred only.
async function loadChanges() {
  const { span } = state;
  const answer = await fetch("api/v1/changes?since=" + Math.floor(Date.now() / 1000 - span));
  if (!answer.ok) return;  // without a history there are no others
  const { changes } = await answer.json();
  if (span !== state.span) return;
  state.before = changes;
  showEvents();
}

// What an event says is applied here, so that nobody has to be asked.
function apply(change) {
  change();
  if (board.loading) board.late.push(change);
}

function applyRound(round) {
  const target = state.targets.get(round.target);
  if (!target || (target.last && target.last.round > round.round)) return;
  target.last = round;
  if (target.state !== "unknown") return;
  if (round.status === "complete") {
    target.state = "up";
    target.since_unix_ns = round.start_unix_ns;
  } else if (round.status === "cut_short") {
    load();  // which may be up or down
  }
}

function applyChange(change) {
  const same = (e) => e.target === change.target && e.change === change.change && e.at_unix_ns === change.at_unix_ns && e.direction === change.direction;
  if (!state.events.some(same)) {
    state.events = [...state.events, change].slice(-kEventsKept);
  }
  const target = state.targets.get(change.target);
  if (!target) return;
  if (["up", "down", "not_measured"].includes(change.change)) {
    target.state = change.change;
    target.since_unix_ns = target.last && target.last.round === change.round ? target.last.start_unix_ns : change.at_unix_ns;
  } else if (change.change.startsWith("loss_")) {
    target.loss_high = change.change === "loss_high";
  } else if (change.change.startsWith("threshold_")) {
    load();  // which of them are missed now
  }
}

let eventsWait = false;
function showEventsSoon() {
  showSoon();
  if (eventsWait) return;
  eventsWait = true;
  setTimeout(() => { eventsWait = false; showEvents(); }, 250);
}

function listen() {
  const feed = new EventSource("api/v1/events");
  feed.onopen = () => { $("live").textContent = "live"; load(); };
  feed.onerror = () => {
    $("live").textContent = "not connected: what is shown is old";
    if (feed.readyState !== EventSource.CLOSED) return;  // the browser tries again by itself
    setTimeout(() => { load(); listen(); }, 10000 + 5000 * Math.random());  // a refusal it takes for good
  };
  feed.addEventListener("round", (event) => {
    const round = JSON.parse(event.data);
    apply(() => applyRound(round));
    showSoon();
  });
  feed.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    apply(() => applyChange(change));
    showEventsSoon();
  });
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
  showEvents();
  loadChanges().catch(() => {});  // the feed says that nobody answers
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
// Which parts of one whole cover each other, for the same.
function overlaps() {
  const found = [];
  for (const whole of document.querySelectorAll("body, body *:not(canvas, script)")) {
    const boxes = [...whole.children].map((part) => [part, part.getBoundingClientRect()])
      .filter(([part, box]) => box.width > 0 && box.height > 0 && getComputedStyle(part).display !== "inline");
    boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) found.push(one.tagName + "." + one.className + " and " + other.tagName + "." + other.className);
    }));
  }
  return found;
}

if (location.hash === "#check") {  // for the test that looks at the page
  const errors = [];
  addEventListener("error", (event) => errors.push(String(event.message)));
  setInterval(() => {
    const rows = [...state.rows.values()];
    const drawn = rows.filter((row) => row.charts && row.charts.every((chart) => chart.data.datasets[6].data.some((p) => p.y !== null)));
    const away = rows.filter((row) => row.charts && row.charts[0].data.datasets[7].data.some((p) => p.y === 1));
    const gaps = rows.filter((row) => row.charts && row.charts[0].data.datasets[8].data.some((p) => p.y > 0 && p.y < 1));
    document.body.dataset.check = JSON.stringify({
      rows: rows.length, drawn: drawn.length, away: away.length, gaps: gaps.length, errors, overlaps: overlaps(),
      wrong: $("wrong").textContent, loads: board.loads, live: $("live").textContent,
      seconds: performance.now() / 1000, events: state.events.length,
      states: rows.map((row) => row.root.className),
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    });
  }, 200);
}
setInterval(redraw, 10000);
load();
listen();
