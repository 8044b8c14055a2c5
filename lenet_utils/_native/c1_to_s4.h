// C1 to S4 of LeNet-5 as it is built today (ReLU, largest of four, full C3), for one network: the
// arithmetic, which c1_to_s4.cpp computes on threads and the book's page in the browser.
//
// The lanes of a vector are images here: LANES of them go side by side, and a weight is the same
// for all. A layer that pools takes two rows of sums at a time and pools them while they are still
// in registers, so that C1's and C3's states are never written.

#pragma once

#include <cstring>

#include "layers.h"

typedef int8_t Bytes __attribute__((vector_size(LANES)));

static constexpr int C1 = 156, PARAMETERS = C1 + 2416, STATES = 400;

// What going back needs of LANES images: what C1 and C3 read, and where each pool's state is
// from. `from` is the place in its four, or NOWHERE: ReLU makes 0 of a negative one.
struct alignas(64) Kept {
  V x0[32][32], x2[6][14][14];
  Bytes from2[6][14][14], from4[16][5][5];
};

static constexpr int NOWHERE = 4;

// How many sums go side by side: as many as the registers hold, which where vectors are short, as in
// SSE and in WebAssembly, are half as many.
static constexpr bool FEW = LANES == 4;

// Whether a is taken before b: the first of equal ones is, and a number that is none, as in PyTorch.
static inline VI before(V a, V b) { return (a >= b) | (a != a); }

static inline void largest(V a, V b, V c, V d, V& state, Bytes& from) {
  const VI left = before(a, b), below = before(c, d);
  const V top = left ? a : b, low = below ? c : d;
  const VI upper = before(top, low);
  const V best = upper ? top : low;
  const VI off = best <= 0.0f;
  state = off ? V{} : best;
  from = __builtin_convertvector(off ? NOWHERE + VI{} : upper ? 1 + left : 3 + below, Bytes);
}

// The two rows of derivatives of sums under one row of `n` pooled states.
static inline void scatter(const V* d, const Bytes* from, V* upper, V* lower, int n) {
  for (int x = 0; x < n; x++) {
    const VI which = __builtin_convertvector(from[x], VI);
    upper[2 * x] = which == 0 ? d[x] : V{};
    upper[2 * x + 1] = which == 1 ? d[x] : V{};
    lower[2 * x] = which == 2 ? d[x] : V{};
    lower[2 * x + 1] = which == 3 ? d[x] : V{};
  }
}

// A convolution of 5x5 from INPUTS maps to maps of SIZE x SIZE sums, pooled: the sums of MAPS maps,
// two rows and COLUMNS columns are made together.
template <int INPUTS, int SIZE, int MAPS, int COLUMNS>
static void convolve_pool(const V (*in)[SIZE + 4][SIZE + 4], int maps, const float* w,
                          const float* b, V* states, Bytes* from) {
  constexpr int HALF = SIZE / 2;
  for (int y = 0; y < HALF; y++)
    for (int m = 0; m < maps; m += MAPS)
      for (int x = 0; x < SIZE; x += COLUMNS) {
        V a[MAPS][2][COLUMNS];
#pragma GCC unroll 8
        for (int j = 0; j < MAPS; j++)
#pragma GCC unroll 8
          for (int i = 0; i < COLUMNS; i++) a[j][0][i] = a[j][1][i] = all(b[m + j]);
        for (int s = 0; s < INPUTS; s++)
          for (int ky = 0; ky < 5; ky++)
#pragma GCC unroll 5
            for (int kx = 0; kx < 5; kx++) {
              V weight[MAPS];
#pragma GCC unroll 8
              for (int j = 0; j < MAPS; j++)
                weight[j] = all(w[((m + j) * INPUTS + s) * 25 + ky * 5 + kx]);
#pragma GCC unroll 2
              for (int r = 0; r < 2; r++)
#pragma GCC unroll 8
                for (int i = 0; i < COLUMNS; i++) {
                  const V pixel = in[s][2 * y + r + ky][x + i + kx];
#pragma GCC unroll 8
                  for (int j = 0; j < MAPS; j++) a[j][r][i] += weight[j] * pixel;
                }
            }
#pragma GCC unroll 8
        for (int j = 0; j < MAPS; j++)
#pragma GCC unroll 8
          for (int i = 0; i < COLUMNS; i += 2) {
            const int at = ((m + j) * HALF + y) * HALF + (x + i) / 2;
            largest(a[j][0][i], a[j][0][i + 1], a[j][1][i], a[j][1][i + 1], states[at], from[at]);
          }
      }
}

// From the derivatives of C3's sums to those of S2's states: a row of two maps at a time.
static void c3_input_gradient(V (*d2)[14][14], const V (*d3)[10][10], const float* w) {
  for (int y = 0; y < 14; y++)
    for (int s = 0; s < 6; s += 2) {
      V a[2][14];
#pragma GCC unroll 14
      for (int x = 0; x < 14; x++) a[0][x] = a[1][x] = V{};
      for (int m = 0; m < 16; m++)
        for (int ky = y > 9 ? y - 9 : 0; ky < 5 && ky <= y; ky++) {
          const V* d = d3[m][y - ky];
          const float* weight = w + (6 * m + s) * 25 + 5 * ky;
#pragma GCC unroll 5
          for (int kx = 0; kx < 5; kx++) {
            const V one = all(weight[kx]), other = all(weight[25 + kx]);
#pragma GCC unroll 10
            for (int x = 0; x < 10; x++) {
              a[0][x + kx] += one * d[x];
              a[1][x + kx] += other * d[x];
            }
          }
        }
#pragma GCC unroll 14
      for (int x = 0; x < 14; x++) d2[s][y][x] = a[0][x], d2[s + 1][y][x] = a[1][x];
    }
}

// Adds the gradients of MAPS maps' weights in one row of their kernels, which are `stride` apart,
// from the derivatives of `rows` rows of N sums.
template <int MAPS, int N>
static inline void kernel_row(const V* d, int maps_apart, int rows, const V* in, int width, V* g,
                              int stride) {
  V a[MAPS][5];
#pragma GCC unroll 4
  for (int j = 0; j < MAPS; j++)
#pragma GCC unroll 5
    for (int kx = 0; kx < 5; kx++) a[j][kx] = g[stride * j + kx];
  for (int y = 0; y < rows; y++) row_gradient<MAPS, N>(d + y * N, maps_apart, in + y * width, a);
#pragma GCC unroll 4
  for (int j = 0; j < MAPS; j++)
#pragma GCC unroll 5
    for (int kx = 0; kx < 5; kx++) g[stride * j + kx] = a[j][kx];
}

static void c3_gradient(const V (*d3)[10][10], const V (*x2)[14][14], V* gw, V* gb) {
  for (int m = 0; m < 16; m++) gb[m] += total(&d3[m][0][0], 100);
  for (int m = 0; m < 16; m += 4)
    for (int s = 0; s < 6; s++)
      for (int ky = 0; ky < 5; ky++)
        kernel_row<4, 10>(d3[m][0], 100, 10, x2[s][ky], 14, gw + (6 * m + s) * 25 + 5 * ky, 150);
}

// The derivatives of C1's sums are made for two rows of three maps, used, and forgotten.
static void c1_gradient(const Kept& k, const V (*d2)[14][14], V* gw, V* gb) {
  V d[3][2][28];
  for (int y = 0; y < 14; y++)
    for (int m = 0; m < 6; m += 3) {
      for (int j = 0; j < 3; j++) {
        scatter(d2[m + j][y], k.from2[m + j][y], d[j][0], d[j][1], 14);
        gb[m + j] += total(&d[j][0][0], 56);
      }
      for (int ky = 0; ky < 5; ky++)
        kernel_row<3, 28>(d[0][0], 56, 2, k.x0[2 * y + ky], 32, gw + 25 * m + 5 * ky, 25);
    }
}

// S4's states of a block of up to LANES images, framed with zeros to 32x32.
static void forward_block(const float* images, int here, int size, const float* parameters, Kept& k,
                          V* x4) {
  const int frame = (32 - size) / 2;
  if (frame || here < LANES) std::memset(k.x0, 0, sizeof k.x0);
  for (int y = 0; y < size; y++)  // row by row: what is written stays in the nearest cache
    for (int lane = 0; lane < here; lane++) {
      const float* in = images + (lane * size + y) * size;
      float* out = reinterpret_cast<float*>(&k.x0[y + frame][frame]) + lane;
      for (int x = 0; x < size; x++) out[x * LANES] = in[x];
    }
  convolve_pool<1, 28, 2, FEW ? 2 : 4>(&k.x0, 6, parameters, parameters + 150, k.x2[0][0], k.from2[0][0]);
  convolve_pool<6, 10, FEW ? 2 : 4, 2>(k.x2, 16, parameters + C1, parameters + C1 + 2400, x4, k.from4[0][0]);
}

// What going back through a block writes before it reads it again.
struct Derivatives {
  V d4[STATES], d3[16][10][10], d2[6][14][14];
};

// Adds the gradients of the parameters in a block of images, from the derivatives d.d4.
static void backward_block(const Kept& k, const float* parameters, Derivatives& d, V* g) {
  for (int m = 0; m < 16; m++)
    for (int y = 0; y < 5; y++)
      scatter(d.d4 + 25 * m + 5 * y, k.from4[m][y], d.d3[m][2 * y], d.d3[m][2 * y + 1], 5);
  c3_input_gradient(d.d2, d.d3, parameters + C1);
  c3_gradient(d.d3, k.x2, g + C1, g + C1 + 2400);
  c1_gradient(k, d.d2, g, g + 150);
}

// Between S4's states of LANES images, side by side, and a row of them for each image.
static inline void to_rows(const V* x4, int here, float* rows) {
  for (int lane = 0; lane < here; lane++)
    for (int i = 0; i < STATES; i++) rows[lane * STATES + i] = x4[i][lane];
}

static inline void from_rows(const float* rows, int here, V* d4) {
  if (here < LANES) std::memset(d4, 0, STATES * sizeof(V));
  for (int lane = 0; lane < here; lane++)
    for (int i = 0; i < STATES; i++) d4[i][lane] = rows[lane * STATES + i];
}

static inline float across(V v) {
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += v[lane];
  return sum;
}
