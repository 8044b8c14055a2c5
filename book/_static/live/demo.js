// The page draws a 5 by itself until the reader draws.

const SECONDS = 1.4;
const FIVE = [
  [[17, 5], [10.5, 5.5], [9.6, 12], [13, 10.8], [16.6, 11.8], [18.4, 15], [17.6, 19], [14, 21.8], [9.5, 21]],
  [[17, 5], [19.5, 4.7]],
].map(refine);

/** Curves through the middles of a line's segments: about eight points for each. */
function refine(line) {
  const points = [line[0]];
  for (let i = 1; i < line.length; i++) {
    const middle = (a, b) => a.map((v, axis) => (v + b[axis]) / 2);
    const start = points.at(-1);
    const end = i < line.length - 1 ? middle(line[i], line[i + 1]) : line[i];
    for (let step = 1; step <= 8; step++) {
      const t = step / 8;
      points.push([0, 1].map((axis) =>
        (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * line[i][axis] + t ** 2 * end[axis]));
    }
  }
  return points;
}

function firstPoints(strokes, count) {
  const shown = [];
  for (const stroke of strokes) {
    if (count > 0) shown.push(stroke.slice(0, count));
    count -= stroke.length;
  }
  return shown;
}

/** Draw stroke by stroke, or at once for readers who want less motion. */
export function playDemo(pad) {
  const all = FIVE.flat().length;
  const show = (count) => pad.replace(firstPoints(FIVE, count), null, { passing: true });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return show(all);
  const begin = performance.now();
  const step = (now) => {
    if (!pad.passing) return; // the reader has begun
    const part = Math.min(1, Math.max(0, now - begin) / 1000 / SECONDS);
    show(Math.max(1, Math.ceil(part * all)));
    if (part < 1) requestAnimationFrame(step);
  };
  show(1);
  requestAnimationFrame(step);
}
