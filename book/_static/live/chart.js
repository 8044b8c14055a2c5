// Curves over two axes, in vectors: they take the colours of the page, and its width.

const SPACE = { top: 12, right: 14, bottom: 44, left: 52 };
const NARROW = 420; // pixels

/** A vector element with its attributes. */
export function vector(tag, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

/** From a value to a place: an axis {low, high, log, ticks, title} between two pixels. */
export function scale({ low, high, log = false }, from, to) {
  const on = (value) => (log ? Math.log(value) : value);
  return (value) => from + ((on(value) - on(low)) / (on(high) - on(low))) * (to - from);
}

export class Chart {
  constructor(height = 240) {
    this.height = height;
    this.root = vector("svg", { class: "instrument-chart", role: "img" });
    new ResizeObserver(() => this.shown && this.paint()).observe(this.root);
  }

  /**
   * Show curves; painted again where the width changes.
   *
   * @param x, y axes: {low, high, log, ticks, title}; `ticks` are values, or pairs of value and text.
   * @param curves [{points: [[x, y]], kind, band: [[x, low, high]], bars, dots}], kind 1 to 3;
   *   with `dots` there is no line between the points, `bars` are as a band at each of them.
   * @param at a value of x at which a line stands.
   */
  show(x, y, curves, { at = null, label = "" } = {}) {
    this.shown = { x, y, curves, at };
    this.root.setAttribute("aria-label", label);
    this.paint();
  }

  paint() {
    const { root, height } = this;
    const { x, y, curves, at } = this.shown;
    const width = root.clientWidth;
    if (!width) return; // hidden as yet
    root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const [bottom, right] = [height - SPACE.bottom, width - SPACE.right];
    this.across = scale(x, SPACE.left, right);
    this.up = scale(y, bottom, SPACE.top);
    root.replaceChildren();
    this.axes(x, y, bottom, right);
    for (const curve of curves) this.curve(curve, y);
    if (at !== null) {
      const place = this.across(at);
      root.append(vector("line", { x1: place, x2: place, y1: SPACE.top, y2: bottom, class: "chart-at" }));
    }
  }

  axes(x, y, bottom, right) {
    const { root, across, up } = this;
    const named = (tick) => (Array.isArray(tick) ? tick : [tick, tick]);
    const every = x.ticks.length > 8 && right < NARROW ? 2 : 1; // a phone has room for half of them
    for (const [value, text] of y.ticks.map(named)) {
      const place = up(value);
      root.append(
        vector("line", { x1: SPACE.left, x2: right, y1: place, y2: place, class: "chart-grid" }),
        vector("text", { x: SPACE.left - 7, y: place + 4, "text-anchor": "end" }, text),
      );
    }
    x.ticks.map(named).forEach(([value, text], i) => {
      if (i % every) return;
      root.append(vector("text", { x: across(value), y: bottom + 17, "text-anchor": "middle" }, text));
    });
    const middle = (SPACE.left + right) / 2;
    root.append(
      vector("text", { x: middle, y: this.height - 6, "text-anchor": "middle" }, x.title),
      vector("text", {
        x: 13, y: (SPACE.top + bottom) / 2, "text-anchor": "middle",
        transform: `rotate(-90 13 ${(SPACE.top + bottom) / 2})`,
      }, y.title),
    );
  }

  curve({ points, kind, band = [], bars = [], dots = false }, y) {
    const { root, across, up } = this;
    const inside = (value) => up(Math.max(y.low, Math.min(y.high, value)));
    const path = (found) => `M${found.map(([a, b]) => `${across(a).toFixed(1)} ${inside(b).toFixed(1)}`).join("L")}`;
    if (band.length) {
      const lows = band.map(([a, low]) => [a, low]);
      const highs = band.map(([a, , high]) => [a, high]).reverse();
      root.append(vector("path", { d: `${path([...lows, ...highs])}Z`, class: `chart-band chart-${kind}` }));
    }
    for (const [a, low, high] of bars) {
      root.append(vector("path", { d: path([[a, low], [a, high]]), class: `chart-bar chart-${kind}` }));
    }
    if (!dots) root.append(vector("path", { d: path(points), class: `chart-line chart-${kind}` }));
    for (const [a, b] of dots ? points : []) {
      root.append(vector("circle", { cx: across(a), cy: inside(b), r: 4, class: `chart-dot chart-${kind}` }));
    }
  }
}

/** A curve's colour with its name, drawn as a line or as "dots". */
export function key(kind, text, shape = "line") {
  const item = document.createElement("span");
  item.className = `instrument-key instrument-${shape} chart-${kind}`;
  item.textContent = text;
  return item;
}
