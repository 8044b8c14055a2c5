// LeNet-5 of 1998 trained one pattern at a time, LANES networks side by side.
//
// Every number of a network (parameter, state, derivative) is a vector with one entry a network,
// so that each scalar multiply-add of the paper becomes one vector instruction. The networks share
// nothing but the pictures: each has its own parameters, rates, order of patterns and criterion.
// Plain C++17 with the vector types of GCC and Clang. Called from lanes.py through ctypes.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "lanes.h"

static constexpr int MAX_CLASSES = 128, MAX_PAIRS = 96;
static constexpr float AMPLITUDE = 1.7159f, SLOPE = 2.0f / 3.0f;

// A tanh(S a) by a ratio of polynomials of degrees 13 and 6: absolute error below 1e-6.
static inline V squash(V a) {
  V x = a * SLOPE;
  const V top = all(7.90531110763549805f);
  x = x > top ? top : x;
  x = x < -top ? -top : x;
  const V q = x * x;
  V p = q * -2.76076847742355e-16f + 2.00018790482477e-13f;
  p = p * q - 8.60467152213735e-11f;
  p = p * q + 5.12229709037114e-08f;
  p = p * q + 1.48572235717979e-05f;
  p = p * q + 6.37261928875436e-04f;
  p = p * q + 4.89352455891786e-03f;
  V d = q * 1.19825839466702e-06f + 1.18534705686654e-04f;
  d = d * q + 2.26843463243900e-03f;
  d = d * q + 4.89352518554385e-03f;
  return (x * AMPLITUDE) * p / d;
}

// f'(a) from the state f(a).
static inline V slope(V state) {
  return SLOPE * AMPLITUDE - state * state * (SLOPE / AMPLITUDE);
}

// Where each layer's parameters start, in the order of LeNet5.parameters().
struct Layout {
  int classes, pairs, linear;
  int c1w, c1b, s2c, s2b, c3w, c3b, s4c, s4b, c5w, c5b, f6w, f6b, ow, ob;
  int first[17];         // C3 map m owns the pairs first[m] .. first[m + 1] - 1
  int from[MAX_PAIRS];   // the S2 map that a pair reads
  int to[MAX_PAIRS];     // the C3 map that it feeds

  // table: (16, 6), nonzero where a kernel exists.
  Layout(const uint8_t* table, int classes_, int linear_) : classes(classes_), linear(linear_) {
    pairs = 0;
    for (int m = 0; m < 16; m++) {
      first[m] = pairs;
      for (int s = 0; s < 6; s++)
        if (table[m * 6 + s]) from[pairs] = s, to[pairs++] = m;
    }
    first[16] = pairs;
    c1w = 0, c1b = 150, s2c = 156, s2b = 162, c3w = 168;
    c3b = c3w + 25 * pairs, s4c = c3b + 16, s4b = s4c + 16;
    c5w = s4b + 16, c5b = c5w + 48000, f6w = c5b + 120, f6b = f6w + 10080;
    ow = f6b + 84, ob = ow + 84 * classes;
  }
};

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

// The layers that many_seeds.cpp and teams.cpp share take the squashing F, or its slope, from them.
template <V F(V), class K>
static void c1_forward(K& k, const V* w, const V* b) {
  for (int y = 0; y < 28; y++)
    for (int m = 0; m < 6; m += 3)
      for (int x = 0; x < 28; x += 7) {
        V acc[3][7];
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++)
#pragma GCC unroll 7
          for (int i = 0; i < 7; i++) acc[j][i] = b[m + j];
        for (int ky = 0; ky < 5; ky++)
          for (int kx = 0; kx < 5; kx++) {
            const V* in = &k.x0[y + ky][x + kx];
            const V* row = w + m * 25 + ky * 5 + kx;
#pragma GCC unroll 7
            for (int i = 0; i < 7; i++)
#pragma GCC unroll 3
              for (int j = 0; j < 3; j++) acc[j][i] += row[25 * j] * in[i];
          }
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++)
#pragma GCC unroll 7
          for (int i = 0; i < 7; i++) k.x1[m + j][y][x + i] = F(acc[j][i]);
      }
}

// Adds 2x2 states, keeps the sums, and squashes coefficient * sum + bias.
static void subsample(const V* in, V* sums, V* out, V coefficient, V bias, int half) {
  for (int y = 0; y < half; y++)
    for (int x = 0; x < half; x++) {
      const V* p = in + 4 * y * half + 2 * x;
      const V s = (p[0] + p[1]) + (p[2 * half] + p[2 * half + 1]);
      sums[y * half + x] = s;
      out[y * half + x] = squash(coefficient * s + bias);
    }
}

template <V F(V), class K>
static void c3_forward(K& k, const Layout& at, const V* w, const V* b) {
  for (int m = 0; m < 16; m++)
    for (int y = 0; y < 10; y++) {
      V acc[10];
#pragma GCC unroll 10
      for (int x = 0; x < 10; x++) acc[x] = b[m];
      for (int p = at.first[m]; p < at.first[m + 1]; p++)
        for (int ky = 0; ky < 5; ky++) {
          const V* in = k.x2[at.from[p]][y + ky];
          const V* row = w + p * 25 + ky * 5;
#pragma GCC unroll 5
          for (int kx = 0; kx < 5; kx++) {
#pragma GCC unroll 10
            for (int x = 0; x < 10; x++) acc[x] += row[kx] * in[x + kx];
          }
        }
#pragma GCC unroll 10
      for (int x = 0; x < 10; x++) k.x3[m][y][x] = F(acc[x]);
    }
}

static void forward(Work& k, const Layout& at, const V* w, const float* codes, V scale) {
  c1_forward<squash>(k, w + at.c1w, w + at.c1b);
  for (int m = 0; m < 6; m++)
    subsample(k.x1[m][0], k.s2[m][0], k.x2[m][0], w[at.s2c + m], w[at.s2b + m], 14);
  c3_forward<squash>(k, at, w + at.c3w, w + at.c3b);
  for (int m = 0; m < 16; m++)
    subsample(k.x3[m][0], k.s4 + 25 * m, k.x4 + 25 * m, w[at.s4c + m], w[at.s4b + m], 5);
  dense_forward<4>(w + at.c5w, w + at.c5b, k.x4, k.x5, 400, 120);
  for (int i = 0; i < 120; i++) k.x5[i] = squash(k.x5[i]);
  dense_forward<4>(w + at.f6w, w + at.f6b, k.x5, k.x6, 120, 84);
  for (int i = 0; i < 84; i++) k.x6[i] = squash(k.x6[i]);
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

// From the derivatives of C3's sums to those of S2's: one row of 14 at a time.
template <V SLOPE_OF(V)>
static void c3_backward(V (*d2)[14][14], const V (*d3)[10][10], const V (*x2)[14][14],
                        const Layout& at, const V* w) {
  for (int s = 0; s < 6; s++)
    for (int row = 0; row < 14; row++) {
      V acc[14];
#pragma GCC unroll 14
      for (int x = 0; x < 14; x++) acc[x] = V{};
      for (int p = 0; p < at.pairs; p++) {
        if (at.from[p] != s) continue;
        for (int ky = row > 9 ? row - 9 : 0; ky < 5 && ky <= row; ky++) {
          const V* d = d3[at.to[p]][row - ky];
          const V* kernel = w + p * 25 + ky * 5;
#pragma GCC unroll 5
          for (int kx = 0; kx < 5; kx++) {
#pragma GCC unroll 10
            for (int x = 0; x < 10; x++) acc[x + kx] += kernel[kx] * d[x];
          }
        }
      }
#pragma GCC unroll 14
      for (int x = 0; x < 14; x++) d2[s][row][x] = acc[x] * SLOPE_OF(x2[s][row][x]);
    }
}

static void c3_update(Work& k, const Layout& at, V* w, V* b, const V* rw, const V* rb) {
  for (int m = 0; m < 16; m++) {
    const V* d = &k.d3[m][0][0];
    V sum = V{};
    for (int i = 0; i < 100; i++) sum += d[i];
    b[m] -= rb[m] * sum;
  }
  for (int p = 0; p < at.pairs; p++) {
    V acc[25];
#pragma GCC unroll 25
    for (int i = 0; i < 25; i++) acc[i] = V{};
    for (int y = 0; y < 10; y++)
      for (int x = 0; x < 10; x++) {
        const V d = k.d3[at.to[p]][y][x];
        const V* in = &k.x2[at.from[p]][y][x];
#pragma GCC unroll 5
        for (int ky = 0; ky < 5; ky++)
#pragma GCC unroll 5
          for (int kx = 0; kx < 5; kx++) acc[ky * 5 + kx] += d * in[ky * 14 + kx];
      }
#pragma GCC unroll 25
    for (int i = 0; i < 25; i++) w[p * 25 + i] -= rw[p * 25 + i] * acc[i];
  }
}

// C1's derivatives are made row by row from S2's, used, and forgotten.
static void c1_update(Work& k, const V* coefficient, V* w, V* b, const V* rw, const V* rb) {
  V grad[6][25] = {}, bias[6] = {}, d[3][28];
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
        V acc[3][5];
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++)
#pragma GCC unroll 5
          for (int kx = 0; kx < 5; kx++) acc[j][kx] = grad[m + j][ky * 5 + kx];
        for (int x = 0; x < 28; x++) {
          const V* in = &k.x0[y + ky][x];
#pragma GCC unroll 3
          for (int j = 0; j < 3; j++) {
            const V dj = d[j][x];
#pragma GCC unroll 5
            for (int kx = 0; kx < 5; kx++) acc[j][kx] += dj * in[kx];
          }
        }
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++)
#pragma GCC unroll 5
          for (int kx = 0; kx < 5; kx++) grad[m + j][ky * 5 + kx] = acc[j][kx];
      }
    }
  for (int m = 0; m < 6; m++) {
    for (int i = 0; i < 25; i++) w[m * 25 + i] -= rw[m * 25 + i] * grad[m][i];
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

static void read_picture(Work& k, const uint8_t* picture, const float* grey, int lane) {
  float* out = reinterpret_cast<float*>(&k.x0[0][0]) + lane;
  for (int i = 0; i < 1024; i++) out[i * LANES] = grey[picture[i]];
}

extern "C" {

int lanes() { return LANES; }

// Trains LANES networks on `count` patterns each. pictures: (N, 32, 32); grey: 256 input values;
// order: (LANES, stride); parameters and rates: (P, LANES), 64-byte aligned; scale, competition
// and j: (LANES). Adds each network's losses and errors, measured before its updates.
void train(const uint8_t* pictures, const uint8_t* labels, const float* grey, const uint8_t* table,
           const float* codes, int classes, int linear, const int32_t* order, int64_t stride,
           int64_t count, float* parameters, const float* rates, const float* scale,
           const float* competition, const float* j, double* loss, int64_t* wrong) {
  const Layout at(table, classes, linear);
  Work* k = new Work;
  V s;
  std::memcpy(&s, scale, sizeof s);
  V* w = reinterpret_cast<V*>(parameters);
  const V* r = reinterpret_cast<const V*>(rates);
  for (int64_t n = 0; n < count; n++) {
    int label[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      const int64_t which = order[lane * stride + n];
      label[lane] = labels[which];
      read_picture(*k, pictures + 1024 * which, grey, lane);
    }
    forward(*k, at, w, codes, s);
    criterion(*k, classes, label, competition, j, loss, wrong);
    backward(*k, at, w, r, codes, s);
  }
  delete k;
}

// The outputs of LANES networks on the same `count` pictures: (count, classes, LANES). For a
// linear output they are minus the scores.
void outputs(const uint8_t* pictures, const float* grey, const uint8_t* table, const float* codes,
             int classes, int linear, int64_t count, const float* parameters, const float* scale,
             float* out) {
  const Layout at(table, classes, linear);
  Work* k = new Work;
  V s;
  std::memcpy(&s, scale, sizeof s);
  for (int64_t n = 0; n < count; n++) {
    for (int lane = 0; lane < LANES; lane++) read_picture(*k, pictures + 1024 * n, grey, lane);
    forward(*k, at, reinterpret_cast<const V*>(parameters), codes, s);
    std::memcpy(out + n * classes * LANES, k->y, classes * sizeof(V));
  }
  delete k;
}
}
