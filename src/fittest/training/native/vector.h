// SIMD vectors of float or double through the vector extensions that GCC and Clang share.
//
// The same source serves every instruction set: the width follows from what the compiler targets.

#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512VL__)
#define FITTEST_VECTOR_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define FITTEST_VECTOR_BYTES 32
#else
#define FITTEST_VECTOR_BYTES 16
#endif

#if defined(__clang__)
#define FITTEST_UNROLL _Pragma("clang loop unroll(full)")
#else
#define FITTEST_UNROLL _Pragma("GCC unroll 32")
#endif

// Shuffles that Clang and recent GCC share.
#if defined(__clang__) || __GNUC__ >= 12
#define FITTEST_SHUFFLES 1
#else
#define FITTEST_SHUFFLES 0
#endif

// One fused instruction keeps more digits than two; without it exp reduces its argument otherwise.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__aarch64__)
#define FITTEST_FUSED 1
#else
#define FITTEST_FUSED 0
#endif

namespace fittest {

constexpr int kVectorBytes = FITTEST_VECTOR_BYTES;

// A half-width vector covers the tail of a row; it pays where vectors are long.
constexpr bool kHalves = kVectorBytes == 64;
constexpr int kHalfBytes = kHalves ? kVectorBytes / 2 : kVectorBytes;

template <class T, int Bytes>
struct VectorOf;

#define FITTEST_VECTOR(T, I, BYTES)                                   \
  template <>                                                         \
  struct VectorOf<T, BYTES> {                                         \
    typedef T type __attribute__((vector_size(BYTES)));               \
    typedef I integer __attribute__((vector_size(BYTES)));            \
  };
FITTEST_VECTOR(float, int32_t, 16)
FITTEST_VECTOR(double, int64_t, 16)
FITTEST_VECTOR(float, int32_t, 32)
FITTEST_VECTOR(double, int64_t, 32)
FITTEST_VECTOR(float, int32_t, 64)
FITTEST_VECTOR(double, int64_t, 64)
#undef FITTEST_VECTOR

template <class T>
using Full = typename VectorOf<T, kVectorBytes>::type;
template <class T>
using Half = typename VectorOf<T, kHalfBytes>::type;

template <class V>
using Lane = std::remove_cv_t<std::remove_reference_t<decltype(V{}[0])>>;
template <class V>
using Integers = typename VectorOf<Lane<V>, sizeof(V)>::integer;

template <class T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
template <class T>
constexpr int kHalfLanes = kHalfBytes / static_cast<int>(sizeof(T));

template <class V>
inline V load(const Lane<V>* from) {
  V v;
  std::memcpy(&v, from, sizeof(V));
  return v;
}

template <class V>
inline void store(Lane<V>* to, V v) {
  std::memcpy(to, &v, sizeof(V));
}

template <class V>
inline V splat(Lane<V> x) {
  return x - V{};
}

// The larger of each pair of lanes; b where either is NaN.
template <class V>
inline V maximum(V a, V b) {
  return a > b ? a : b;
}

template <class V>
inline V minimum(V a, V b) {
  return a < b ? a : b;
}

// Compilers do not make one instruction of the comparisons above: they cannot promise what it
// does to NaN, which is exactly what is wanted here. (The forms with a full mask avoid a false
// warning of GCC 12 about the plain ones.)
#if FITTEST_VECTOR_BYTES == 64
template <>
inline Full<float> maximum(Full<float> a, Full<float> b) {
  return (Full<float>)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
}
template <>
inline Full<float> minimum(Full<float> a, Full<float> b) {
  return (Full<float>)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
}
#endif
#if FITTEST_VECTOR_BYTES >= 32
using EightFloats = VectorOf<float, 32>::type;
template <>
inline EightFloats maximum(EightFloats a, EightFloats b) {
  return (EightFloats)_mm256_max_ps((__m256)a, (__m256)b);
}
template <>
inline EightFloats minimum(EightFloats a, EightFloats b) {
  return (EightFloats)_mm256_min_ps((__m256)a, (__m256)b);
}
#endif

template <class V>
inline V square_root(V x) {
  constexpr int n = sizeof(V) / sizeof(Lane<V>);
  for (int i = 0; i < n; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
}

// 0, 1, 2, ...
template <class V>
inline Integers<V> lanes() {
  constexpr int n = sizeof(V) / sizeof(Lane<V>);
  Integers<V> result;
  FITTEST_UNROLL
  for (int i = 0; i < n; ++i) result[i] = i;
  return result;
}

// An index as the lanes of lanes<V>() hold it, for comparisons.
template <class V>
inline Lane<Integers<V>> lane_index(int64_t i) {
  return static_cast<Lane<Integers<V>>>(i);
}

// Lane i of the result is lane i ^ Distance of v.
template <int Distance, class V>
inline V swapped(V v) {
#if FITTEST_SHUFFLES
  if constexpr (sizeof(V) / sizeof(Lane<V>) == 16)
    return __builtin_shufflevector(v, v, 0 ^ Distance, 1 ^ Distance, 2 ^ Distance, 3 ^ Distance,
                                   4 ^ Distance, 5 ^ Distance, 6 ^ Distance, 7 ^ Distance,
                                   8 ^ Distance, 9 ^ Distance, 10 ^ Distance, 11 ^ Distance,
                                   12 ^ Distance, 13 ^ Distance, 14 ^ Distance, 15 ^ Distance);
  else if constexpr (sizeof(V) / sizeof(Lane<V>) == 8)
    return __builtin_shufflevector(v, v, 0 ^ Distance, 1 ^ Distance, 2 ^ Distance, 3 ^ Distance,
                                   4 ^ Distance, 5 ^ Distance, 6 ^ Distance, 7 ^ Distance);
  else if constexpr (sizeof(V) / sizeof(Lane<V>) == 4)
    return __builtin_shufflevector(v, v, 0 ^ Distance, 1 ^ Distance, 2 ^ Distance, 3 ^ Distance);
  else
    return __builtin_shufflevector(v, v, 0 ^ Distance, 1 ^ Distance);
#else
  return __builtin_shuffle(v, lanes<V>() ^ Distance);
#endif
}

template <class V, class Combine>
inline Lane<V> reduce(V v, Combine combine) {
  constexpr int n = sizeof(V) / sizeof(Lane<V>);
  if constexpr (n >= 16) v = combine(v, swapped<8>(v));
  if constexpr (n >= 8) v = combine(v, swapped<4>(v));
  if constexpr (n >= 4) v = combine(v, swapped<2>(v));
  return combine(v, swapped<1>(v))[0];
}

template <class V>
inline Lane<V> sum_of(V v) {
  return reduce(v, [](V a, V b) { return a + b; });
}

template <class V>
inline Lane<V> maximum_of(V v) {
  return reduce(v, [](V a, V b) { return maximum(a, b); });
}

template <class T>
struct ExpConstants;

// shift: adding it leaves the nearest integer in the low bits of the mantissa.
// power: 2^f on [-1/2, 1/2], interpolated at Chebyshev points (relative error 3e-9 and 4e-18).
template <>
struct ExpConstants<float> {
  static constexpr float lowest = -87.0f, highest = 88.0f;
  static constexpr float shift = 12582912.0f, log2e = 1.44269504088896341f;
  static constexpr float log2e_low = 1.92596299e-8f;  // what log2e leaves out
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr int mantissa = 23, degree = 6;
  static constexpr float power[degree + 1] = {
      1.0f,           0.69314720670283259577f,  0.24022650922288758071f,   0.055503272266703020589f,
      0.0096180566785246380754f, 0.001340042817761583794f, 0.00015461444698569129083f};
};

template <>
struct ExpConstants<double> {
  static constexpr double lowest = -708.0, highest = 709.0;
  static constexpr double shift = 6755399441055744.0, log2e = 1.44269504088896340736;
  static constexpr double log2e_low = 2.03552737409310331e-17;
  static constexpr double ln2_high = 0.693147180369123816490, ln2_low = 1.90821492927058770002e-10;
  static constexpr int mantissa = 52, degree = 11;
  static constexpr double power[degree + 1] = {
      1.0,
      0.69314718055994530925,
      0.24022650695910159567,
      0.055504108664821627039,
      0.0096181291076872566681,
      0.0013333558146406470697,
      0.00015403530463724354209,
      0.000015252733841556772589,
      1.3215432535912376166e-6,
      1.0178057087733941105e-7,
      7.0741942972885210056e-9,
      4.455817908336064493e-10};
};

// Calls visit(V{}, offset) for the vectors that cover a row of `columns` numbers: full ones, then
// a half one where that is enough. Products cover their columns in the same way, so the rest of
// the padding is never written and stays zero.
template <class T, class Visit>
inline void for_row(int64_t columns, Visit visit) {
  const int64_t tail = columns % kLanes<T>;
  const int64_t full = kHalves && tail > 0 && tail <= kHalfLanes<T> ? columns - tail : columns;
  int64_t i = 0;
  for (; i < full; i += kLanes<T>) visit(Full<T>{}, i);
  if (i < columns) visit(Half<T>{}, i);
}

// exp(x) to about one unit in the last place; arguments are clamped to the finite range, NaN stays.
// Without kExact, log2e costs 1.3e-8 |x| more, in one direction, where instructions are fused.
template <class V, bool kExact = false>
inline V exponential(V x) {
  using T = Lane<V>;
  using K = ExpConstants<T>;
  x = minimum(splat<V>(K::highest), maximum(splat<V>(K::lowest), x));
  const V shifted = x * K::log2e + K::shift;
  const V n = shifted - K::shift;
#if FITTEST_FUSED
  V f = x * K::log2e - n;
  if constexpr (kExact) f += x * K::log2e_low;
#else
  const V f = ((x - n * K::ln2_high) - n * K::ln2_low) * K::log2e;
#endif
  V power = splat<V>(K::power[K::degree]);
  FITTEST_UNROLL
  for (int i = K::degree - 1; i >= 0; --i) power = power * f + K::power[i];
  Integers<V> bits, exponent;
  std::memcpy(&bits, &power, sizeof(V));
  std::memcpy(&exponent, &shifted, sizeof(V));
  bits += exponent << K::mantissa;
  std::memcpy(&power, &bits, sizeof(V));
  return power;
}

}  // namespace fittest
