// How a kernel is called: one array for each parameter of a function, checked before it is used.
//
// Every exported function has the same C signature and states its parameters once, by reading
// them. What does not fit comes back as a sentence, so that no argument makes a function read or
// write where it must not. Called from calls.py through ctypes.

#pragma once

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "vectors.h"

struct Array {
  void* data;       // null where an optional one is absent
  int64_t type;     // a place in TYPES
  int64_t rank;
  int64_t size[4];
};

static const char* const TYPES[] = {"uint8", "int32", "int64", "float32", "float64"};

template <class T> struct TypeOf;
template <> struct TypeOf<uint8_t> { static constexpr int code = 0; };
template <> struct TypeOf<int32_t> { static constexpr int code = 1; };
template <> struct TypeOf<int64_t> { static constexpr int code = 2; };
template <> struct TypeOf<float> { static constexpr int code = 3; };
template <> struct TypeOf<double> { static constexpr int code = 4; };
template <> struct TypeOf<V> { static constexpr int code = 3; };

// A size that an array must have: a number, or one that the first array to have it decides.
struct Size {
  int64_t number;
  int64_t* decided = nullptr;
  Size(int64_t n) : number(n) {}
  Size(int n) : number(n) {}
  Size(int64_t* n) : number(-1), decided(n) {}
};

static constexpr int64_t OPEN = -1;  // what a size holds before it is decided

class Arguments {
 public:
  Arguments(const Array* arrays, int64_t count) : arrays_(arrays), count_(count) {}

  // The next array, of that type and shape. Of vectors (T = V) the last size, LANES, is implied.
  template <class T>
  T* array(const char* name, std::initializer_list<Size> shape, bool optional = false) {
    const Array& a = next(name);
    if (!a.data && optional) return nullptr;
    constexpr bool vectors = TypeOf<T>::code == 3 && sizeof(T) == sizeof(V);
    const int64_t rank = (int64_t)shape.size() + vectors;
    bool fits = a.data && a.type == TypeOf<T>::code && a.rank == rank;
    int64_t i = 0;
    for (auto s = shape.begin(); fits && s != shape.end(); s++, i++) {
      if (s->decided && *s->decided == OPEN) *s->decided = a.size[i];
      fits = a.size[i] == (s->decided ? *s->decided : s->number);
    }
    if (fits && vectors) fits = a.size[i] == LANES;
    if (!fits) refuse(name, "is " + told(a) + "; expected " + wanted<T>(shape, vectors));
    require_aligned(name, a.data, alignof(T));
    return static_cast<T*>(a.data);
  }

  // The next array, uint8 (count, bytes of a T), aligned for T.
  template <class T>
  T* bytes_of(const char* name, int64_t count) {
    uint8_t* bytes = array<uint8_t>(name, {count, (int64_t)sizeof(T)});
    require_aligned(name, bytes, alignof(T));
    return reinterpret_cast<T*>(bytes);
  }

  // The next array, a single whole number from low to high.
  int64_t number(const char* name, int64_t low, int64_t high) {
    const int64_t n = *array<int64_t>(name, {});
    if (n < low || n > high) refuse(name, "is " + std::to_string(n) + "; expected " + span(low, high));
    return n;
  }

  // Whole numbers in an array that was read, from 0 to below `end`.
  template <class T>
  void below(const char* name, const T* values, int64_t count, int64_t end) {
    for (int64_t i = 0; i < count; i++)
      if (values[i] < 0 || values[i] >= end)
        refuse(name, "holds " + std::to_string(values[i]) + "; expected " + span(0, end - 1));
  }

  void end() {
    if (read_ != count_)
      throw std::invalid_argument("got " + std::to_string(count_) + " arguments; expected " +
                                  std::to_string(read_));
  }

  [[noreturn]] static void refuse(const char* name, const std::string& why) {
    throw std::invalid_argument(std::string(name) + " " + why);
  }

 private:
  static void require_aligned(const char* name, const void* data, int64_t bytes) {
    if ((uintptr_t)data % bytes)
      refuse(name, "does not begin at a multiple of " + std::to_string(bytes) + " bytes");
  }

  const Array& next(const char* name) {
    if (read_ == count_) refuse(name, "is missing");
    return arrays_[read_++];
  }

  static std::string span(int64_t low, int64_t high) {
    return std::to_string(low) + " to " + std::to_string(high);
  }

  static std::string told(const Array& a) {
    if (!a.data) return "absent or empty";
    std::string text = a.type >= 0 && a.type < 5 ? TYPES[a.type] : "of another type";
    text += " (";
    for (int64_t i = 0; i < a.rank && i < 4; i++) text += (i ? ", " : "") + std::to_string(a.size[i]);
    return text + ")";
  }

  template <class T>
  static std::string wanted(std::initializer_list<Size> shape, bool vectors) {
    std::string text = std::string(TYPES[TypeOf<T>::code]) + " (";
    for (auto s = shape.begin(); s != shape.end(); s++) {
      const int64_t n = s->decided ? *s->decided : s->number;
      text += (s == shape.begin() ? "" : ", ") + (n == OPEN ? "any" : std::to_string(n));
    }
    if (vectors) text += ", " + std::to_string(LANES);
    return text + ")";
  }

  const Array* arrays_;
  int64_t count_, read_ = 0;
};

// Runs a function on its arguments; returns null, or what was wrong, valid until the next call.
template <class Function>
static const char* checked(const Array* arrays, int64_t count, Function function) {
  static thread_local std::string message;
  try {
    Arguments arguments(arrays, count);
    function(arguments);
    return nullptr;
  } catch (const std::exception& error) {
    message = error.what();
    return message.c_str();
  }
}

#define EXPORT(name)                                                           \
  static void name##_(Arguments& a);                                           \
  extern "C" const char* name(const Array* arrays, int64_t count) {            \
    return checked(arrays, count, name##_);                                    \
  }                                                                            \
  static void name##_(Arguments& a)
