// LeNet-5 of 1998 trained one pattern at a time, LANES networks side by side.
//
// The networks share nothing but the images: each has its own parameters, learning rates, order of
// patterns and criterion. Plain C++17 with the vector types of GCC and Clang.

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "arguments.h"
#include "layers.h"

struct alignas(64) Work {
  V x0[32][32], x1[6][28][28], s2[6][14][14], x2[6][14][14], x3[16][10][10];
  V s4[400], x4[400], x5[120], x6[84], y[MAX_CLASSES], g[MAX_CLASSES];
  V d6[84], d5[120], d4[400], d3[16][10][10], d2[6][14][14];
};

// a[o] = b[o] + sum_i w[o][i] x[i], T outputs at a time.
template <int T>
static void dense_forward(const V* w, const V* b, const V* x, V* a, int inputs, int outputs) {
  for (int o = 0; o < outputs; o += T, w += T * inputs) {
    V even[T], odd[T];
    for (int t = 0; t < T; t++) even[t] = b[o + t], odd[t] = V{};
    for (int i = 0; i < inputs; i += 2) {
      const V xe = x[i], xo = x[i + 1];
#pragma GCC unroll 8
      for (int t = 0; t < T; t++) {
        even[t] += w[t * inputs + i] * xe;
        odd[t] += w[t * inputs + i + 1] * xo;
      }
    }
    for (int t = 0; t < T; t++) a[o + t] = even[t] + odd[t];
  }
}

// dx[i] = sum_o w[o][i] d[o], and the update of w and b, which reads w once for both.
template <int T>
static void dense_backward(V* w, V* b, const V* rw, const V* rb, const V* x, const V* d, V* dx,
                           int inputs, int outputs) {
  for (int i = 0; i < inputs; i++) dx[i] = V{};
  for (int o = 0; o < outputs; o += T, w += T * inputs, rw += T * inputs) {
    V g[T];
    for (int t = 0; t < T; t++) g[t] = d[o + t], b[o + t] -= rb[o + t] * g[t];
    for (int i = 0; i < inputs; i++) {
      const V xi = x[i];
      V sum = dx[i];
#pragma GCC unroll 8
      for (int t = 0; t < T; t++) {
        const V old = w[t * inputs + i];
        sum += old * g[t];
        w[t * inputs + i] = old - rw[t * inputs + i] * (g[t] * xi);
      }
      dx[i] = sum;
    }
  }
}

// Adds 2x2 states, keeps the sums, and applies the activation to coefficient * sum + bias.
static void subsample(const V* in, V* sums, V* out, V coefficient, V bias, int half) {
  for (int y = 0; y < half; y++)
    for (int x = 0; x < half; x++) {
      const V* p = in + 4 * y * half + 2 * x;
      const V s = (p[0] + p[1]) + (p[2 * half] + p[2 * half + 1]);
      sums[y * half + x] = s;
      out[y * half + x] = scaled_tanh(coefficient * s + bias);
    }
}

static void forward(Work& k, const Layout& at, const V* w, const float* codes, V scale) {
  c1_forward<scaled_tanh>(k, w + at.c1w, w + at.c1b);
  for (int m = 0; m < 6; m++)
    subsample(k.x1[m][0], k.s2[m][0], k.x2[m][0], w[at.s2c + m], w[at.s2b + m], 14);
  c3_forward<scaled_tanh>(k, at, w + at.c3w, w + at.c3b);
  for (int m = 0; m < 16; m++)
    subsample(k.x3[m][0], k.s4 + 25 * m, k.x4 + 25 * m, w[at.s4c + m], w[at.s4b + m], 5);
  dense_forward<4>(w + at.c5w, w + at.c5b, k.x4, k.x5, 400, 120);
  for (int i = 0; i < 120; i++) k.x5[i] = scaled_tanh(k.x5[i]);
  dense_forward<4>(w + at.f6w, w + at.f6b, k.x5, k.x6, 120, 84);
  for (int i = 0; i < 84; i++) k.x6[i] = scaled_tanh(k.x6[i]);
  if (at.linear) {  // y is minus the score, so that the smallest wins here too
    dense_forward<1>(w + at.ow, w + at.ob, k.x6, k.y, 84, at.classes);
    for (int c = 0; c < at.classes; c++) k.y[c] = -k.y[c];
    return;
  }
  for (int c = 0; c < at.classes; c++) {
    V sum = V{};
    for (int i = 0; i < 84; i++) {
      const V gap = k.x6[i] - codes[84 * c + i];
      sum += gap * gap;
    }
    k.y[c] = scale * sum;
  }
}

// E = y_D + competition * log(exp(-j) + sum_i exp(-y_i)), one lane at a time: fills k.g with dE/dy.
static void criterion(Work& k, int classes, const int* label, const float* competition,
                      const float* j, double* loss, int64_t* wrong) {
  for (int lane = 0; lane < LANES; lane++) {
    int best = 0;
    for (int c = 1; c < classes; c++)
      if (k.y[c][lane] < k.y[best][lane]) best = c;
    wrong[lane] += best != label[lane];
    const float low = std::fmin(k.y[best][lane], j[lane]);
    float sum = std::exp(low - j[lane]), e[MAX_CLASSES];
    for (int c = 0; c < classes; c++) sum += e[c] = std::exp(low - k.y[c][lane]);
    for (int c = 0; c < classes; c++)
      k.g[c][lane] = (c == label[lane]) - competition[lane] * e[c] / sum;
    loss[lane] += k.y[label[lane]][lane] + competition[lane] * (std::log(sum) - low);
  }
}

static void c3_update(Work& k, const Layout& at, V* w, V* b, const V* rw, const V* rb) {
  for (int m = 0; m < 16; m++) b[m] -= rb[m] * total(&k.d3[m][0][0], 100);
  for (int p = 0; p < at.pairs; p++) {
    V g[25] = {};
    pair_gradient(k.d3[at.to[p]], k.x2[at.from[p]], g);
    for (int i = 0; i < 25; i++) w[p * 25 + i] -= rw[p * 25 + i] * g[i];
  }
}

// C1's derivatives are made row by row from S2's, used, and forgotten.
static void c1_update(Work& k, const V* coefficient, V* w, V* b, const V* rw, const V* rb) {
  V grad[6][5][5] = {}, bias[6] = {}, d[3][28];
  for (int y = 0; y < 28; y++)
    for (int m = 0; m < 6; m += 3) {
      for (int j = 0; j < 3; j++) {
        const V c = coefficient[m + j];
        V sum = bias[m + j];
        for (int x = 0; x < 28; x++) {
          d[j][x] = c * k.d2[m + j][y / 2][x / 2] * slope(k.x1[m + j][y][x]);
          sum += d[j][x];
        }
        bias[m + j] = sum;
      }
      for (int ky = 0; ky < 5; ky++) {
        V a[3][5];
        for (int j = 0; j < 3; j++) std::memcpy(a[j], grad[m + j][ky], sizeof a[j]);
        row_gradient<3, 28>(d[0], 28, k.x0[y + ky], a);
        for (int j = 0; j < 3; j++) std::memcpy(grad[m + j][ky], a[j], sizeof a[j]);
      }
    }
  for (int m = 0; m < 6; m++) {
    const V* g = grad[m][0];
    for (int i = 0; i < 25; i++) w[m * 25 + i] -= rw[m * 25 + i] * g[i];
    b[m] -= rb[m] * bias[m];
  }
}

// The update of one map's coefficient and bias.
static void subsampling_update(const V* d, const V* sums, int units, V& c, V& b, V rc, V rb) {
  V gc = V{}, gb = V{};
  for (int i = 0; i < units; i++) gc += d[i] * sums[i], gb += d[i];
  c -= rc * gc;
  b -= rb * gb;
}

static void backward(Work& k, const Layout& at, V* w, const V* r, const float* codes, V scale) {
  if (at.linear) {
    for (int c = 0; c < at.classes; c++) k.g[c] = -k.g[c];
    dense_backward<1>(w + at.ow, w + at.ob, r + at.ow, r + at.ob, k.x6, k.g, k.d6, 84, at.classes);
  } else {
    V total = V{};
    for (int c = 0; c < at.classes; c++) total += k.g[c];
    for (int i = 0; i < 84; i++) {
      V pull = total * k.x6[i];
      for (int c = 0; c < at.classes; c++) pull -= k.g[c] * codes[84 * c + i];
      k.d6[i] = 2 * scale * pull;
    }
  }
  for (int i = 0; i < 84; i++) k.d6[i] *= slope(k.x6[i]);
  dense_backward<4>(w + at.f6w, w + at.f6b, r + at.f6w, r + at.f6b, k.x5, k.d6, k.d5, 120, 84);
  for (int i = 0; i < 120; i++) k.d5[i] *= slope(k.x5[i]);
  dense_backward<4>(w + at.c5w, w + at.c5b, r + at.c5w, r + at.c5b, k.x4, k.d5, k.d4, 400, 120);
  for (int m = 0; m < 16; m++) {
    V* d = k.d4 + 25 * m;
    for (int i = 0; i < 25; i++) d[i] *= slope(k.x4[25 * m + i]);
    for (int y = 0; y < 10; y++)
      for (int x = 0; x < 10; x++)
        k.d3[m][y][x] = w[at.s4c + m] * d[y / 2 * 5 + x / 2] * slope(k.x3[m][y][x]);
    subsampling_update(d, k.s4 + 25 * m, 25, w[at.s4c + m], w[at.s4b + m], r[at.s4c + m],
                       r[at.s4b + m]);
  }
  c3_backward<slope>(k.d2, k.d3, k.x2, at, w + at.c3w);
  c3_update(k, at, w + at.c3w, w + at.c3b, r + at.c3w, r + at.c3b);
  c1_update(k, w + at.s2c, w + at.c1w, w + at.c1b, r + at.c1w, r + at.c1b);
  for (int m = 0; m < 6; m++)
    subsampling_update(k.d2[m][0], k.s2[m][0], 196, w[at.s2c + m], w[at.s2b + m], r[at.s2c + m],
                       r[at.s2b + m]);
}

static void read_image(Work& k, const uint8_t* image, const float* grey, int lane) {
  float* out = reinterpret_cast<float*>(&k.x0[0][0]) + lane;
  for (int i = 0; i < 1024; i++) out[i * LANES] = grey[image[i]];
}

// What every function reads first: C3's wiring, the number of classes, and the codes of an RBF
// output; a linear one has none.
struct Network {
  int64_t classes;
  const float* codes;
  Layout at;

  static Network read(Arguments& a) {
    const uint8_t* table = a.array<uint8_t>("table", {16, 6});
    const int64_t classes = a.number("classes", 1, MAX_CLASSES);
    const float* codes = a.array<float>("codes", {classes, 84}, true);
    return {classes, codes, Layout(table, classes, !codes)};
  }
};

extern "C" int lanes() { return LANES; }

// Trains LANES networks on the patterns order[:, first .. first + count]. Adds each network's
// losses and errors, measured before its updates.
EXPORT(train) {
  int64_t n = OPEN, length = OPEN;
  const Network net = Network::read(a);
  const uint8_t* images = a.array<uint8_t>("images", {&n, 32, 32});
  const uint8_t* labels = a.array<uint8_t>("labels", {&n});
  const float* grey = a.array<float>("grey", {256});
  const int32_t* order = a.array<int32_t>("order", {LANES, &length});
  const int64_t first = a.number("first", 0, length);
  const int64_t count = a.number("count", 0, length - first);
  V* w = a.array<V>("parameters", {net.at.size});
  const V* r = a.array<V>("rates", {net.at.size});
  const V* scale = a.array<V>("scale", {});
  const float* competition = a.array<float>("competition", {LANES});
  const float* j = a.array<float>("j", {LANES});
  double* loss = a.array<double>("losses", {LANES});
  int64_t* wrong = a.array<int64_t>("wrong", {LANES});
  a.end();
  a.below("labels", labels, n, net.classes);
  a.below("order", order, LANES * length, n);
  const auto k = std::make_unique<Work>();
  for (int64_t i = first; i < first + count; i++) {
    int label[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      const int64_t which = order[lane * length + i];
      label[lane] = labels[which];
      read_image(*k, images + 1024 * which, grey, lane);
    }
    forward(*k, net.at, w, net.codes, *scale);
    criterion(*k, net.classes, label, competition, j, loss, wrong);
    backward(*k, net.at, w, r, net.codes, *scale);
  }
}

// The outputs of LANES networks on the same images: (N, classes, LANES). For a linear output they
// are minus the scores.
EXPORT(outputs) {
  int64_t n = OPEN;
  const Network net = Network::read(a);
  const uint8_t* images = a.array<uint8_t>("images", {&n, 32, 32});
  const float* grey = a.array<float>("grey", {256});
  const V* w = a.array<V>("parameters", {net.at.size});
  float* out = a.array<float>("outputs", {n, net.classes, LANES});
  a.end();
  const auto k = std::make_unique<Work>();
  for (int64_t i = 0; i < n; i++) {
    for (int lane = 0; lane < LANES; lane++) read_image(*k, images + 1024 * i, grey, lane);
    forward(*k, net.at, w, net.codes, all(1.0f));
    std::memcpy(out + i * net.classes * LANES, k->y, net.classes * sizeof(V));
  }
}
