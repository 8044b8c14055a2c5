// Bend a digit of 28x28 bytes, as lenet_utils.distortions.warp does: bilinear, background outside.

import { FIELD } from "./preparation.js";

/** Turned (degrees, clockwise), scaled, slanted and moved: [a, b, right; c, d, down]. */
export function affine({ turn = 0, size = 1, slant = 0, right = 0, down = 0 }) {
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  return [
    [cos * size, (cos * slant - sin) * size, right],
    [sin * size, (sin * slant + cos) * size, down],
  ];
}

/** A point at (x, y) from the middle goes to map · (x, y, 1). */
export function warp(bytes, [[a, b, right], [c, d, down]]) {
  const area = a * d - b * c;
  const middle = (FIELD - 1) / 2;
  const at = (y, x) => (y < 0 || x < 0 || y >= FIELD || x >= FIELD ? 0 : bytes[y * FIELD + x]);
  const bent = new Uint8Array(bytes.length);
  for (let row = 0; row < FIELD; row++) {
    for (let column = 0; column < FIELD; column++) {
      const [x, y] = [column - middle - right, row - middle - down];
      const fromX = (d * x - b * y) / area + middle;
      const fromY = (a * y - c * x) / area + middle;
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [partX, partY] = [fromX - left, fromY - top];
      bent[row * FIELD + column] = Math.round(
        (1 - partY) * ((1 - partX) * at(top, left) + partX * at(top, left + 1)) +
          partY * ((1 - partX) * at(top + 1, left) + partX * at(top + 1, left + 1)),
      );
    }
  }
  return bent;
}

/** A thicker pen (above 0) or a thinner one: the largest or smallest of a pixel and its four neighbours. */
export function thicken(bytes, by) {
  const choose = by > 0 ? Math.max : Math.min;
  let now = bytes;
  for (let left = Math.abs(by); left > 0; left--) {
    const part = Math.min(1, left);
    const at = (i, inside) => (inside ? now[i] : 0);
    now = Uint8Array.from(now, (ink, i) => {
      const column = i % FIELD;
      const other = choose(
        ink, at(i - FIELD, i >= FIELD), at(i + FIELD, i < now.length - FIELD),
        at(i - 1, column > 0), at(i + 1, column < FIELD - 1),
      );
      return Math.round(ink + part * (other - ink));
    });
  }
  return now;
}

/** Make so many pixels of a hundred black or white, the same ones for the same seed. */
export function soil(bytes, percent, seed = 1) {
  const next = generator(seed);
  return Uint8Array.from(bytes, (ink) => {
    const [chosen, white] = [next(), next()];
    return chosen < percent / 100 ? (white < 0.5 ? 0 : 255) : ink;
  });
}

/** Numbers from 0 to 1 of a linear congruence: even enough for noise, and everywhere the same. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
