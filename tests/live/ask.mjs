// The modules of the page at work without a page, for the tests.
//   node ask.mjs FOLDER QUESTION < ASKED   prints the answer; FOLDER holds the modules.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, question] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { buildNetwork, explain, forward, readSafetensors, verdict } = await load("network.js");
const { inkOfGrey, prepare } = await load("preparation.js");
const { affine, warp } = await load("warp.js");
const { bent, limits } = await load("bend.js");
const { covered } = await load("cover.js");
const { sums } = await load("kernel.js");
const { change, halved } = await load("shift.js");
const { counts } = await load("wires.js");
const { fromDigit, fromStrokes, platesNetwork, standardised, sureness } = await load("plates.js");

const asked = JSON.parse(readFileSync(0, "utf8"));
const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"));

function network() {
  const { buffer, byteOffset, length } = readFileSync(asked.weights);
  return buildNetwork(asked.kind, readSafetensors(buffer.slice(byteOffset, byteOffset + length)));
}

function orError(action) {
  try {
    return action();
  } catch (error) {
    return { error: error.message };
  }
}

const prepared = ({ strokes = [], picture, normalise = true }) =>
  prepare({ strokes, picture: picture && { ...picture, bytes: bytesOf(picture.bytes) } }, normalise);

const answers = {
  layers(net = network()) {
    return asked.digits.map((digit) => {
      forward(net, bytesOf(digit));
      return net.layers.map((layer) => [...layer.states]);
    });
  },
  verdict(net = network()) {
    forward(net, bytesOf(asked.digits[0]));
    return verdict(net);
  },
  classes(net = network()) {
    return asked.digits.map((digit) => {
      forward(net, bytesOf(digit));
      return verdict(net).digit;
    });
  },
  units(net = network()) {
    forward(net, bytesOf(asked.digits[0]));
    return asked.units.map(([layer, map, y, x]) => {
      const { terms, sum, state, field } = explain(net.layers[layer], map, y, x);
      return { reads: terms.map((term) => term.map), sum, state, field };
    });
  },
  load: () => orError(() => network().kind),
  affine: () => asked.ways.map(affine),
  warp: () => asked.digits.map((digit) => asked.maps.map((map) => [...warp(bytesOf(digit), map)])),
  bent: () => asked.digits.map((digit) => asked.ways.map((way) => [...bent(bytesOf(digit), way)])),
  covered: () => asked.covers.map((cover) => [...covered(bytesOf(asked.digits[0]), ...cover)]),
  sums: () => [...sums(asked.picture, asked.size, asked.weights)],
  counts: () => asked.crosses.map(counts),
  halved: () => ({
    change: change(asked.before, asked.now),
    ways: halved(asked.before, asked.size, asked.coefficient, asked.bias).map((way) => [...way]),
  }),
  limits(net = network()) {
    const read = (bytes) => verdict((forward(net, bytes), net)).digit;
    return asked.digits.map((digit) => asked.names.map((way) => limits(read, bytesOf(digit), way)));
  },
  plates() {
    const { network, pictures } = platesNetwork(JSON.parse(readFileSync(asked.page, "utf8")));
    return pictures.map(({ bytes }) => {
      const scores = [...forward(network, standardised(bytes))];
      return { bytes: [...bytes], scores, sure: sureness(scores) };
    });
  },
  onPlate: () => ({
    strokes: asked.drawings.map((strokes) => [...fromStrokes(strokes)]),
    digits: asked.digits.map((digit) => [...fromDigit(bytesOf(digit))]),
  }),
  prepare: () => asked.drawings.map((drawing) => [...prepared(drawing)]),
  ink: () => orError(() => [...inkOfGrey(bytesOf(asked.grey), asked.width, asked.height).bytes]),
};
process.stdout.write(JSON.stringify(answers[question]()));
