// A row for each target.
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
    (target.missed.length > 0 ? ", threshold missed" : "") +
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
