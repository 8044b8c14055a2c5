// A vector of LANES numbers, as wide as the processor's registers: the vector types of GCC and Clang.

#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float V __attribute__((vector_size(4 * LANES)));
typedef int32_t VI __attribute__((vector_size(4 * LANES)));

static inline V all(float v) { return V{} + v; }
