// Runs one kernel on numbers that a formula makes, and compares what it gives with golden.txt,
// which plain PyTorch made in float64 (golden.py). Built once for each kernel, with its name as a
// macro, for any processor: `make test-native`.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include "arguments.h"

static std::map<std::string, std::vector<double>> golden;
static int failures = 0;

// The i-th number of the k-th series: the same in golden.py.
static float number(int64_t i, int k, double size) { return size * std::sin(0.7 * i + 1.3 * k); }
static int place(int64_t i, int k, int below) { return (i * 7919 + k * 104729 + 31) % below; }

// An array in memory as the kernels want it, and its description.
template <class T>
struct Owned {
  std::vector<int64_t> shape;
  int64_t count = 1;
  std::shared_ptr<T> memory;
  T* data;

  Owned(std::vector<int64_t> shape_, std::function<T(int64_t)> value) : shape(shape_) {
    for (int64_t n : shape) count *= n;
    void* block = std::aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64);
    memory = std::shared_ptr<T>(static_cast<T*>(block), std::free);
    data = memory.get();
    for (int64_t i = 0; i < count; i++) data[i] = value(i);
  }
  operator Array() const {
    Array a = {data, TypeOf<T>::code, (int64_t)shape.size(), {}};
    for (size_t i = 0; i < shape.size(); i++) a.size[i] = shape[i];
    return a;
  }
};

static Owned<int64_t> whole(int64_t n) { return {{}, [=](int64_t) { return n; }}; }

static Owned<uint8_t> images(int64_t n, int64_t side) {
  return {{n, side, side}, [](int64_t i) { return place(i, 0, 5) ? 0 : place(i, 1, 256); }};
}

static Owned<uint8_t> labels(int64_t n) {
  return {{n}, [](int64_t i) { return place(i, 2, 10); }};
}

static Owned<uint8_t> table() {
  return {{16, 6}, [](int64_t i) { return (uint8_t)golden.at("table")[i]; }};
}

static Owned<float> grey() {
  return {{256}, [](int64_t i) { return i / 255.0 * 1.275 - 0.1; }};
}

static void succeeds(const char* problem) {
  if (problem) std::printf("refused: %s\n", problem), failures++;
}

static void is_refused(const char* problem) {
  if (!problem) std::printf("an argument that does not fit was taken\n"), failures++;
}

// `found` gives the i-th number that golden.txt has under a name.
static void compare(const std::string& name, double tolerance, std::function<double(int64_t)> found) {
  const auto& wanted = golden.at(name);
  double size = 0, gap = 0;
  for (double w : wanted) size = std::fmax(size, std::fabs(w));
  for (size_t i = 0; i < wanted.size(); i++) {
    const double difference = std::fabs(found(i) - wanted[i]);
    gap = difference > gap || std::isnan(difference) ? difference : gap;
  }
  const bool good = gap <= tolerance * size;
  std::printf("%-32s %6zu numbers, largest difference %.1e of %.1e%s\n", name.c_str(),
              wanted.size(), gap, size, good ? "" : "  WRONG");
  failures += !good;
}

template <class... Arrays>
static const char* call(const char* function(const Array*, int64_t), const Arrays&... arrays) {
  const Array list[] = {Array(arrays)...};
  return function(list, sizeof...(arrays));
}

extern "C" int lanes();
static int64_t L;

// Three networks, repeated in the lanes.
static Owned<float> columns(int64_t size, double scale, int series) {
  return {{size, L}, [=](int64_t i) { return number(i / L, series + i % L % 3, scale); }};
}

static Owned<float> lane_values(float value) {
  return {{L}, [=](int64_t) { return value; }};
}

#ifdef NETWORKS_1998
extern "C" const char* train(const Array*, int64_t);
extern "C" const char* outputs(const Array*, int64_t);

static void run() {
  const int64_t size = golden.at("1998 size")[0], n = 7, updates = 5;
  const Owned<float> codes({10, 84}, [](int64_t i) { return number(i, 3, 1.0) > 0 ? 1 : -1; });
  Owned<float> parameters = columns(size, 0.1, 0);
  const Owned<float> rates({size, L}, [](int64_t i) { return 1e-4 * (1.5 + number(i / L, 5, 1.0)); });
  const Owned<int32_t> order({L, updates}, [=](int64_t i) { return place(i % updates, i / updates % 3, n); });
  Owned<double> losses({L}, [](int64_t) { return 0.0; });
  Owned<int64_t> wrong({L}, [](int64_t) { return 0; });
  succeeds(call(train, table(), whole(10), codes, images(n, 32), labels(n), grey(), order, whole(0),
                whole(updates), parameters, rates, lane_values(0.5), lane_values(1), lane_values(10),
                losses, wrong));
  compare("1998 losses", 1e-4, [&](int64_t i) { return losses.data[i]; });
  compare("1998 wrong", 0, [&](int64_t i) { return wrong.data[i]; });
  compare("1998 parameters", 1e-4, [&](int64_t i) { return parameters.data[i / 3 * 97 * L + i % 3]; });
  Owned<float> out({n, 10, L}, [](int64_t) { return 0; });
  succeeds(call(outputs, table(), whole(10), codes, images(n, 32), grey(), parameters, out));
  compare("1998 outputs", 1e-3, [&](int64_t i) { return out.data[i / 3 * L + i % 3]; });
  is_refused(call(train, table()));
  is_refused(call(outputs, table(), whole(129), codes, images(n, 32), grey(), parameters, out));
  is_refused(call(outputs, table(), whole(10), codes, images(n, 28), grey(), parameters, out));
}
#endif

#ifdef C1_TO_S4
extern "C" const char* forward(const Array*, int64_t);
extern "C" const char* backward(const Array*, int64_t);
extern "C" int64_t kept_bytes();

static void run() {
  const int64_t n = 2 * L + 1, blocks = 3;
  const Owned<float> pixels({n, 28, 28}, [](int64_t i) { return number(i % 2352, 0, 1.0); });
  const Owned<float> parameters({2572}, [](int64_t i) { return number(i, 1, 0.2); });
  Owned<float> states({n, 400}, [](int64_t) { return 0; });
  Owned<uint8_t> kept({blocks, kept_bytes()}, [](int64_t) { return 0; });
  succeeds(call(forward, pixels, parameters, states, kept, whole(2)));
  compare("c1 to s4 states", 1e-4, [&](int64_t i) { return states.data[i * 7]; });
  // Only the first three images have derivatives, so that the sums do not depend on the lanes.
  const Owned<float> derivatives({n, 400}, [](int64_t i) { return i < 1200 ? number(i, 2, 1.0) : 0; });
  Owned<float> gradients({2, 2572}, [](int64_t) { return 0; });
  succeeds(call(backward, derivatives, parameters, kept, gradients));
  compare("c1 to s4 gradients", 1e-4,
          [&](int64_t i) { return gradients.data[i * 11] + gradients.data[2572 + i * 11]; });
  is_refused(call(forward, pixels, parameters, states, kept, whole(0)));
  is_refused(call(backward, states, parameters, pixels, gradients));
}
#endif

#ifdef PARALLEL
extern "C" const char* batch_gradients(const Array*, int64_t);
extern "C" const char* batch_outputs(const Array*, int64_t);
extern "C" const char* adam_step(const Array*, int64_t);
extern "C" const char* momentum_step(const Array*, int64_t);

static void run() {
  const int64_t n = 7, batch = 6;
  const Owned<float> greys({L, 256}, [](int64_t i) { return i % 256 / 255.0 * 1.275 - 0.1; });
  const Owned<int32_t> order({L, batch}, [=](int64_t i) { return place(i % batch, i / batch % 3, n); });
  Array none = {};
  for (int kind = 0; kind < 2; kind++) {
    const std::string name = kind ? "relu max" : "tanh subsampling";
    const int64_t size = golden.at(name + " size")[0];
    Owned<float> parameters = columns(size, 0.1, 0);
    Owned<float> gradients = columns(size, 0, 0);
    Owned<double> losses({L}, [](int64_t) { return 0.0; });
    Owned<int64_t> wrong({L}, [](int64_t) { return 0; });
    succeeds(call(batch_gradients, table(), whole(10), whole(kind), whole(2 * kind), images(n, 28),
                  labels(n), greys, lane_values(-0.1), order, none, lane_values(0.1), parameters,
                  gradients, losses, wrong));
    compare(name + " losses", 1e-4, [&](int64_t i) { return losses.data[i]; });
    compare(name + " gradients", 1e-3, [&](int64_t i) { return gradients.data[i / 3 * 97 * L + i % 3]; });
    Owned<float> out({n, 10, L}, [](int64_t) { return 0; });
    succeeds(call(batch_outputs, table(), whole(10), whole(kind), whole(2 * kind), images(n, 28),
                  greys, lane_values(-0.1), parameters, out));
    compare(name + " outputs", 1e-4, [&](int64_t i) { return out.data[i / 3 * L + i % 3]; });
    is_refused(call(batch_outputs, table(), whole(10), whole(kind), whole(3), images(n, 28), greys,
                    lane_values(-0.1), parameters, out));
  }
  Owned<float> w = columns(50, 0.1, 0), m = columns(50, 0, 0), s = columns(50, 0, 0);
  const Owned<float> g = columns(50, 1.0, 7);
  for (int step = 1; step <= 3; step++)
    succeeds(call(adam_step, w, g, m, s, lane_values(0.01), lane_values(0.1), whole(step)));
  compare("adam", 1e-5, [&](int64_t i) { return w.data[i / 3 * L + i % 3]; });
  w = columns(50, 0.1, 0), m = columns(50, 0, 0);
  for (int step = 1; step <= 3; step++)
    succeeds(call(momentum_step, w, g, m, lane_values(0.01), lane_values(0.1)));
  compare("momentum", 1e-5, [&](int64_t i) { return w.data[i / 3 * L + i % 3]; });
}
#endif

int main(int count, char** words) {
  std::ifstream file(count > 1 ? words[1] : "golden.txt");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream numbers(line.substr(colon + 1));
    for (double value; numbers >> value;) golden[line.substr(0, colon)].push_back(value);
  }
  if (golden.empty()) return std::printf("no golden.txt\n"), 2;
  L = lanes();
  std::printf("%d lanes\n", (int)L);
  run();
  if (!failures) std::printf("1 passed, 0 failed\n");
  return failures != 0;
}
