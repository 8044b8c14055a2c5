// Training of today's LeNet-5 in the page: C1 to S4 by the package's own code, then C5, F6, the
// output, softmax cross-entropy, and Adam or gradient descent with momentum. Built for WebAssembly
// by tools/webassembly.py; called by training-worker.js, which owns what is shuffled and shown.
//
// Rows are images from S4 on. A fully connected layer is a product of matrices, and so are both of
// its gradients, each taken in tiles whose sums stay in registers.

#include "c1_to_s4.h"

static constexpr int BATCH = 512;  // images at most
static constexpr int SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, WIDE = 12;  // WIDE: of a row of scores
static constexpr int C5 = 120, F6 = 84;
static constexpr int C5W = PARAMETERS, C5B = C5W + C5 * STATES, F6W = C5B + C5, F6B = F6W + F6 * C5;
static constexpr int OW = F6B + F6, OB = OW + CLASSES * F6, ALL = OB + CLASSES;

typedef float Anywhere __attribute__((vector_size(4 * LANES), aligned(4)));

extern "C" {
__attribute__((import_module("Math"), import_name("exp"))) double exp(double);
__attribute__((import_module("Math"), import_name("log"))) double log(double);
}

// Aligned, so that every row of S4's states can be read as vectors.
alignas(64) static float weights[ALL], slopes[ALL], first_moment[ALL], second_moment[ALL];
alignas(64) static float pictures[BATCH][PIXELS], s4[BATCH][STATES], c5[BATCH][C5], f6[BATCH][F6];
alignas(64) static float scores[BATCH][WIDE], losses[BATCH];
alignas(64) static float d_s4[BATCH][STATES], d_c5[BATCH][C5], d_f6[BATCH][F6], d_scores[BATCH][WIDE];
static float c5_turned[STATES * C5], f6_turned[C5 * F6], output_turned[F6 * WIDE];
static Kept kept[BATCH / LANES];
static float grey[256];
static int32_t chosen[BATCH];  // the places of the batch's digits
static uint8_t *digits, *labels;

// The sums of a tile of a product: rows of A, whose numbers are `row` and `step` apart, times
// COLUMNS vectors of columns of B.
template <int ROWS, int COLUMNS>
static inline void tile(const float* a, int row, int step, const float* b, int b_row, int steps,
                        float* c, int c_row) {
  V sum[ROWS][COLUMNS] = {};
  for (int k = 0; k < steps; k++) {
    V right[COLUMNS];
#pragma GCC unroll 3
    for (int j = 0; j < COLUMNS; j++)
      right[j] = *reinterpret_cast<const Anywhere*>(b + k * b_row + LANES * j);
#pragma GCC unroll 4
    for (int i = 0; i < ROWS; i++) {
      const V left = all(a[i * row + k * step]);
#pragma GCC unroll 3
      for (int j = 0; j < COLUMNS; j++) sum[i][j] += left * right[j];
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 3
    for (int j = 0; j < COLUMNS; j++)
      *reinterpret_cast<Anywhere*>(c + i * c_row + LANES * j) = sum[i][j];
}

template <int COLUMNS>
static inline void tiles(const float* a, int row, int step, const float* b, int b_row, int steps,
                         float* c, int c_row, int rows) {
  int i = 0;
  for (; i + 4 <= rows; i += 4)
    tile<4, COLUMNS>(a + i * row, row, step, b, b_row, steps, c + i * c_row, c_row);
  for (; i < rows; i++)
    tile<1, COLUMNS>(a + i * row, row, step, b, b_row, steps, c + i * c_row, c_row);
}

// C (rows, columns) = A (rows, steps) B (steps, columns); columns are a multiple of LANES.
static void multiply(const float* a, int row, int step, const float* b, int b_row, int steps,
                     float* c, int c_row, int rows, int columns) {
  int j = 0;
  for (; j + 3 * LANES <= columns; j += 3 * LANES)
    tiles<3>(a, row, step, b + j, b_row, steps, c + j, c_row, rows);
  for (; j < columns; j += LANES)
    tiles<1>(a, row, step, b + j, b_row, steps, c + j, c_row, rows);
}

// (outputs, inputs) to (inputs, wide), so that the outputs of an input lie side by side.
static void turn(const float* w, int outputs, int inputs, int wide, float* turned) {
  for (int o = 0; o < outputs; o++)
    for (int i = 0; i < inputs; i++) turned[i * wide + o] = w[o * inputs + i];
}

template <int OUT, int WIDTH>
static void add_bias(float (*rows)[WIDTH], const float* bias, int count, bool relu) {
  for (int n = 0; n < count; n++)
    for (int j = 0; j < OUT; j++) {
      const float sum = rows[n][j] + bias[j];
      rows[n][j] = relu && sum < 0 ? 0 : sum;  // what is no number stays none
    }
}

template <int WIDTH>
static void bias_slopes(const float (*d)[WIDTH], int count, int outputs, float* g) {
  for (int j = 0; j < outputs; j++) {
    float sum = 0;
    for (int n = 0; n < count; n++) sum += d[n][j];
    g[j] = sum;
  }
}

template <int WIDTH>
static void through_relu(float (*d)[WIDTH], const float (*states)[WIDTH], int count) {
  for (int n = 0; n < count; n++)
    for (int j = 0; j < WIDTH; j++)
      if (states[n][j] <= 0) d[n][j] = 0;
}

// The scores become probabilities; what they cost is in `losses`.
static void softmax(int count) {
  for (int n = 0; n < count; n++) {
    float* row = scores[n];
    float top = row[0];
    for (int j = 1; j < CLASSES; j++) top = row[j] > top ? row[j] : top;
    double total = 0;
    for (int j = 0; j < CLASSES; j++) total += exp(row[j] - top);
    losses[n] = log(total) - (row[labels[chosen[n]]] - top);
    for (int j = 0; j < CLASSES; j++) row[j] = exp(row[j] - top) / total;
  }
}

static inline int block_of(int count, int at) { return count - at < LANES ? count - at : LANES; }

static void forward(int count) {
  for (int n = 0; n < count; n++) {
    const uint8_t* ink = digits + chosen[n] * PIXELS;
    for (int i = 0; i < PIXELS; i++) pictures[n][i] = grey[ink[i]];
  }
  V x4[STATES];
  for (int n = 0; n < count; n += LANES) {
    forward_block(pictures[n], block_of(count, n), SIDE, weights, kept[n / LANES], x4);
    to_rows(x4, block_of(count, n), s4[n]);
  }
  multiply(s4[0], STATES, 1, c5_turned, C5, STATES, c5[0], C5, count, C5);
  add_bias<C5>(c5, weights + C5B, count, true);
  multiply(c5[0], C5, 1, f6_turned, F6, C5, f6[0], F6, count, F6);
  add_bias<F6>(f6, weights + F6B, count, true);
  multiply(f6[0], F6, 1, output_turned, WIDE, F6, scores[0], WIDE, count, WIDE);
  add_bias<CLASSES>(scores, weights + OB, count, false);
  softmax(count);
}

static void convolutions_backward(int count) {
  static Derivatives d;
  static V g[PARAMETERS];
  std::memset(g, 0, sizeof g);
  for (int n = 0; n < count; n += LANES) {
    from_rows(d_s4[n], block_of(count, n), d.d4);
    backward_block(kept[n / LANES], weights, d, g);
  }
  for (int i = 0; i < PARAMETERS; i++) slopes[i] = across(g[i]);
}

static void backward(int count) {
  for (int n = 0; n < count; n++)
    for (int j = 0; j < CLASSES; j++)
      d_scores[n][j] = (scores[n][j] - (j == labels[chosen[n]])) / count;
  multiply(d_scores[0], 1, WIDE, f6[0], F6, count, slopes + OW, F6, CLASSES, F6);
  bias_slopes(d_scores, count, CLASSES, slopes + OB);
  multiply(d_scores[0], WIDE, 1, weights + OW, F6, CLASSES, d_f6[0], F6, count, F6);
  through_relu(d_f6, f6, count);
  multiply(d_f6[0], 1, F6, c5[0], C5, count, slopes + F6W, C5, F6, C5);
  bias_slopes(d_f6, count, F6, slopes + F6B);
  multiply(d_f6[0], F6, 1, weights + F6W, C5, F6, d_c5[0], C5, count, C5);
  through_relu(d_c5, c5, count);
  multiply(d_c5[0], 1, C5, s4[0], STATES, count, slopes + C5W, STATES, C5, STATES);
  bias_slopes(d_c5, count, C5, slopes + C5B);
  multiply(d_c5[0], C5, 1, weights + C5W, STATES, C5, d_s4[0], STATES, count, STATES);
  convolutions_backward(count);
}

// What the page calls. A function that nothing here calls is kept for that alone.
#pragma GCC visibility push(default)
extern "C" {
int batch() { return BATCH; }
int score_row() { return WIDE; }
int parameters() { return ALL; }
float* weights_at() { return weights; }
float* slopes_at() { return slopes; }
float* scores_at() { return scores[0]; }
float* losses_at() { return losses; }
int32_t* chosen_at() { return chosen; }
uint8_t* digits_at() { return digits; }
uint8_t* labels_at() { return labels; }

// Room for digits and their labels, at the end of the memory; once.
void make_room(int count, float mean, float deviation) {
  const size_t page = 65536, bytes = (size_t)count * (PIXELS + 1);
  digits = (uint8_t*)(__builtin_wasm_memory_grow(0, (bytes + page - 1) / page) * page);
  labels = digits + (size_t)count * PIXELS;
  for (int i = 0; i < 256; i++) grey[i] = (i / 255.0f - mean) / deviation;
}

// To be called when weights were written from outside.
void changed() {
  turn(weights + C5W, C5, STATES, C5, c5_turned);
  turn(weights + F6W, F6, C5, F6, f6_turned);
  turn(weights + OW, CLASSES, F6, WIDE, output_turned);
}

// Forgets what the optimisers remember.
void begin() {
  std::memset(first_moment, 0, sizeof first_moment);
  std::memset(second_moment, 0, sizeof second_moment);
  changed();
}

// The mean loss of `count` chosen digits; their probabilities and losses stay to be read.
float evaluate(int count) {
  forward(count);
  double sum = 0;
  for (int n = 0; n < count; n++) sum += losses[n];
  return sum / count;
}

// The same, with the gradients of the mean loss.
float gradient(int count) {
  const float loss = evaluate(count);
  backward(count);
  return loss;
}

// A step of Adam; `rate` and `epsilon` are corrected for the moments that began with zeros.
void adam(float rate, float beta1, float beta2, float epsilon) {
  for (int i = 0; i < ALL; i++) {
    first_moment[i] = beta1 * first_moment[i] + (1 - beta1) * slopes[i];
    second_moment[i] = beta2 * second_moment[i] + (1 - beta2) * slopes[i] * slopes[i];
    weights[i] -= rate * first_moment[i] / (__builtin_sqrtf(second_moment[i]) + epsilon);
  }
  changed();
}

// A step of gradient descent with momentum, as PyTorch's SGD takes it.
void descend(float rate, float momentum) {
  for (int i = 0; i < ALL; i++) {
    first_moment[i] = momentum * first_moment[i] + slopes[i];
    weights[i] -= rate * first_moment[i];
  }
  changed();
}
}
#pragma GCC visibility pop
