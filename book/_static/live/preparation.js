// From a drawing to the 28x28 bytes of a digit, the way the digits of MNIST were made: fitted into
// a box of 20x20 with its proportions kept, grey at the edges, centre of mass in the middle.
//
// A drawing is {strokes, picture}. Strokes are lists of [x, y] in units of the field, 0 to 28.
// A picture is {bytes, size, prepared}: size x size, 0 is background, and 255 is ink.

export const FIELD = 28;
export const BOX = 20;
export const PEN = 1.25; // radius in pixels of the field, about that of MNIST's strokes
const FINE = 4 * FIELD; // the grid on which strokes and a picture are put together

export function isEmpty({ strokes, picture }) {
  return !picture && strokes.length === 0;
}

/** Return the 28x28 bytes that the network reads; as drawn, if `normalise` is false. */
export function prepare(drawing, normalise = true) {
  const { strokes, picture } = drawing;
  if (isEmpty(drawing)) return new Uint8Array(FIELD * FIELD);
  if (picture?.prepared && strokes.length === 0) return picture.bytes.slice();
  if (!normalise) {
    const drawn = rasterise(strokes, FIELD);
    return picture ? darker(drawn, resample(picture, whole(picture), FIELD, FIELD)) : drawn;
  }
  return centre(picture ? fitPicture(merge(strokes, picture)) : fitStrokes(strokes));
}

/** Strokes are fitted as lines, so that the pen is as wide in a small drawing as in a large one. */
function fitStrokes(strokes) {
  const points = strokes.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...points.map((p) => p[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...points.map((p) => p[axis])));
  const room = BOX - 2 * PEN;
  const scale = Math.min(room / Math.max(right - left, bottom - top), room);
  const place = ([x, y]) => [
    FIELD / 2 + (x - (left + right) / 2) * scale,
    FIELD / 2 + (y - (top + bottom) / 2) * scale,
  ];
  return rasterise(strokes.map((stroke) => stroke.map(place)), FIELD);
}

function fitPicture(picture) {
  const box = inkBox(picture);
  if (!box) return new Uint8Array(FIELD * FIELD);
  const scale = BOX / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const small = resample(picture, box, width, height);
  const bytes = new Uint8Array(FIELD * FIELD);
  const [left, top] = [(FIELD - width) >> 1, (FIELD - height) >> 1];
  for (let y = 0; y < height; y++) {
    bytes.set(small.subarray(y * width, (y + 1) * width), (top + y) * FIELD + left);
  }
  return bytes;
}

/** Shift by whole pixels until the centre of mass lies in the pixel right and below of centre. */
function centre(bytes) {
  let [mass, x, y] = [0, 0, 0];
  bytes.forEach((ink, i) => {
    mass += ink;
    x += ink * (i % FIELD);
    y += ink * Math.floor(i / FIELD);
  });
  if (mass === 0) return bytes;
  const box = inkBox({ bytes, size: FIELD });
  const clamp = (shift, start, length) => Math.max(-start, Math.min(FIELD - length - start, shift));
  const right = clamp(Math.round(FIELD / 2 - x / mass), box.left, box.width);
  const down = clamp(Math.round(FIELD / 2 - y / mass), box.top, box.height);
  const shifted = new Uint8Array(bytes.length);
  bytes.forEach((ink, i) => {
    if (ink) shifted[i + down * FIELD + right] = ink;
  });
  return shifted;
}

/**
 * Fit a line of writing into a field, with its proportions kept: its digits as high as MNIST's, in the
 * middle of the height, and smaller only where the line would be too long. Returns height x width bytes.
 */
export function fitLine(strokes, width, height) {
  const points = strokes.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...points.map((p) => p[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...points.map((p) => p[axis])));
  const room = BOX - 2 * PEN;
  const scale = Math.min(room / (bottom - top || 1), (width - FIELD) / (right - left || 1), 3);
  const place = ([x, y]) => [
    width / 2 + (x - (left + right) / 2) * scale,
    height / 2 + (y - (top + bottom) / 2) * scale,
  ];
  return rasterise(strokes.map((stroke) => stroke.map(place)), width, height, 1);
}

/** Draw lines with a round pen on a grid: the grey is the part that is covered. */
function rasterise(strokes, width, height = width, unit = width / FIELD) {
  const bytes = new Uint8Array(width * height);
  const pen = PEN * unit;
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i++) {
      const [ax, ay] = stroke[Math.max(0, i - 1)].map((v) => v * unit);
      const [bx, by] = stroke[i].map((v) => v * unit);
      const [dx, dy] = [bx - ax, by - ay];
      const squared = dx * dx + dy * dy || 1;
      const clip = (v, size) => Math.max(0, Math.min(size - 1, Math.floor(v)));
      const [first, last] = [clip(Math.min(ax, bx) - pen - 1, width), clip(Math.max(ax, bx) + pen + 1, width)];
      for (let y = clip(Math.min(ay, by) - pen - 1, height); y <= clip(Math.max(ay, by) + pen + 1, height); y++) {
        for (let x = first; x <= last; x++) {
          const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
          const t = Math.max(0, Math.min(1, (px * dx + py * dy) / squared));
          const away = Math.hypot(px - t * dx, py - t * dy);
          const ink = 255 * Math.max(0, Math.min(1, pen + 0.5 - away));
          if (ink > bytes[y * width + x]) bytes[y * width + x] = ink;
        }
      }
    }
  }
  return bytes;
}

function merge(strokes, picture) {
  if (strokes.length === 0) return picture;
  const below = resample(picture, whole(picture), FINE, FINE);
  return { bytes: darker(rasterise(strokes, FINE), below), size: FINE };
}

function darker(bytes, others) {
  return bytes.map((ink, i) => Math.max(ink, others[i]));
}

function whole({ size }) {
  return { left: 0, top: 0, width: size, height: size };
}

function inkBox({ bytes, size }) {
  let [left, top, right, bottom] = [size, size, -1, -1];
  bytes.forEach((ink, i) => {
    if (ink === 0) return;
    left = Math.min(left, i % size);
    right = Math.max(right, i % size);
    top = Math.min(top, Math.floor(i / size));
    bottom = Math.floor(i / size);
  });
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Resample a part of a picture: each new pixel is the mean of the area that it covers. */
function resample({ bytes, size }, box, width, height) {
  const across = overlaps(box.left, box.width, width);
  const down = overlaps(box.top, box.height, height);
  const result = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [row, partY] of down[y]) {
        for (const [column, partX] of across[x]) sum += bytes[row * size + column] * partX * partY;
      }
      result[y * width + x] = Math.round(sum);
    }
  }
  return result;
}

/** For each of `count` equal parts of a line: [pixel, share] of the pixels it covers. */
function overlaps(start, length, count) {
  const step = length / count;
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [start + i * step, start + (i + 1) * step];
    const parts = [];
    for (let pixel = Math.floor(from); pixel < to - 1e-9; pixel++) {
      parts.push([pixel, (Math.min(pixel + 1, to) - Math.max(pixel, from)) / step]);
    }
    return parts;
  });
}

/**
 * Turn a grey photograph or scan into ink: what differs from the brightness of its border.
 * Throws an Error where nothing stands out.
 */
export function inkOfGrey(grey, width, height) {
  const border = [...grey].filter((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
  const background = border.sort((a, b) => a - b)[border.length >> 1];
  const away = Array.from(grey, (value) => Math.abs(value - background));
  const most = away.reduce((a, b) => Math.max(a, b), 0);
  if (most < 40) throw new Error("nothing in it stands out from its background");
  const size = Math.max(width, height);
  const bytes = new Uint8Array(size * size);
  const [left, top] = [(size - width) >> 1, (size - height) >> 1];
  away.forEach((difference, i) => {
    // Below a third is paper and shadow, above two thirds is ink, between them an edge.
    const ink = Math.max(0, Math.min(1, 3 * (difference / most) - 1));
    bytes[(top + Math.floor(i / width)) * size + left + (i % width)] = Math.round(255 * ink);
  });
  return { bytes, size, prepared: false };
}
