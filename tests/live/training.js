// What tests/test_page_training.py asks of the built program, in the page: an argument and an answer
// of plain values. Weights and gradients are float32 in base64.
async ({ program, images, labels, weights, count, steps }) => {
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
  const textOf = (floats) => {
    const bytes = new Uint8Array(floats.slice().buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };
  const { instance } = await WebAssembly.instantiate(bytesOf(program), { Math });
  const net = instance.exports;
  const total = labels.length;
  net.make_room(total, 0.1306604762738429, 0.3081078038564622);
  const { buffer } = net.memory;
  new Uint8Array(buffer, net.digits_at(), total * 784).set(bytesOf(images));
  new Uint8Array(buffer, net.labels_at(), total).set(labels);
  const own = new Float32Array(buffer, net.weights_at(), net.parameters());
  own.set(floatsOf(weights));
  net.begin();
  const choose = (first, many) => {
    const chosen = new Int32Array(buffer, net.chosen_at(), many);
    chosen.forEach((_, i) => (chosen[i] = (first + i) % total));
  };
  const rows = net.score_row();
  const probabilities = [];
  for (let first = 0; first < total; first += net.batch()) {
    const many = Math.min(net.batch(), total - first);
    choose(first, many);
    net.evaluate(many);
    const scores = new Float32Array(buffer, net.scores_at(), many * rows);
    for (let i = 0; i < many; i++) probabilities.push(...scores.subarray(i * rows, i * rows + 10));
  }
  choose(0, count);
  const loss = net.gradient(count);
  const gradients = textOf(new Float32Array(buffer, net.slopes_at(), net.parameters()));
  const after = {};
  for (const optimiser of ["adam", "descend"]) {
    own.set(floatsOf(weights));
    net.begin();
    for (let step = 1; step <= steps; step++) {
      choose((step - 1) * count, count);
      net.gradient(count);
      const root = Math.sqrt(1 - 0.999 ** step);
      if (optimiser === "adam") net.adam((0.001 * root) / (1 - 0.9 ** step), 0.9, 0.999, 1e-8 * root);
      else net.descend(0.05, 0.9);
    }
    after[optimiser] = textOf(own);
  }
  return { loss, gradients, probabilities: textOf(Float32Array.from(probabilities)), after };
}
