// The monitor's page. All data comes from the API as JSON and goes into the page as text, never as markup.
const kSpans = [["1 h", 3600], ["24 h", 86400], ["7 d", 604800], ["30 d", 2592000]];
const kRowsAtOnce = 50;
const kMostEvents = 100;
const kRoundsAtOnce = 200;
const $ = (id) => document.getElementById(id);
const state = { targets: new Map(), events: [], before: [], problems: [], rows: new Map(), span: 86400, chosen: false, shown: kRowsAtOnce, filter: "" };

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
