// What is wrong comes first.
function rank(target) {
  if (target.state === "down") return 0;
  if (target.loss_high) return 1;
  return target.state === "not_measured" ? 2 : 3;
}
function sorted() {
  const word = state.filter.toLowerCase();
  const fits = (t) => !word || (t.target + " " + t.module + " " + Object.values(t.labels).join(" ")).toLowerCase().includes(word);
  return [...state.targets.values()].filter(fits)
    .sort((a, b) => rank(a) - rank(b) || (a.target < b.target ? -1 : 1));
}

function showWrong() {
  const list = $("wrong");
  const wrong = [...state.targets.values()].filter((t) => rank(t) < 3).sort((a, b) => rank(a) - rank(b));
  const items = wrong.slice(0, 20).map((t) => {
    const reason = t.last && t.last.error ? ": " + t.last.error : "";
    const what = t.state === "up" ? "loses too much, up " + lossText(t.last.up) + ", down " + lossText(t.last.down)
      : words[t.state] + " since " + moment(t.since_unix_ns) + reason;
    return element("li", t.state, t.target + " " + what);
  });
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

// Of each return to up, how long the target had not been.
function outages(events) {
  const since = new Map();
  const lengths = new Map();
  for (const event of events) {
    const began = since.get(event.target);
    if (["down", "not_measured"].includes(event.change) && began === undefined) {
      since.set(event.target, event.at_unix_ns);
    } else if (event.change === "up" && began !== undefined) {
      lengths.set(event, event.at_unix_ns - began);
      since.delete(event.target);
    }
  }
  return lengths;
}

function showEvents() {
  const lengths = outages(state.events);
  const rows = state.events.slice(-kMostEvents).reverse().map((event) => {
    const row = element("tr", ["down", "loss_high"].includes(event.change) ? "bad" : "");
    row.append(element("td", "", moment(event.at_unix_ns)), element("td", "", event.target),
      element("td", "", event.change.replaceAll("_", " ") + (event.direction ? " (" + event.direction + ")" : "")),
      element("td", "", event.detail + (lengths.has(event) ? ", after " + spanText(lengths.get(event)) : "")));
    return row;
  });
  if (rows.length === 0) {
    const row = element("tr");
    row.append(element("td", "", "none so far"));
    rows.push(row);
  }
  $("events").tBodies[0].replaceChildren(...rows);
}
