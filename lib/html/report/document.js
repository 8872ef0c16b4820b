// The result document that is in the page. Whatever comes from it is set as text, never as markup; what
// stands where a number belongs may be anything: the page is also made of files from afar.
const errors = [];
window.addEventListener('error', (event) => errors.push(String(event.message)));
const data = JSON.parse(document.getElementById('document').textContent);
// Two documents and what came out of comparing them, or one.
const pair = data && data.comparison && data.new && data.old ? data : null;
const doc = pair ? pair.new : data;
const main = document.querySelector('main');
const ways = [['up', 'client to server', '--up'], ['down', 'server to client', '--down']]
  .filter(([key]) => doc[key] && typeof doc[key] === 'object');

const known = (v) => v !== null && v !== undefined;
const number = (v) => typeof v === 'number' && Number.isFinite(v);
const rowsOf = (list) => (Array.isArray(list) ? list.filter((row) => row && typeof row === 'object') : []);
const at = (object, path) => path.split('.').reduce((o, key) => (known(o) ? o[key] : null), object);
// Why a figure is missing: the note of the field, or of the nearest object around it.
const why = (path) => {
  for (let p = path; p; p = p.includes('.') ? p.slice(0, p.lastIndexOf('.')) : '') {
    const note = rowsOf(doc.notes).find((n) => n.field === p);
    if (note) return String(note.message);
  }
  // Where nothing came from the receiver, that is the reason for all.
  const codes = ['no_report', 'nothing_arrived', 'single_packet', 'classic'];
  const whole = rowsOf(doc.notes).find((n) => codes.includes(n.code) && String(n.field).startsWith(`${path.split('.')[0]}.rx`));
  return whole ? String(whole.message) : '';
};
