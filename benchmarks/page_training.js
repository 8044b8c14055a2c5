// One network, LeNet-5 as it is written today, trained in a browser in four ways: examples a second.
// Loaded by page_training.py into a page that has ConvNetJS and TensorFlow.js.

const SIDE = 28;

/** Digits of random ink: what a step costs does not depend on what they show. */
function randomDigits(count) {
  const bytes = Uint8Array.from({ length: count * SIDE * SIDE }, () => (Math.random() < 0.2 ? 256 * Math.random() : 0));
  return { bytes, labels: Uint8Array.from({ length: count }, (_, i) => i % 10) };
}

/** Repeat a step of `batch` examples for some seconds: examples a second. */
async function rate(step, batch, seconds) {
  await step(); // what happens once: compiling, shaders, memory
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < 1000 * seconds) {
    await step();
    count += batch;
  }
  return count / ((performance.now() - began) / 1000);
}

async function ours(batch, seconds) {
  const program = await (await fetch("_static/live/training.wasm")).arrayBuffer();
  const net = (await WebAssembly.instantiate(program, { Math })).instance.exports;
  const count = 4000;
  const { bytes, labels } = randomDigits(count);
  net.make_room(count, 0.13, 0.31);
  const { buffer } = net.memory;
  new Uint8Array(buffer, net.digits_at(), bytes.length).set(bytes);
  new Uint8Array(buffer, net.labels_at(), count).set(labels);
  const weights = new Float32Array(buffer, net.weights_at(), net.parameters());
  weights.forEach((_, i) => (weights[i] = (Math.random() - 0.5) / 10));
  net.begin();
  const chosen = new Int32Array(buffer, net.chosen_at(), batch);
  const each = await rate(() => {
    chosen.forEach((_, i) => (chosen[i] = Math.floor(Math.random() * count)));
    net.gradient(batch);
    net.adam(0.001, 0.9, 0.999, 1e-8);
  }, batch, seconds);
  return { parameters: net.parameters(), rate: each };
}

async function withConvNetJS(batch, seconds) {
  const net = new convnetjs.Net();
  const convolution = (filters, pad) => ({ type: "conv", sx: 5, filters, stride: 1, pad, activation: "relu" });
  const full = (num_neurons) => ({ type: "fc", num_neurons, activation: "relu" });
  const pool = { type: "pool", sx: 2, stride: 2 };
  net.makeLayers([
    { type: "input", out_sx: SIDE, out_sy: SIDE, out_depth: 1 },
    convolution(6, 2), pool, convolution(16, 0), { ...pool }, full(120), full(84),
    { type: "softmax", num_classes: 10 },
  ]);
  const trainer = new convnetjs.Trainer(net, {
    method: "adam", learning_rate: 0.001, beta1: 0.9, beta2: 0.999, batch_size: batch, l2_decay: 0,
  });
  const { bytes, labels } = randomDigits(batch);
  const digits = Array.from({ length: batch }, (_, n) => {
    const volume = new convnetjs.Vol(SIDE, SIDE, 1, 0);
    for (let i = 0; i < SIDE * SIDE; i++) volume.w[i] = (bytes[n * SIDE * SIDE + i] / 255 - 0.13) / 0.31;
    return volume;
  });
  const parameters = net.getParamsAndGrads().reduce((sum, { params }) => sum + params.length, 0);
  const each = await rate(() => digits.forEach((digit, n) => trainer.train(digit, labels[n])), batch, seconds);
  return { parameters, rate: each };
}

async function withTensorFlow(backend, batch, seconds) {
  if (backend === "wasm") tf.wasm.setWasmPaths("vendor/");
  if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
  await tf.ready();
  const { layers } = tf;
  const pool = () => layers.maxPooling2d({ poolSize: 2, strides: 2 });
  const full = (units) => layers.dense({ units, activation: "relu" });
  const convolution = (filters, padding, more = {}) =>
    layers.conv2d({ kernelSize: 5, filters, padding, activation: "relu", ...more });
  const model = tf.sequential({ layers: [
    convolution(6, "same", { inputShape: [SIDE, SIDE, 1] }), pool(), convolution(16, "valid"), pool(), layers.flatten(),
    full(120), full(84), layers.dense({ units: 10, activation: "softmax" }),
  ] });
  model.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy" });
  const { bytes, labels } = randomDigits(batch);
  const x = tf.tensor4d(Float32Array.from(bytes, (ink) => (ink / 255 - 0.13) / 0.31), [batch, SIDE, SIDE, 1]);
  const y = tf.oneHot(tf.tensor1d([...labels], "int32"), 10).toFloat();
  const each = await rate(() => model.trainOnBatch(x, y), batch, seconds);
  const parameters = model.countParams();
  model.dispose();
  return { parameters, rate: each };
}

const CONTENDERS = {
  ours,
  ConvNetJS: withConvNetJS,
  "TensorFlow.js, cpu": (...more) => withTensorFlow("cpu", ...more),
  "TensorFlow.js, wasm": (...more) => withTensorFlow("wasm", ...more),
  "TensorFlow.js, webgl": (...more) => withTensorFlow("webgl", ...more),
};

/** Train as a reader does, in the page's worker; weights and seconds of learning, as they come. */
async function learned({ about, settings }) {
  const live = "_static/live";
  const load = async (name) => (await fetch(`${live}/${name}`)).arrayBuffer();
  const [wasm, digits] = [await load("training.wasm"), await load("training.gz")];
  const worker = new Worker(`${live}/training-worker.js`);
  const found = [];
  const textOf = (floats) => {
    const bytes = new Uint8Array(floats.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };
  await new Promise((done, fail) => {
    worker.onmessage = ({ data }) => {
      if (data.type === "failed") fail(new Error(data.reason));
      if (data.type === "ready") {
        worker.postMessage({ type: "settings", values: settings });
        worker.postMessage({ type: "start" });
      }
      if (data.type !== "report" || !data.seen) return;
      found.push({ seconds: data.seconds, seen: data.seen, weights: textOf(data.weights) });
      if (!data.running) done();
    };
    worker.postMessage({ type: "load", wasm, digits, about });
  });
  worker.terminate();
  return found;
}
