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
  if (wrong.length === 0) {
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

// Of each return to up, how long the target had been down, and for how much of the time before nobody knows: this host
// slept or had no network, or no monitor ran.
function outages(events) {
  const open = new Map();
  const lengths = new Map();
  for (const event of events) {
    if (!["up", "down", "not_measured"].includes(event.change)) continue;
    const name = JSON.stringify([event.target, event.module]);
    const times = open.get(name) || { down: 0, not_measured: 0 };
    if (times.state) times[times.state] += Math.max(event.at_unix_ns - times.since, 0);
    if (event.change !== "up") {
      open.set(name, { ...times, state: event.change, since: event.at_unix_ns });
    } else if (open.delete(name)) {
      lengths.set(event, { down: times.down, not_measured: times.not_measured });
    }
  }
  return lengths;
}

function outageText({ down, not_measured }) {
  return [...(down > 0 ? ["after " + spanText(down)] : []), ...(not_measured > 0 ? ["not measured for " + spanText(not_measured)] : [])]
    .map((text) => ", " + text).join("");
}

function showEvents() {
  const lengths = outages(state.events);
  const rows = state.events.slice(-kMostEvents).reverse().map((event) => {
    const row = element("tr", ["down", "loss_high", "threshold_missed"].includes(event.change) ? "bad" : "");
    row.append(element("td", "", moment(event.at_unix_ns)), element("td", "", event.target),
      element("td", "", event.change.replaceAll("_", " ") + (event.direction ? " (" + event.direction + ")" : "")),
      element("td", "", event.detail + (lengths.has(event) ? outageText(lengths.get(event)) : "")));
    return row;
  });
  if (rows.length === 0) {
    const row = element("tr");
    row.append(element("td", "", "none so far"));
    rows.push(row);
  }
  $("events").tBodies[0].replaceChildren(...rows);
}
