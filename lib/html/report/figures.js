// Figures as text. One that is null was not measured, and is said to be so.
const NONE = 'not measured';
const digits = (v) => (v === 0 ? '0' : Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : v.toFixed(2));
const scaled = (v, units, step) => {
  let i = 0;
  while (Math.abs(v) >= step && i + 1 < units.length) { v /= step; i += 1; }
  return `${digits(v)} ${units[i]}`;
};
const rate = (v) => (number(v) ? scaled(v, ['bit/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'], 1000) : NONE);
const bytes = (v) => (number(v) ? scaled(v, ['B', 'kB', 'MB', 'GB', 'TB'], 1000) : NONE);
const time = (v) => (number(v) ? scaled(v, ['ns', 'µs', 'ms', 's'], 1000) : NONE);
const seconds = (v) => (number(v) ? time(v * 1e9) : NONE);
const percent = (v) => (number(v) ? `${v === 0 ? '0' : v < 0.01 ? v.toExponential(1) : v.toFixed(v < 1 ? 3 : 2)} %` : NONE);
const count = (v) => (number(v) ? v.toLocaleString('en').replace(/,/g, '\u202f') : NONE);
const moment = (ns) => {
  const date = number(ns) ? new Date(ns / 1e6) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString().replace('T', ' ').replace('Z', ' UTC') : NONE;
};
const share = (ratio) => percent(number(ratio) ? ratio * 100 : null);
const several = (n, one, more) => `${count(n)} ${n === 1 ? one : more || `${one}s`}`;
const inSeconds = (v) => {
  const unit = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']].find(([size]) => Math.abs(v) >= size) || [1, 's'];
  return `${+(Number(v) / unit[0]).toPrecision(4)} ${unit[1]}`;
};
