// Transposition of padded matrices.

#pragma once

#include "vector.h"

namespace fittest {

// Four rows of four floats, in registers.
inline void transpose_block(const float* from, int64_t stride, float* to, int64_t to_stride) {
#if FITTEST_SHUFFLES
  using V = VectorOf<float, 16>::type;
  const V a = load<V>(from), b = load<V>(from + stride);
  const V c = load<V>(from + 2 * stride), d = load<V>(from + 3 * stride);
  const V ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const V ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const V cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const V cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store<V>(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store<V>(to + to_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store<V>(to + 2 * to_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store<V>(to + 3 * to_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
#else
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) to[c * to_stride + r] = from[r * stride + c];
#endif
}

inline void transpose_block(const double* from, int64_t stride, double* to, int64_t to_stride) {
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) to[c * to_stride + r] = from[r * stride + c];
}

template <class T>
inline void transpose(const T* from, int64_t rows, int64_t columns, int64_t stride, T* to,
                      int64_t to_stride) {
  const int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  // Down the columns of `from` inside: stores then run along the rows of `to`.
  for (int64_t c = 0; c < whole_columns; c += 4)
    for (int64_t r = 0; r < whole_rows; r += 4)
      transpose_block(from + r * stride + c, stride, to + c * to_stride + r, to_stride);
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r)
      to[c * to_stride + r] = from[r * stride + c];
}

}  // namespace fittest
