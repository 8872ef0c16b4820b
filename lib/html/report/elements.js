// What the page is made of.
const make = (tag, text, kind) => {
  const element = document.createElement(tag);
  if (known(text)) element.textContent = String(text);
  if (kind) element.className = kind;
  return element;
};
const add = (parent, ...children) => { children.forEach((child) => parent.appendChild(child)); return parent; };
const section = (title, id) => {
  const part = make('section');
  part.id = id;
  add(part, make('h2', title));
  main.appendChild(part);
  return part;
};
const card = (title, value, more) =>
  add(make('div', null, 'card'), make('div', title, 'dim'), make('div', value, 'value'), make('div', more || '', 'more'));
const table = (head, rows, kind) => {
  const out = make('table', null, kind);
  if (head) add(out, add(make('thead'), add(make('tr'), ...head.map((text) => make('th', text)))));
  const body = make('tbody');
  rows.forEach((row) => add(body, add(make('tr'), ...row.map((cell) => make('td', cell)))));
  return add(make('div', null, 'scroll'), add(out, body));
};
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
