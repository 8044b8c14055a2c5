// C1 to S4 of LeNet-5 as it is built today, for one network, on the threads of PyTorch.

#include <dlfcn.h>

#include <atomic>

#include "arguments.h"
#include "c1_to_s4.h"

// PyTorch's own OpenMP, or null: then one thread does all. Threads beside it would wait for
// processors that its team keeps while it spins, so it is looked up in the process and not linked.
typedef void (*Parallel)(void (*)(void*), void*, unsigned threads, unsigned flags);
static const Parallel parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));

// Runs work(part, first block, last) for `parts` equal parts of the blocks of LANES images. Which
// thread does which part does not matter to the result.
template <class Work>
static void share(int64_t count, int parts, Work work) {
  struct Job {
    Work& work;
    int64_t blocks, parts;
    std::atomic<int64_t> next;
  } job = {work, (count + LANES - 1) / LANES, parts, {0}};
  const auto run = [](void* it) {
    Job& job = *static_cast<Job*>(it);
    for (int64_t part; (part = job.next++) < job.parts;)
      job.work(part, job.blocks * part / job.parts, job.blocks * (part + 1) / job.parts);
  };
  if (parallel && parts > 1)
    parallel(run, &job, parts, 0);
  else
    run(&job);
}

static inline int filled(int64_t block, int64_t count) {
  return count - block * LANES < LANES ? count - block * LANES : LANES;
}

extern "C" {
int lanes() { return LANES; }
int64_t kept_bytes() { return sizeof(Kept); }
}

// S4's states of images, framed with zeros to 32x32. parameters: C1's weights and biases, then
// C3's. kept: one for each LANES images, for `backward`.
EXPORT(forward) {
  int64_t count = OPEN, size = OPEN;
  const float* images = a.array<float>("images", {&count, &size, &size});
  const float* parameters = a.array<float>("parameters", {PARAMETERS});
  float* states = a.array<float>("states", {count, STATES});
  const int64_t blocks = (count + LANES - 1) / LANES;
  Kept* kept = a.bytes_of<Kept>("kept", blocks);
  const int64_t parts = a.number("threads", 1, 1024);
  a.end();
  if (size < 2 || size > 32 || size % 2) a.refuse("images", "have a side that is not even, 2 to 32");
  share(count, parts, [=](int, int64_t first, int64_t end) {
    V x4[STATES];
    for (int64_t block = first; block < end; block++) {
      const int64_t at = block * LANES;
      const int here = filled(block, count);
      forward_block(images + at * size * size, here, size, parameters, kept[block], x4);
      to_rows(x4, here, states + at * STATES);
    }
  });
}

// The gradients of the parameters, a row for each part of the images, to be summed, from the
// derivatives of S4's states.
EXPORT(backward) {
  int64_t count = OPEN, parts = OPEN;
  const float* derivatives = a.array<float>("derivatives", {&count, STATES});
  const float* parameters = a.array<float>("parameters", {PARAMETERS});
  const Kept* kept = a.bytes_of<Kept>("kept", (count + LANES - 1) / LANES);
  float* gradients = a.array<float>("gradients", {&parts, PARAMETERS});
  a.end();
  share(count, parts, [=](int part, int64_t first, int64_t end) {
    static thread_local Derivatives d;
    static thread_local V g[PARAMETERS];
    std::memset(g, 0, sizeof g);
    for (int64_t block = first; block < end; block++) {
      from_rows(derivatives + block * LANES * STATES, filled(block, count), d.d4);
      backward_block(kept[block], parameters, d, g);
    }
    for (int i = 0; i < PARAMETERS; i++) gradients[part * PARAMETERS + i] = across(g[i]);
  });
}
