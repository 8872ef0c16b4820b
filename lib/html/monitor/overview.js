// What is wrong comes first.
function rank(target) {
  if (target.state === "down") return 0;
  if (target.loss_high || target.missed.length > 0) return 1;
  return target.state === "not_measured" ? 2 : 3;
}
function sorted() {
  const word = state.filter.toLowerCase();
  const fits = (t) => !word || (t.target + " " + t.module + " " + Object.values(t.labels).join(" ")).toLowerCase().includes(word);
  return [...state.targets.values()].filter(fits)
    .sort((a, b) => rank(a) - rank(b) || (a.target < b.target ? -1 : 1));
}

const lossesText = (round) => "up " + lossText(round.up) + ", down " + lossText(round.down);
const loses = (target) => Boolean(target.last && (loss(target.last.up) || loss(target.last.down)));
function wrongText(target) {
  const { last } = target;
  if (target.state !== "up") {
    return words[target.state] + " since " + moment(target.since_unix_ns) + (last && last.error ? ": " + last.error : "");
  }
  if (rank(target) === 3) return "lost some in its last round, " + lossesText(last);
  return [...(target.loss_high ? ["loses too much, " + lossesText(last)] : []), ...target.missed].join("; ");
}

function showWrong() {
  const list = $("wrong");
  const wrong = [...state.targets.values()].filter((t) => rank(t) < 3 || loses(t)).sort((a, b) => rank(a) - rank(b));
  const items = wrong.slice(0, 20).map((t) => element("li", rank(t) === 3 ? "some" : t.state, t.target + " " + wrongText(t)));
  if (wrong.length > 20) items.push(element("li", "", "and " + (wrong.length - 20) + " more"));
  items.push(...state.problems.slice(0, 20).map((problem) => element("li", "not_measured", problem)));
  if (items.length === 0) {
    const unknown = [...state.targets.values()].every((t) => t.state === "unknown");
    items.push(element("li", "fine", unknown ? "No round has ended yet." : "Nothing is wrong."));
  }
  list.replaceChildren(...items);
}

function spanText(ns) {
  const seconds = Math.round(ns / 1e9);
  if (seconds < 120) return seconds + " s";
  return seconds < 7200 ? Math.round(seconds / 60) + " min" : (seconds / 3600).toFixed(1) + " h";
}

// What happened to each target that was not up: how long it was down, and for how much of the time nobody knows, since this
// host slept or had no network, or no monitor ran. The last of a target may have no end yet.
function outages(events) {
  const open = new Map();
  const all = [];
  for (const event of events) {
    if (!["up", "down", "not_measured"].includes(event.change)) continue;
    const name = JSON.stringify([event.target, event.module]);
    const one = open.get(name) || { target: event.target, began: event.at_unix_ns, up: null, why: "", down: 0, not_measured: 0 };
    if (one.state) one[one.state] += Math.max(event.at_unix_ns - one.since, 0);
    if (event.change === "up") {
      one.up = event;
      open.delete(name);
      continue;
    }
    if (event.change === "down" && one.state !== "down") one.why = event.detail;
    if (!open.has(name)) {
      open.set(name, one);
      all.push(one);
    }
    Object.assign(one, { state: event.change, since: event.at_unix_ns, wasDown: one.wasDown || event.change === "down" });
  }
  return all;
}

const outageTexts = ({ down, not_measured }) =>
  [...(down > 0 ? ["down for " + spanText(down)] : []), ...(not_measured > 0 ? ["not measured for " + spanText(not_measured)] : [])];

// The changes of the time that is shown, of the history and the latest, as they followed each other: by a clock that was set
// back the later may have the earlier time.
function changesShown(now_ns) {
  const key = (e) => JSON.stringify([e.target, e.change, e.at_unix_ns, e.direction]);
  const latest = new Set(state.events.map(key));
  const all = [...state.before.filter((event) => !latest.has(key(event))), ...state.events];
  return all.filter((e) => e.at_unix_ns >= now_ns - 1e9 * state.span);
}

function cells(className, ...texts) {
  const row = element("tr", className);
  row.append(...texts.map((text) => element("td", "", text)));
  return row;
}

// Of those without an end only the target's last is one that lasts.
function outageRow(one, now_ns) {
  const target = state.targets.get(one.target);
  const lasts = !one.up && target && ["down", "not_measured"].includes(target.state);
  const times = { ...one };
  if (lasts) times[one.state] += Math.max(now_ns - one.since, 0);
  const end = one.up ? "until " + moment(one.up.at_unix_ns) : lasts ? "still" : "";
  return cells("bad", moment(one.began), one.target, "outage", [...outageTexts(times), end, one.why].filter((text) => text).join(", "));
}

function showEvents() {
  const now_ns = 1e6 * Date.now();
  const events = changesShown(now_ns);
  const all = outages(events);
  const lengths = new Map(all.filter((one) => one.up).map((one) => [one.up, outageTexts(one)]));
  const bad = all.filter((one) => one.wasDown).slice(-kMostEvents).reverse().map((one) => outageRow(one, now_ns));
  const rows = events.slice(-kMostEvents).reverse().map((event) =>
    cells(["down", "loss_high", "threshold_missed"].includes(event.change) ? "bad" : "", moment(event.at_unix_ns), event.target,
      event.change.replaceAll("_", " ") + (event.direction ? " (" + event.direction + ")" : ""),
      [event.detail, ...(lengths.get(event) || [])].join(", ")));
  if (rows.length === 0) rows.push(cells("", "none in this time"));
  $("events").tBodies[0].replaceChildren(...bad);
  $("events").tBodies[1].replaceChildren(...rows);
}
