// The layers of LeNet-5 with a network in each lane of a vector: what several kernels share.
//
// Every number of a network (parameter, state, derivative) is a vector with one entry a network,
// so that each scalar multiply-add of the paper becomes one vector instruction.

#pragma once

#include "vectors.h"

static constexpr int MAX_CLASSES = 128, MAX_PAIRS = 96;
static constexpr float AMPLITUDE = 1.7159f, SLOPE = 2.0f / 3.0f;

// A tanh(S a) by a ratio of polynomials of degrees 13 and 6: absolute error below 1e-6.
static inline V scaled_tanh(V a) {
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
  int classes, pairs, linear, size;  // size: how many parameters there are
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
    ow = f6b + 84, ob = ow + 84 * classes, size = linear ? ob + classes : ow;
  }
};

// Adds the products of a row of N derivatives, of MAPS maps `stride` apart, with the row of inputs
// that begins at the place of each derivative: the gradients of one row of each map's 5x5 kernel.
template <int MAPS, int N>
static inline void row_gradient(const V* d, int stride, const V* in, V (*a)[5]) {
#pragma GCC unroll 28
  for (int x = 0; x < N; x++)
#pragma GCC unroll 4
    for (int j = 0; j < MAPS; j++) {
      const V dj = d[j * stride + x];
#pragma GCC unroll 5
      for (int kx = 0; kx < 5; kx++) a[j][kx] += dj * in[x + kx];
    }
}

// Adds to `a` the gradients of the 25 weights between one map of S2 and one of C3.
static inline void pair_gradient(const V (*d)[10], const V (*in)[14], V* a) {
  V sum[25];
#pragma GCC unroll 25
  for (int i = 0; i < 25; i++) sum[i] = a[i];
  for (int y = 0; y < 10; y++)
    for (int x = 0; x < 10; x++) {
      const V dx = d[y][x];
#pragma GCC unroll 5
      for (int ky = 0; ky < 5; ky++)
#pragma GCC unroll 5
        for (int kx = 0; kx < 5; kx++) sum[ky * 5 + kx] += dx * in[y + ky][x + kx];
    }
#pragma GCC unroll 25
  for (int i = 0; i < 25; i++) a[i] = sum[i];
}

static inline V total(const V* d, int n) {
  V sum = V{};
  for (int i = 0; i < n; i++) sum += d[i];
  return sum;
}

// C1 and C3 take the activation function F, or its derivative, from the kernel that uses them.
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
