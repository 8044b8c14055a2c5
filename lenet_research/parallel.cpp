// Gradients of LANES networks on a batch of patterns each, and the updates of two optimisers.
//
// The networks, one in each lane, are those between LeNet-5 of 1998 and of today: either
// activation function, any pooling, any C3, a linear output with cross-entropy. BLOCK patterns go
// together, so that the large layers C5 and F6 read their weights once for all of them.

#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>

#include "arguments.h"
#include "layers.h"

enum Activation { TANH, RELU };
enum Pooling { SUBSAMPLING, AVERAGE, MAX };

static constexpr int BLOCK = 4;

template <int A>
static inline V act(V a) {
  if (A == TANH) return scaled_tanh(a);
  return a > 0.0f ? a : V{};
}

template <int A>
static inline V act_slope(V state) {
  if (A == TANH) return slope(state);
  return state > 0.0f ? all(1.0f) : V{};
}

// Pooling without parameters is not squashed.
template <int A, int P>
static inline V s2_slope(V state) {
  return P == SUBSAMPLING ? act_slope<A>(state) : all(1.0f);
}

// Where parameters start, in the order of LeNet5.parameters(), with or without subsampling's own.
struct Places : Layout {
  Places(const uint8_t* table, int classes, int pooling) : Layout(table, classes, 1) {
    if (pooling == SUBSAMPLING) return;
    s2c = s2b = s4c = s4b = 0;
    c3w = 156, c3b = c3w + 25 * pairs, c5w = c3b + 16, c5b = c5w + 48000;
    f6w = c5b + 120, f6b = f6w + 10080, ow = f6b + 84, ob = ow + 84 * classes;
    size = ob + classes;
  }
};

// One pattern in each lane. Backwards, x1 and x3 become the derivatives of their sums.
struct alignas(64) Pattern {
  V x0[32][32], x1[6][28][28], s2[6][14][14], x2[6][14][14], x3[16][10][10], s4[16][5][5];
};

struct alignas(64) Batch {
  Pattern p[BLOCK];
  V x4[400][BLOCK], x5[120][BLOCK], x6[84][BLOCK], y[MAX_CLASSES][BLOCK];
  V d6[84][BLOCK], d5[120][BLOCK], d4[400][BLOCK], d2[6][14][14];
};

// One map from 2h x 2h to h x h; its unit i is out[i * step].
template <int A, int P>
static void pool(const V* in, V* sums, V* out, int step, V coefficient, V bias, int h) {
  for (int y = 0; y < h; y++)
    for (int x = 0; x < h; x++) {
      const V* p = in + 4 * y * h + 2 * x;
      const V a = p[0], b = p[1], c = p[2 * h], d = p[2 * h + 1];
      V& result = out[(y * h + x) * step];
      if (P == MAX) {
        const V top = a > b ? a : b, low = c > d ? c : d;
        result = top > low ? top : low;
      } else if (P == AVERAGE) {
        result = 0.25f * ((a + b) + (c + d));
      } else {
        const V s = (a + b) + (c + d);
        sums[y * h + x] = s;
        result = act<A>(coefficient * s + bias);
      }
    }
}

// From the derivatives d of a map's pooled sums to those of the sums before it, which replace the
// states in x. Of equal largest states the first one gets all, as in PyTorch.
template <int A, int P>
static void pool_backward(V* x, const V* d, int step, V coefficient, int h) {
  for (int y = 0; y < h; y++)
    for (int i = 0; i < h; i++) {
      V* p = x + 4 * y * h + 2 * i;
      V g = d[(y * h + i) * step];
      V* at[4] = {p, p + 1, p + 2 * h, p + 2 * h + 1};
      if (P == MAX) {
        V top = *at[0];
        for (int q = 1; q < 4; q++) top = *at[q] > top ? *at[q] : top;
        for (int q = 0; q < 4; q++) {
          const VI hit = *at[q] == top;
          *at[q] = hit ? g * act_slope<A>(*at[q]) : V{};
          g = hit ? V{} : g;
        }
      } else {
        g *= P == AVERAGE ? all(0.25f) : coefficient;
        for (int q = 0; q < 4; q++) *at[q] = g * act_slope<A>(*at[q]);
      }
    }
}

static void pool_gradient(const V* d, int step, const V* sums, int units, V& gc, V& gb) {
  V c = V{}, b = V{};
  for (int i = 0; i < units; i++) c += d[i * step] * sums[i], b += d[i * step];
  gc += c;
  gb += b;
}

// a[o] = b[o] + sum_i w[o][i] x[i] for BLOCK patterns, T outputs at a time.
template <int T>
static void dense(const V* w, const V* b, const V (*x)[BLOCK], V (*a)[BLOCK], int inputs,
                  int outputs) {
  for (int o = 0; o < outputs; o += T, w += T * inputs) {
    V acc[T][BLOCK];
    for (int t = 0; t < T; t++)
      for (int q = 0; q < BLOCK; q++) acc[t][q] = b[o + t];
    for (int i = 0; i < inputs; i++)
#pragma GCC unroll 4
      for (int t = 0; t < T; t++) {
        const V each = w[t * inputs + i];
#pragma GCC unroll 4
        for (int q = 0; q < BLOCK; q++) acc[t][q] += each * x[i][q];
      }
    for (int t = 0; t < T; t++)
      for (int q = 0; q < BLOCK; q++) a[o + t][q] = acc[t][q];
  }
}

// dx[i] = sum_o w[o][i] d[o]; adds the gradients of w and b.
template <int T>
static void dense_gradient(const V* w, V* gw, V* gb, const V (*x)[BLOCK], const V (*d)[BLOCK],
                           V (*dx)[BLOCK], int inputs, int outputs) {
  std::memset(dx, 0, inputs * sizeof *dx);
  for (int o = 0; o < outputs; o += T, w += T * inputs, gw += T * inputs) {
    V g[T][BLOCK];
    for (int t = 0; t < T; t++)
      for (int q = 0; q < BLOCK; q++) g[t][q] = d[o + t][q], gb[o + t] += g[t][q];
    for (int i = 0; i < inputs; i++) {
      V sum[BLOCK], in[BLOCK];
#pragma GCC unroll 4
      for (int q = 0; q < BLOCK; q++) sum[q] = dx[i][q], in[q] = x[i][q];
#pragma GCC unroll 4
      for (int t = 0; t < T; t++) {
        const V each = w[t * inputs + i];
        V gradient = gw[t * inputs + i];
#pragma GCC unroll 4
        for (int q = 0; q < BLOCK; q++) {
          sum[q] += each * g[t][q];
          gradient += g[t][q] * in[q];
        }
        gw[t * inputs + i] = gradient;
      }
#pragma GCC unroll 4
      for (int q = 0; q < BLOCK; q++) dx[i][q] = sum[q];
    }
  }
}

static void c3_gradient(const Pattern& k, const Places& at, V* gw, V* gb) {
  for (int m = 0; m < 16; m++) gb[m] += total(&k.x3[m][0][0], 100);
  for (int p = 0; p < at.pairs; p++) pair_gradient(k.x3[at.to[p]], k.x2[at.from[p]], gw + p * 25);
}

static void c1_gradient(const Pattern& k, V* gw, V* gb) {
  for (int m = 0; m < 6; m += 3) {
    for (int j = 0; j < 3; j++) gb[m + j] += total(&k.x1[m + j][0][0], 784);
    for (int ky = 0; ky < 5; ky++) {
      V a[3][5];
      for (int j = 0; j < 3; j++) std::memcpy(a[j], gw + (m + j) * 25 + ky * 5, sizeof a[j]);
      for (int y = 0; y < 28; y++) row_gradient<3, 28>(k.x1[m][y], 784, k.x0[y + ky], a);
      for (int j = 0; j < 3; j++) std::memcpy(gw + (m + j) * 25 + ky * 5, a[j], sizeof a[j]);
    }
  }
}

// keep: null, or (204, LANES) factors of C5's and F6's states, for each pattern of the block.
template <int A, int P>
static void block_forward(Batch& k, const Places& at, const V* w, const V* const* keep) {
  for (int q = 0; q < BLOCK; q++) {
    Pattern& one = k.p[q];
    c1_forward<act<A>>(one, w + at.c1w, w + at.c1b);
    for (int m = 0; m < 6; m++)
      pool<A, P>(one.x1[m][0], one.s2[m][0], one.x2[m][0], 1, w[at.s2c + m], w[at.s2b + m], 14);
    c3_forward<act<A>>(one, at, w + at.c3w, w + at.c3b);
    for (int m = 0; m < 16; m++)
      pool<A, P>(one.x3[m][0], one.s4[m][0], &k.x4[25 * m][q], BLOCK, w[at.s4c + m],
                 w[at.s4b + m], 5);
  }
  dense<4>(w + at.c5w, w + at.c5b, k.x4, k.x5, 400, 120);
  for (int i = 0; i < 120; i++)
    for (int q = 0; q < BLOCK; q++)
      k.x5[i][q] = act<A>(k.x5[i][q]) * (keep ? keep[q][i] : all(1.0f));
  dense<4>(w + at.f6w, w + at.f6b, k.x5, k.x6, 120, 84);
  for (int i = 0; i < 84; i++)
    for (int q = 0; q < BLOCK; q++)
      k.x6[i][q] = act<A>(k.x6[i][q]) * (keep ? keep[q][120 + i] : all(1.0f));
  dense<1>(w + at.ow, w + at.ob, k.x6, k.y, 84, at.classes);
}

// Turns the scores of `filled` patterns into the derivatives of the cross-entropy times `share`.
// smoothing: (LANES), the part of each target that is spread over all classes.
static void cross_entropy(Batch& k, int classes, const int (*label)[LANES], int filled, float share,
                          const float* smoothing, double* loss, int64_t* wrong) {
  V smooth;
  std::memcpy(&smooth, smoothing, sizeof smooth);
  for (int q = 0; q < BLOCK; q++) {
    int best[LANES] = {};
    V top = k.y[0][q], sum = V{};
    for (int c = 1; c < classes; c++) {
      for (int lane = 0; lane < LANES; lane++)
        if (k.y[c][q][lane] > top[lane]) best[lane] = c;
      top = k.y[c][q] > top ? k.y[c][q] : top;
    }
    V right, mean = V{};
    for (int lane = 0; lane < LANES; lane++) right[lane] = k.y[label[q][lane]][q][lane];
    for (int c = 0; c < classes; c++) mean += k.y[c][q];
    mean /= (float)classes;
    for (int c = 0; c < classes; c++) {
      V e = k.y[c][q] - top;
      for (int lane = 0; lane < LANES; lane++) e[lane] = std::exp(e[lane]);
      k.y[c][q] = e;
      sum += e;
    }
    const V scale = q < filled ? share / sum : V{};
    const V each = q < filled ? share / classes * smooth : V{};
    for (int c = 0; c < classes; c++) k.y[c][q] = k.y[c][q] * scale - each;
    if (q >= filled) continue;
    for (int lane = 0; lane < LANES; lane++) {
      k.y[label[q][lane]][q][lane] -= share * (1 - smooth[lane]);
      const float target = right[lane] + smooth[lane] * (mean[lane] - right[lane]);
      loss[lane] += std::log(sum[lane]) + top[lane] - target;
      wrong[lane] += best[lane] != label[q][lane];
    }
  }
}

template <int A, int P>
static void block_backward(Batch& k, const Places& at, const V* w, V* g, const V* const* keep) {
  dense_gradient<1>(w + at.ow, g + at.ow, g + at.ob, k.x6, k.y, k.d6, 84, at.classes);
  // A state that was dropped has slope 0 and state 0; one that was kept was scaled.
  for (int i = 0; i < 84; i++)
    for (int q = 0; q < BLOCK; q++) {
      const V f = keep ? keep[q][120 + i] : all(1.0f);
      const V state = f > 0.0f ? k.x6[i][q] / f : V{};
      k.d6[i][q] *= f * act_slope<A>(state);
    }
  dense_gradient<4>(w + at.f6w, g + at.f6w, g + at.f6b, k.x5, k.d6, k.d5, 120, 84);
  for (int i = 0; i < 120; i++)
    for (int q = 0; q < BLOCK; q++) {
      const V f = keep ? keep[q][i] : all(1.0f);
      const V state = f > 0.0f ? k.x5[i][q] / f : V{};
      k.d5[i][q] *= f * act_slope<A>(state);
    }
  dense_gradient<4>(w + at.c5w, g + at.c5w, g + at.c5b, k.x4, k.d5, k.d4, 400, 120);
  if (P == SUBSAMPLING)
    for (int i = 0; i < 400; i++)
      for (int q = 0; q < BLOCK; q++) k.d4[i][q] *= act_slope<A>(k.x4[i][q]);
  for (int q = 0; q < BLOCK; q++) {
    Pattern& one = k.p[q];
    for (int m = 0; m < 16; m++) {
      const V* d = &k.d4[25 * m][q];
      if (P == SUBSAMPLING)
        pool_gradient(d, BLOCK, one.s4[m][0], 25, g[at.s4c + m], g[at.s4b + m]);
      pool_backward<A, P>(one.x3[m][0], d, BLOCK, w[at.s4c + m], 5);
    }
    c3_backward<s2_slope<A, P>>(k.d2, one.x3, one.x2, at, w + at.c3w);
    c3_gradient(one, at, g + at.c3w, g + at.c3b);
    for (int m = 0; m < 6; m++) {
      if (P == SUBSAMPLING)
        pool_gradient(k.d2[m][0], 1, one.s2[m][0], 196, g[at.s2c + m], g[at.s2b + m]);
      pool_backward<A, P>(one.x1[m][0], k.d2[m][0], 1, w[at.s2c + m], 14);
    }
    c1_gradient(one, g + at.c1w, g + at.c1b);
  }
}

// Images of 32x32, or smaller ones, which are put in the middle of 32x32 pixels of value `border`.
struct Images {
  const uint8_t* pixels;
  int side;

  static Images read(Arguments& a, int64_t* n) {
    int64_t side = OPEN;
    const uint8_t* pixels = a.array<uint8_t>("images", {n, &side, &side});
    if (side != 28 && side != 32)
      a.refuse("images", "have a side of " + std::to_string(side) + "; expected 28 or 32");
    return {pixels, (int)side};
  }

  void framed(Pattern& k, int64_t number, const float* greys, const float* borders,
              int lane) const {
    const float* grey = greys + 256 * lane;
    const float border = borders[lane];
    const uint8_t* image = pixels + number * side * side;
    const int frame = (32 - side) / 2;
    float* out = reinterpret_cast<float*>(&k.x0[0][0]) + lane;
    for (int i = 0; i < 1024; i++) {
      const int y = i / 32 - frame, x = i % 32 - frame;
      const bool inside = y >= 0 && y < side && x >= 0 && x < side;
      out[i * LANES] = inside ? grey[image[side * y + x]] : border;
    }
  }
};

template <int A, int P>
static void batch(Batch& k, const Places& at, const Images& images, const uint8_t* labels,
                  const float* grey, const float* border, const int32_t* order, int64_t count,
                  const V* keep, const float* smoothing, const V* w, V* g,
                  double* loss, int64_t* wrong) {
  for (int64_t n = 0; n < count; n += BLOCK) {
    const int filled = count - n < BLOCK ? count - n : BLOCK;
    int label[BLOCK][LANES];
    const V* factors[BLOCK];
    for (int q = 0; q < BLOCK; q++) {
      // A block that is not full repeats its last pattern, without weight.
      const int64_t which = n + (q < filled ? q : filled - 1);
      factors[q] = keep ? keep + 204 * which : nullptr;
      for (int lane = 0; lane < LANES; lane++) {
        const int64_t image = order[lane * count + which];
        label[q][lane] = labels[image];
        images.framed(k.p[q], image, grey, border, lane);
      }
    }
    block_forward<A, P>(k, at, w, keep ? factors : nullptr);
    cross_entropy(k, at.classes, label, filled, 1.0f / count, smoothing, loss, wrong);
    block_backward<A, P>(k, at, w, g, keep ? factors : nullptr);
  }
}

template <int A, int P>
static void answer(Batch& k, const Places& at, const Images& images, const float* grey,
                   const float* border, int64_t count, const V* w, float* out) {
  for (int64_t n = 0; n < count; n += BLOCK) {
    for (int q = 0; q < BLOCK; q++)
      for (int lane = 0; lane < LANES; lane++)
        images.framed(k.p[q], n + q < count ? n + q : n, grey, border, lane);
    block_forward<A, P>(k, at, w, nullptr);
    for (int q = 0; q < BLOCK && n + q < count; q++)
      for (int c = 0; c < at.classes; c++)
        std::memcpy(out + ((n + q) * at.classes + c) * LANES, &k.y[c][q], sizeof(V));
  }
}

// What every function reads first: which network it is for.
struct Network {
  int64_t classes, activation, pooling;
  Places at;

  static Network read(Arguments& a) {
    const uint8_t* table = a.array<uint8_t>("table", {16, 6});
    const int64_t classes = a.number("classes", 1, MAX_CLASSES);
    const int64_t activation = a.number("activation", TANH, RELU);
    const int64_t pooling = a.number("pooling", SUBSAMPLING, MAX);
    return {classes, activation, pooling, Places(table, classes, pooling)};
  }

  // Calls f with the activation function and the pooling as types, to compile one version of each.
  template <class F>
  void choose(F f) const {
    activation == TANH ? choose_pooling(std::integral_constant<int, TANH>(), f)
                       : choose_pooling(std::integral_constant<int, RELU>(), f);
  }

  template <class A, class F>
  void choose_pooling(A act, F f) const {
    if (pooling == SUBSAMPLING) f(act, std::integral_constant<int, SUBSAMPLING>());
    if (pooling == AVERAGE) f(act, std::integral_constant<int, AVERAGE>());
    if (pooling == MAX) f(act, std::integral_constant<int, MAX>());
  }
};

extern "C" int lanes() { return LANES; }

// Fills gradients with those of the mean cross-entropy of each network's batch order[lane]; adds
// losses and errors, measured on the way. grey: the input value of each grey level; border: that
// of the frame of 2 pixels; keep: factors of C5's and F6's states, or absent.
EXPORT(batch_gradients) {
  int64_t n = OPEN, count = OPEN;
  const Network net = Network::read(a);
  const Images images = Images::read(a, &n);
  const uint8_t* labels = a.array<uint8_t>("labels", {n});
  const float* grey = a.array<float>("grey", {LANES, 256});
  const float* border = a.array<float>("border", {LANES});
  const int32_t* order = a.array<int32_t>("order", {LANES, &count});
  const V* keep = a.array<V>("keep", {count, 204}, true);
  const float* smoothing = a.array<float>("smoothing", {LANES});
  const V* w = a.array<V>("parameters", {net.at.size});
  V* g = a.array<V>("gradients", {net.at.size});
  double* loss = a.array<double>("losses", {LANES});
  int64_t* wrong = a.array<int64_t>("wrong", {LANES});
  a.end();
  a.below("order", order, LANES * count, n);
  for (int64_t i = 0; i < LANES * count; i++)
    if (labels[order[i]] >= net.classes)
      a.refuse("labels", "hold " + std::to_string(labels[order[i]]) + ", which is no class");
  static thread_local const auto k = std::make_unique<Batch>();  // large: made once
  std::memset(g, 0, net.at.size * sizeof(V));
  net.choose([&](auto act, auto pool) {
    batch<act(), pool()>(*k, net.at, images, labels, grey, border, order, count, keep, smoothing, w,
                         g, loss, wrong);
  });
}

// Scores of LANES networks on the same images: (N, classes, LANES).
EXPORT(batch_outputs) {
  int64_t n = OPEN;
  const Network net = Network::read(a);
  const Images images = Images::read(a, &n);
  const float* grey = a.array<float>("grey", {LANES, 256});
  const float* border = a.array<float>("border", {LANES});
  const V* w = a.array<V>("parameters", {net.at.size});
  float* out = a.array<float>("outputs", {n, net.classes, LANES});
  a.end();
  static thread_local const auto k = std::make_unique<Batch>();  // large: made once
  net.choose([&](auto act, auto pool) {
    answer<act(), pool()>(*k, net.at, images, grey, border, n, w, out);
  });
}

// An update of torch.optim.SGD with momentum 0.9.
EXPORT(momentum_step) {
  int64_t size = OPEN;
  V* w = a.array<V>("parameters", {&size});
  const V* g = a.array<V>("gradients", {size});
  V* m = a.array<V>("momentum", {size});
  const V rate = *a.array<V>("rates", {});
  const V decay = *a.array<V>("decay", {});
  a.end();
  for (int64_t i = 0; i < size; i++) {
    m[i] = 0.9f * m[i] + (g[i] + decay * w[i]);
    w[i] -= rate * m[i];
  }
}

// An update of torch.optim.AdamW; `step` counts from 1.
EXPORT(adam_step) {
  int64_t size = OPEN;
  V* w = a.array<V>("parameters", {&size});
  const V* g = a.array<V>("gradients", {size});
  V* m = a.array<V>("first moments", {size});
  V* s = a.array<V>("second moments", {size});
  const V rate = *a.array<V>("rates", {});
  const V decay = *a.array<V>("decay", {});
  const int64_t step = a.number("step", 1, int64_t{1} << 40);
  a.end();
  const float b1 = 0.9f, b2 = 0.999f;
  const float c1 = 1 - std::pow(0.9, (double)step), c2 = 1 - std::pow(0.999, (double)step);
  const float root = std::sqrt(c2);
  const V shrink = 1.0f - rate * decay, reduced = rate / c1;
  for (int64_t i = 0; i < size; i++) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    s[i] = b2 * s[i] + (1 - b2) * g[i] * g[i];
    V r;
    for (int lane = 0; lane < LANES; lane++) r[lane] = std::sqrt(s[i][lane]);
    w[i] = shrink * w[i] - reduced * m[i] / (r / root + 1e-8f);
  }
}
