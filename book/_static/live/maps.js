// All maps of one layer on one canvas: painting, choosing a unit by pointer or keyboard.

const GAP = 4; // pixels between two maps
const CHOSEN = "#ffb000";
const DIMMED = 0.2;
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// matplotlib's "berlin", as the book's own figures: blue below 0, dark at 0, red above.
const BERLIN = [
  [158, 176, 255], [81, 159, 211], [40, 104, 134], [20, 48, 62], [25, 12, 9],
  [65, 18, 1], [125, 52, 30], [190, 111, 99], [255, 173, 173],
];

function table(colour) {
  const colours = new Uint32Array(256);
  const bytes = new Uint8ClampedArray(colours.buffer);
  for (let i = 0; i < 256; i++) bytes.set([...colour(i / 255), 255], 4 * i);
  return colours;
}

export const GREY = table((part) => [255 * part, 255 * part, 255 * part]);
export const SIGNED = table((part) => {
  const at = Math.min(part * 8, 7.999);
  const [low, high] = [BERLIN[Math.floor(at)], BERLIN[Math.floor(at) + 1]];
  return low.map((v, i) => v + (high[i] - v) * (at % 1));
});

/** Fill a row of pixels (a Uint32Array) with the colours of values between low and high. */
export function colour(pixels, values, { colours, low, high }) {
  const scale = 255.999 / (high - low);
  for (let i = 0; i < values.length; i++) {
    pixels[i] = colours[Math.max(0, Math.min(255, Math.floor((values[i] - low) * scale)))];
  }
}

/** Fill a canvas with size x size values in the colours of a palette; returns the canvas. */
export function paintValues(canvas, values, size, palette) {
  canvas.width = canvas.height = size;
  const image = new ImageData(size, size);
  colour(new Uint32Array(image.data.buffer), values, palette);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** The colours for the states of a layer, and the values at both ends of them. */
export function paletteOf(layer, old) {
  if (layer.kind === "input") {
    return old ? { colours: GREY, low: -0.1, high: 1.175 } : { colours: GREY, low: -0.43, high: 2.83 };
  }
  if (layer.title === "F6" && old) return { colours: GREY, low: -1, high: 1 }; // ink is +1
  const limit = old ? 1.7159 : layer.states.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  return { colours: SIGNED, low: -limit, high: limit };
}

/** How the maps of each layer stand: columns, part of a column that is filled, gap. */
export const LAYOUT = {
  Input: { columns: 1 }, C1: { columns: 6 }, S2: { columns: 6, part: 0.6 },
  C3: { columns: 8, part: 0.9 }, S4: { columns: 8, part: 0.5 },
  C5: { columns: 30, gap: 1 }, F6: { columns: 7, gap: 0 },
};

export class LayerMaps {
  /**
   * @param canvas as wide as its column.
   * @param layer of the network.
   * @param columns maps in a row; `part` of a column's width is filled.
   * @param onChoose called with {layer, map, y, x}, or with null.
   */
  constructor(canvas, layer, { columns, part = 1, gap = GAP }, onChoose) {
    Object.assign(this, { canvas, layer, columns, part, gap, onChoose });
    this.scratch = document.createElement("canvas");
    this.scratch.width = layer.size;
    this.scratch.height = layer.size * layer.maps;
    this.image = new ImageData(this.scratch.width, this.scratch.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.chosen = null;
    this.stop = new AbortController();
    const { signal } = this.stop;
    canvas.addEventListener("pointerdown", (event) => this.point(event), { signal });
    canvas.addEventListener("pointermove", (event) => event.buttons && this.point(event), { signal });
    canvas.addEventListener("keydown", (event) => this.press(event), { signal });
    this.measure();
  }

  /** Fit to the width that there is. */
  measure() {
    const { canvas, columns, layer, gap } = this;
    this.cell = (canvas.clientWidth + gap) / columns;
    this.side = (this.cell - gap) * this.part;
    this.rowHeight = this.side + gap;
    const rows = Math.ceil(layer.maps / columns);
    const height = Math.round(rows * this.rowHeight - gap);
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(height * ratio);
  }

  /** The square of a map, or of side x side units of it, in pixels of the canvas. */
  square(map, y = 0, x = 0, side = this.layer.size) {
    const unit = this.side / this.layer.size;
    return {
      left: (map % this.columns) * this.cell + (this.cell - this.gap - this.side) / 2 + x * unit,
      top: Math.floor(map / this.columns) * this.rowHeight + y * unit,
      side: side * unit,
    };
  }

  /**
   * Paint the states. `marks` are squares [{map, y, x, side}] to frame, or higher by `tall`; with
   * `only`, a set of maps, the others are dimmed.
   */
  paint(palette, marks = [], only = null) {
    const { canvas, layer, scratch } = this;
    colour(this.pixels, layer.states, palette);
    scratch.getContext("2d").putImageData(this.image, 0, 0);
    const context = canvas.getContext("2d");
    const ratio = canvas.width / canvas.clientWidth;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    context.imageSmoothingEnabled = false;
    for (let map = 0; map < layer.maps; map++) {
      const { left, top, side } = this.square(map);
      context.globalAlpha = only && !only.has(map) ? DIMMED : 1;
      context.drawImage(scratch, 0, map * layer.size, layer.size, layer.size, left, top, side, side);
    }
    context.globalAlpha = 1;
    context.strokeStyle = CHOSEN;
    context.lineWidth = 2;
    for (const { map, y, x, side, tall = side } of marks) {
      const frame = this.square(map, y, x, side);
      context.strokeRect(frame.left, frame.top, frame.side, (frame.side * tall) / side);
    }
  }

  point({ clientX, clientY }) {
    const frame = this.canvas.getBoundingClientRect();
    const x = clientX - frame.left - this.canvas.clientLeft;
    const y = clientY - frame.top - this.canvas.clientTop;
    const column = Math.floor(x / this.cell);
    const map = Math.floor(y / this.rowHeight) * this.columns + column;
    if (column < 0 || column >= this.columns || map < 0 || map >= this.layer.maps) return;
    const { left, top, side } = this.square(map);
    const unit = (v) => this.clip(Math.floor((v / side) * this.layer.size));
    this.choose(map, unit(y - top), unit(x - left));
  }

  press(event) {
    const { layer, columns } = this;
    if (event.key === "Escape") this.onChoose(null);
    else if (event.key in MOVES) this.move(...MOVES[event.key]);
    else if (event.key === "PageDown") this.turn(1);
    else if (event.key === "PageUp") this.turn(-1);
    else if (event.key === "Enter" || event.key === " ") this.move(0, 0);
    else return;
    event.preventDefault();
  }

  /** Go to a neighbour; where a map is one unit, to the neighbouring map. */
  move(down, right) {
    if (this.layer.size === 1) this.turn(down * this.columns + right);
    else {
      const { map, y, x } = this.start();
      this.choose(map, this.clip(y + down), this.clip(x + right));
    }
  }

  /** Go to another map, the same unit of it. */
  turn(by) {
    const { map, y, x } = this.start();
    this.choose((map + by + this.layer.maps) % this.layer.maps, y, x);
  }

  start() {
    const middle = Math.floor(this.layer.size / 2);
    return this.chosen ?? { map: 0, y: middle, x: middle };
  }

  choose(map, y, x) {
    this.onChoose({ layer: this.layer, map, y, x });
  }

  clip(v) {
    return Math.max(0, Math.min(this.layer.size - 1, v));
  }

  remove() {
    this.stop.abort();
  }
}
