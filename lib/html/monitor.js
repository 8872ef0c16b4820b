"use strict";
// The monitor's page. All data comes from the API as JSON and goes into the page as text, never as
// markup.
(() => {
  const kSpans = [["1 h", 3600], ["24 h", 86400], ["7 d", 604800], ["30 d", 2592000]];
  const kRowsAtOnce = 50;
  const kMostEvents = 100;
  const $ = (id) => document.getElementById(id);
  const state = { targets: new Map(), events: [], rows: new Map(), span: 86400, shown: kRowsAtOnce, filter: "" };

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

  function showEvents() {
    const rows = state.events.slice(-kMostEvents).reverse().map((event) => {
      const row = element("tr", ["down", "loss_high"].includes(event.change) ? "bad" : "");
      row.append(element("td", "", moment(event.at_unix_ns)), element("td", "", event.target),
        element("td", "", event.change.replaceAll("_", " ") + (event.direction ? " (" + event.direction + ")" : "")),
        element("td", "", event.detail));
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

  function makeChart(canvas, name) {
    const hex = color(name);
    const band = (fill, share) => ({ data: [], pointRadius: 0, borderWidth: 0, fill, backgroundColor: faded(hex, share), spanGaps: false });
    const text = { color: color("dim"), font: { size: 10 }, maxTicksLimit: 4, maxRotation: 0 };
    return new Chart(canvas, {
      type: "line",
      data: { datasets: [
        band(false, 0), band("-1", 0.15), band(false, 0), band("-1", 0.25), band(false, 0), band("-1", 0.4),
        { data: [], pointRadius: 0, borderWidth: 1.5, borderColor: hex, spanGaps: false },
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
          y: { beginAtZero: true, grid: { color: color("line") }, ticks: { ...text, callback: (v) => timeText(v) } },
          loss: { position: "right", min: 0, max: 1, display: false },
        },
      },
    });
  }

  const kBands = [["min_ns", "max_ns"], ["p10_ns", "p90_ns"], ["p25_ns", "p75_ns"]];
  function fill(chart, rows, spread, lost) {
    const data = chart.data.datasets.map(() => []);
    let end = null;
    for (const row of rows) {
      const x = row.start_unix_ns / 1e6;
      const times = spread(row);
      const far = end !== null && x - end > Math.max(row.span_ns / 1e6, 15000);
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
    const since = Math.floor(Date.now() / 1000) - state.span;
    const answer = await fetch("api/v1/rounds?target=" + encodeURIComponent(row.name) + "&since=" + since);
    if (!answer.ok) return;
    const rows = (await answer.json()).rows;
    if (!row.charts) {
      row.charts = row.canvases.map(([canvas, name]) => makeChart(canvas, name));
    }
    const both = (r) => Math.max(loss(r.up) || 0, loss(r.down) || 0);
    fill(row.charts[0], rows, (r) => (r.rtt && r.rtt.n > 0 ? r.rtt : null), both);
    fill(row.charts[1], rows, (r) => r.up && r.up.delay_variation, (r) => loss(r.up));
    fill(row.charts[2], rows, (r) => r.down && r.down.delay_variation, (r) => loss(r.down));
    row.drawn = Date.now();
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
    const row = { name, root: element("article", "target"), visible: false, drawn: 0, charts: null, canvases: [] };
    row.root.dataset.name = name;
    const top = element("div", "top");
    row.title = element("span", "name");
    row.state = element("span", "state");
    row.figures = element("span", "figures");
    row.link = element("a", "", "rounds");
    row.link.href = "api/v1/rounds?grain=round&target=" + encodeURIComponent(name);
    top.append(row.title, row.state, row.figures, row.link);
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
    row.state.textContent = words[target.state] + (target.loss_high ? ", loss high" : "");
    const last = target.last;
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
      if (row.visible) draw(row);
    }
  }

  for (const [text, seconds] of kSpans) {
    const button = element("button", "", text);
    button.type = "button";
    button.setAttribute("aria-pressed", String(seconds === state.span));
    button.onclick = () => {
      state.span = seconds;
      for (const other of $("spans").children) other.setAttribute("aria-pressed", String(other === button));
      for (const row of state.rows.values()) row.drawn = 0;
      redraw();
    };
    $("spans").append(button);
  }
  $("filter").oninput = () => { state.filter = $("filter").value; state.shown = kRowsAtOnce; showRows(); };
  $("more").onclick = () => { state.shown += kRowsAtOnce; showRows(); };
  matchMedia("(prefers-color-scheme: dark)").onchange = () => {
    for (const row of state.rows.values()) {
      if (row.charts) row.charts.forEach((chart) => chart.destroy());
      row.charts = null;
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
  setInterval(redraw, 30000);
  load();
  listen();
})();
