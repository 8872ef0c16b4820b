"use strict";
// The monitor's page. All data comes from the API as JSON and goes into the page as text, never as
// markup.
(() => {
  const kSpans = [["1 h", 3600], ["24 h", 86400], ["7 d", 604800], ["30 d", 2592000]];
  const kRowsAtOnce = 50;
  const kMostEvents = 100;
  const kRoundsAtOnce = 200;
  const kLeastRows = 12;  // an hour of five minutes each
  const $ = (id) => document.getElementById(id);
  const state = { targets: new Map(), events: [], rows: new Map(), span: 86400, chosen: false, shown: kRowsAtOnce, filter: "" };

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function timeText(ns) {
    if (ns === null || ns === undefined) return "–";
    if (Math.abs(ns) < 1e6) return (ns / 1e3).toPrecision(3) + " µs";
    return Math.abs(ns) < 1e9 ? (ns / 1e6).toPrecision(3) + " ms" : (ns / 1e9).toPrecision(3) + " s";
  }
  const moment = (ns) => new Date(ns / 1e6).toLocaleString();
  const loss = (way) => (way && way.sent > 0 ? way.lost / way.sent : null);
  const percent = (ratio) => (ratio === null ? "–" : (100 * ratio).toPrecision(ratio >= 0.1 ? 3 : 2) + " %");
  const lossText = (way) => (way && way.sent > 0 ? (way.lost === 0 ? "0" : percent(loss(way))) : "–");
  const words = { up: "up", down: "down", unknown: "not known yet", not_measured: "not measured" };

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

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const faded = (hex, share) => hex + Math.round(255 * share).toString(16).padStart(2, "0");

  // No line goes to a point between two gaps.
  function lone(context) {
    const points = context.dataset.data;
    const gap = (at) => !points[at] || points[at].y === null;
    return gap(context.dataIndex - 1) && gap(context.dataIndex + 1) ? 2 : 0;
  }

  function makeChart(canvas, name) {
    const hex = color(name);
    const band = (fill, share) => ({ data: [], pointRadius: 0, borderWidth: 0, fill, backgroundColor: faded(hex, share), spanGaps: false });
    const text = { color: color("dim"), font: { size: 10 }, maxTicksLimit: 4, maxRotation: 0 };
    return new Chart(canvas, {
      type: "line",
      data: { datasets: [
        band(false, 0), band("-1", 0.15), band(false, 0), band("-1", 0.25), band(false, 0), band("-1", 0.4),
        { data: [], pointRadius: lone, borderWidth: 1.5, borderColor: hex, backgroundColor: hex, spanGaps: false },
        { type: "bar", data: [], yAxisID: "loss", backgroundColor: color("loss"), barThickness: 2 },
      ] },
      options: {
        animation: false, maintainAspectRatio: false, parsing: false, normalized: true,
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
        scales: {
          x: { type: "linear", offset: false, grid: { display: false }, afterBuildTicks: (axis) => {
            axis.ticks = [0, 1, 2, 3].map((i) => ({ value: axis.min + (i + 0.5) * (axis.max - axis.min) / 4 }));
          }, ticks: { ...text, callback: (v) => {
            const at = new Date(v);
            return state.span > 2 * 86400 ? at.toLocaleDateString([], { month: "short", day: "numeric" })
              : at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
          } } },
          y: { beginAtZero: true, suggestedMax: 1e4, grid: { color: color("line") }, ticks: { ...text, callback: (v) => timeText(v) } },
          loss: { position: "right", min: 0, max: 1, display: false },
        },
      },
    });
  }

  const kBands = [["min_ns", "max_ns"], ["p10_ns", "p90_ns"], ["p25_ns", "p75_ns"]];
  function fill(chart, rows, every, spread, lost) {
    const data = chart.data.datasets.map(() => []);
    let end = null;
    for (const row of rows) {
      const x = row.start_unix_ns / 1e6;
      const times = spread(row);
      const far = end !== null && x - end > Math.max(row.span_ns / 1e6, 1.5 * every, 15000);
      if (far || !times) {  // a gap is a gap
        for (let i = 0; i < 7; ++i) data[i].push({ x: far ? end : x, y: null });
      }
      if (times) {
        kBands.forEach(([low, high], i) => {
          data[2 * i].push({ x, y: times[low] });
          data[2 * i + 1].push({ x, y: times[high] });
        });
        data[6].push({ x, y: times.p50_ns });
      }
      const share = lost(row);
      if (share) data[7].push({ x, y: Math.max(share, 0.02) });
      end = x + row.span_ns / 1e6;
    }
    chart.data.datasets.forEach((set, i) => { set.data = data[i]; });
    chart.options.scales.x.min = Date.now() - 1000 * state.span;
    chart.options.scales.x.max = Date.now();
    chart.update("none");
  }

  async function draw(row) {
    const span = state.span;
    const since = Math.floor(Date.now() / 1000) - span;
    const answer = await fetch("api/v1/rounds?target=" + encodeURIComponent(row.name) + "&since=" + since);
    if (!answer.ok) return;
    const rows = (await answer.json()).rows;
    if (span !== state.span) return;
    if (!state.chosen) {  // who has just begun has no day to see
      state.chosen = true;
      if (rows.length < kLeastRows) {
        showSpan(3600);
        return;
      }
    }
    if (!row.charts) {
      row.charts = row.canvases.map(([canvas, name]) => makeChart(canvas, name));
    }
    const target = state.targets.get(row.name);
    const every = target ? target.every_ns / 1e6 : 0;
    const both = (r) => Math.max(loss(r.up) || 0, loss(r.down) || 0);
    fill(row.charts[0], rows, every, (r) => (r.rtt && r.rtt.n > 0 ? r.rtt : null), both);
    fill(row.charts[1], rows, every, (r) => r.up && r.up.delay_variation, (r) => loss(r.up));
    fill(row.charts[2], rows, every, (r) => r.down && r.down.delay_variation, (r) => loss(r.down));
    row.drawn = Date.now();
  }

  // What the charts sum up, one by one; the latest first.
  const p99 = (spread) => timeText(spread ? spread.p99_ns : null);
  const kRoundHeads = ["Round", "", "Lost up", "Lost down", "RTT p50", "RTT p99", "Variation up p99", "Variation down p99", ""];
  function roundRow(name, round) {
    const status = Object.keys(round.rounds).find((one) => round.rounds[one] > 0) || "";
    const row = element("tr", ["complete", "not_measured"].includes(status) ? "" : "bad");
    for (const text of [moment(round.start_unix_ns), status.replaceAll("_", " "), lossText(round.up), lossText(round.down),
      timeText(round.rtt ? round.rtt.p50_ns : null), p99(round.rtt), p99(round.up && round.up.delay_variation),
      p99(round.down && round.down.delay_variation)]) {
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

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const row = state.rows.get(entry.target.dataset.name);
      if (row) {
        row.visible = entry.isIntersecting;
        if (row.visible && Date.now() - row.drawn > 15000) draw(row);
      }
    }
  }, { rootMargin: "200px" });

  function makeRow(name) {
    const row = { name, root: element("article", "target"), visible: false, drawn: 0, charts: null, canvases: [], rounds: null };
    row.root.dataset.name = name;
    const top = element("div", "top");
    row.title = element("span", "name");
    row.state = element("span", "state");
    row.figures = element("span", "figures");
    row.button = element("button", "", "Rounds");
    row.button.type = "button";
    row.button.setAttribute("aria-expanded", "false");
    row.button.onclick = () => showRounds(row);
    const link = element("a", "", "JSON");
    link.href = "api/v1/rounds?grain=round&target=" + encodeURIComponent(name);
    top.append(row.title, row.state, row.figures, row.button, link);
    const charts = element("div", "charts");
    for (const [title, hue] of [["Round trip", "up"], ["Delay variation up", "up"], ["Delay variation down", "down"]]) {
      const chart = element("div", "chart");
      const box = element("div");
      const canvas = element("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", title + " of " + name);
      box.append(canvas);
      chart.append(element("h3", "", title), box);
      charts.append(chart);
      row.canvases.push([canvas, hue]);
    }
    row.root.append(top, charts);
    state.rows.set(name, row);
    watcher.observe(row.root);
    return row;
  }

  function showRow(target) {
    const row = state.rows.get(target.target) || makeRow(target.target);
    row.root.className = "target " + target.state;
    const labels = Object.entries(target.labels).map(([k, v]) => k + "=" + v).join(" ");
    row.title.textContent = target.target + (labels ? " (" + labels + ")" : "");
    const last = target.last;
    row.state.textContent = words[target.state] + (target.loss_high ? ", loss high" : "") +
      (last && last.server_restarted ? ", server started anew" : "");
    const rtt = last && last.rtt;
    row.figures.textContent = !last ? "no round yet" : "RTT " + timeText(rtt && rtt.p50_ns) + ", lost up " +
      lossText(last.up) + ", down " + lossText(last.down);
    return row.root;
  }

  function showRows() {
    const all = sorted();
    const shown = all.slice(0, state.shown);
    const nodes = shown.map(showRow);
    const box = $("rows");
    const same = box.children.length === nodes.length && nodes.every((node, i) => box.children[i] === node);
    if (!same) box.replaceChildren(...nodes);
    for (const [name, row] of state.rows) {
      if (!state.targets.has(name)) {
        watcher.unobserve(row.root);
        if (row.charts) row.charts.forEach((chart) => chart.destroy());
        state.rows.delete(name);
      }
    }
    $("more").hidden = all.length <= shown.length;
    showWrong();
  }

  let waiting = false;
  function showSoon() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; showRows(); }, 250);
  }

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
      document.body.dataset.check = JSON.stringify({
        rows: rows.length, drawn: drawn.length, errors,
        states: rows.map((row) => row.root.className),
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      });
    }, 200);
  }
  setInterval(redraw, 10000);
  load();
  listen();
})();
