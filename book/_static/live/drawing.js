// The field that is drawn on: mouse, touch, pen, or keyboard; and pictures from files.

import { FIELD, PEN, BOX, inkOfGrey } from "./preparation.js";
import { button, element } from "./inspector.js";

const LARGEST_FILE = 10 * 2 ** 20; // bytes
const PICTURE = 4 * FIELD;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** A field for a `Pad`, in an instrument. */
export function drawingField() {
  const canvas = element("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Drawing field: arrow keys move the pen, Space puts it down, Delete clears");
  return canvas;
}

export class Pad {
  /**
   * @param canvas of the size's proportions; its strokes and picture make the drawing.
   * @param onChange called after each change of the drawing.
   * @param size width and height of the field, in pixels of the network's input.
   */
  constructor(canvas, onChange, size = [FIELD, FIELD]) {
    this.canvas = canvas;
    this.size = size;
    this.onChange = onChange;
    this.strokes = [];
    this.picture = null;
    this.passing = false; // a drawing that the first stroke of the reader wipes away
    this.guide = false;
    this.pen = { at: [size[0] / 2, size[1] / 4], down: false };
    this.held = new Set();
    this.backdrop = document.createElement("canvas");
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button > 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.liftPen();
      this.begin(this.locate(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.isPrimary || !canvas.hasPointerCapture(event.pointerId)) return;
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const step of steps.length ? steps : [event]) this.extend(this.locate(step));
    });
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("keyup", (event) => this.held.delete(event.key));
    canvas.addEventListener("focus", () => this.onChange());
    canvas.addEventListener("blur", () => {
      this.held.clear();
      this.liftPen();
      this.onChange();
    });
    new ResizeObserver(() => this.onChange()).observe(canvas);
  }

  locate({ clientX, clientY }) {
    const frame = this.canvas.getBoundingClientRect();
    const part = (v, start, length) => Math.max(0, Math.min(1, (v - start) / length));
    const [wide, high] = this.size;
    return [part(clientX, frame.left, frame.width) * wide, part(clientY, frame.top, frame.height) * high];
  }

  begin(point) {
    if (this.passing) this.replace([], null);
    this.strokes.push([point]);
    this.onChange();
  }

  extend(point) {
    const stroke = this.strokes.at(-1);
    if (!stroke) return this.begin(point); // cleared, or a picture came, in the middle of a stroke
    const [x, y] = stroke.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) < 0.1) return;
    stroke.push(point);
    this.onChange();
  }

  /** Arrows move the pen, space puts it down or lifts it, Backspace undoes, Delete clears. */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      this.held.add(event.key); // two arrows held together go diagonally
      const step = event.shiftKey ? 0.25 : 1;
      this.pen.at = this.pen.at.map((v, axis) => {
        const move = [...this.held].reduce((sum, key) => sum + ARROWS[key][axis], 0);
        return Math.max(PEN, Math.min(this.size[axis] - PEN, v + move * step));
      });
      if (this.pen.down) this.extend(this.pen.at);
    } else if (event.key === " ") {
      if (this.pen.down) this.liftPen();
      else {
        this.begin(this.pen.at);
        this.pen.down = true;
      }
    } else if (event.key === "Backspace") this.undo();
    else if (event.key === "Delete") this.clear();
    else return;
    event.preventDefault();
    this.onChange();
  }

  liftPen() {
    this.pen.down = false;
  }

  undo() {
    if (this.strokes.length) this.replace(this.strokes.slice(0, -1), this.picture);
    else this.clear();
  }

  clear() {
    this.replace([], null);
  }

  /** Show other strokes and another picture in place of those there are. */
  replace(strokes, picture, { passing = false } = {}) {
    this.liftPen();
    this.strokes = strokes;
    this.picture = picture;
    this.passing = passing;
    if (picture) paintBytes(this.backdrop, picture.bytes, picture.size);
    this.onChange();
  }

  /** Draw what is there: white on black, as the digits are stored. */
  paint() {
    const { canvas } = this;
    const [wide, high] = this.size;
    const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
    if (canvas.width !== side) [canvas.width, canvas.height] = [side, Math.round((side * high) / wide)];
    const context = canvas.getContext("2d");
    context.setTransform(side / wide, 0, 0, side / wide, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, wide, high);
    if (this.picture) context.drawImage(this.backdrop, 0, 0, wide, high);
    if (this.guide) this.paintGuide(context);
    context.strokeStyle = "#fff";
    context.lineWidth = 2 * PEN;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (let i = 1; i < stroke.length - 1; i++) {
        // Curves through the middles of the segments: no corners where the pointer was read.
        const middle = stroke[i].map((v, axis) => (v + stroke[i + 1][axis]) / 2);
        context.quadraticCurveTo(...stroke[i], ...middle);
      }
      context.lineTo(...stroke.at(-1));
      context.stroke();
    }
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) {
      this.paintPen(context);
    }
  }

  /** The box that digits are expected in when nobody moves them there. */
  paintGuide(context) {
    const start = (FIELD - BOX) / 2;
    context.strokeStyle = "#888";
    context.lineWidth = 0.1;
    context.setLineDash([0.5, 0.5]);
    context.strokeRect(start, start, BOX, BOX);
    context.setLineDash([]);
  }

  paintPen(context) {
    const [x, y] = this.pen.at;
    context.beginPath();
    context.arc(x, y, PEN, 0, 2 * Math.PI);
    context.lineWidth = 0.3;
    context.strokeStyle = "#f0a030";
    context.fillStyle = this.pen.down ? "#f0a030" : "transparent";
    context.fill();
    context.stroke();
  }
}

/** Fill a canvas with size x size bytes as greys. */
export function paintBytes(canvas, bytes, size) {
  canvas.width = canvas.height = size;
  const image = new ImageData(size, size);
  bytes.forEach((ink, i) => image.data.set([ink, ink, ink, 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A button with a test digit on it. */
export function digitButton(digit, bytes, press) {
  const made = button("", press);
  made.setAttribute("aria-label", `Test digit ${digit}`);
  paintBytes(made.appendChild(element("canvas")), bytes, FIELD);
  return made;
}

/** Read a picture file as ink. Throws an Error that says why it cannot be used. */
export async function readPicture(file) {
  if (file.size > LARGEST_FILE) throw new Error("it is larger than 10 MB");
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("it is not a picture that this browser can read");
  }
  const scale = PICTURE / Math.max(bitmap.width, bitmap.height);
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff"; // what is transparent is paper
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  return inkOfGrey(grey, width, height);
}
