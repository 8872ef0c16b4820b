// One part that a strange document breaks does not take the others with it.
const draw = (make_part) => {
  try { make_part(); } catch (problem) {
    add(main, make('p', `A part of this page could not be drawn: the document is not as udperf writes it (${problem.message}).`, 'bad'));
    broken += 1;
  }
};
let broken = 0;
const parts = ways.length > 0 ? [header, headline, roundTrips, overTime, distribution, lossMap, flows, streams, sizes, search, repeats, intervals]
  : [header, roundTrips, sizes, search, repeats];
[...(pair ? [parts[0], comparison, ...parts.slice(1)] : parts), configuration, remarks].forEach(draw);
add(main, make('footer', `Made by udperf ${doc.version}. Charts: Chart.js (MIT licence, in this page's source).`));
const drawn = [];
charts.forEach(({ canvas, config }) => draw(() => drawn.push(new Chart(canvas, config))));
// On paper nothing can be unfolded.
window.addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));

// For the tests: what could be wrong with a page that nobody looks at.
if (location.hash === '#check') {
  const blank = drawn.filter(({ canvas }) => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return !pixels.some((value) => value !== 0);
  }).length;
  const root = document.documentElement;
  root.dataset.check = JSON.stringify({ charts: drawn.length, blank, overflow: root.scrollWidth - root.clientWidth, broken, errors });
}
