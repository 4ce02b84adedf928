// Matrix products as register tiles: C = init + A B, where B is stored row by row (k-major).
//
// A is read one scalar at a time through two strides, so the same code multiplies by A (row
// stride = leading dimension) and by its transpose (row stride 1) without copying either.

#pragma once

#include "vector.h"

namespace fittest {

// Shapes of a tile. The accumulators of R rows x V vectors, one vector of B and one scalar of A
// must fit the registers; measured on Zen 4, narrow and tall beats wide and flat (the panel of B
// then stays in L1).
#if FITTEST_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr int kMaxPanel = 4;
constexpr int rows_of_tile(int vectors) {
  return vectors >= 4 ? 6 : vectors == 3 ? 8 : 12;
}
#else
constexpr int kMaxPanel = 3;
constexpr int rows_of_tile(int vectors) {
  return vectors >= 3 ? 4 : vectors == 2 ? 6 : 12;
}
#endif

// Every matrix has its row count rounded up to this, so that no tile has fewer rows.
constexpr int kRowMultiple = 2;

template <class T>
struct MatmulArguments {
  int64_t depth;  // k
  const T* a;
  int64_t a_row, a_depth;  // strides of A
  const T* b;
  int64_t b_stride;
  const T* init;  // added to the product; a stride of 0 adds one row (a bias) to all
  int64_t init_stride;
  T* c;
  int64_t c_stride;
  const T* scale;  // if not null: result is multiplied elementwise; strides as c
};

// One tile: R rows, V full vectors and, with H, half a vector more.
template <class T, int R, int V, bool H>
__attribute__((noinline)) void tile(const MatmulArguments<T>& m, int64_t row, int64_t column) {
  using F = Full<T>;
  using L = Half<T>;
  constexpr int n = kLanes<T>;
  const int64_t a_row = m.a_row, a_depth = m.a_depth, b_stride = m.b_stride, depth = m.depth;
  const T* init = m.init + row * m.init_stride + column;
  F sum[R][V > 0 ? V : 1];
  L tail[R];
  FITTEST_UNROLL
  for (int r = 0; r < R; ++r) {
    FITTEST_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] = load<F>(init + r * m.init_stride + v * n);
    if (H) tail[r] = load<L>(init + r * m.init_stride + V * n);
  }
  const T* a = m.a + row * a_row;
  const T* b = m.b + column;
  for (int64_t k = 0; k < depth; ++k, a += a_depth, b += b_stride) {
    F bv[V > 0 ? V : 1];
    L bh{};
    FITTEST_UNROLL
    for (int v = 0; v < V; ++v) bv[v] = load<F>(b + v * n);
    if (H) bh = load<L>(b + V * n);
    FITTEST_UNROLL
    for (int r = 0; r < R; ++r) {
      FITTEST_UNROLL
      for (int v = 0; v < V; ++v) sum[r][v] += a[r * a_row] * bv[v];
      if (H) tail[r] += a[r * a_row] * bh;
    }
  }
  T* c = m.c + row * m.c_stride + column;
  if (m.scale) {
    const T* scale = m.scale + row * m.c_stride + column;
    FITTEST_UNROLL
    for (int r = 0; r < R; ++r) {
      FITTEST_UNROLL
      for (int v = 0; v < V; ++v) sum[r][v] *= load<F>(scale + r * m.c_stride + v * n);
      if (H) tail[r] *= load<L>(scale + r * m.c_stride + V * n);
    }
  }
  FITTEST_UNROLL
  for (int r = 0; r < R; ++r) {
    FITTEST_UNROLL
    for (int v = 0; v < V; ++v) store<F>(c + r * m.c_stride + v * n, sum[r][v]);
    if (H) store<L>(c + r * m.c_stride + V * n, tail[r]);
  }
}

template <class T, int V, bool H>
void panel(const MatmulArguments<T>& m, int64_t rows, int64_t column) {
  constexpr int tall = rows_of_tile(V + H);
  int64_t row = 0;
  for (; row + tall <= rows; row += tall) tile<T, tall, V, H>(m, row, column);
  if (tall > 8 && row + 8 <= rows) tile<T, 8, V, H>(m, row, column), row += 8;
  if (tall > 6 && row + 6 <= rows) tile<T, 6, V, H>(m, row, column), row += 6;
  if (tall > 4 && row + 4 <= rows) tile<T, 4, V, H>(m, row, column), row += 4;
  if (row < rows) tile<T, 2, V, H>(m, row, column);
}

template <class T, bool H>
void panel_of(int vectors, const MatmulArguments<T>& m, int64_t rows, int64_t column) {
  switch (vectors) {
    case 0: return H ? panel<T, 0, H>(m, rows, column) : void();
    case 1: return panel<T, 1, H>(m, rows, column);
    case 2: return panel<T, 2, H>(m, rows, column);
    case 3: return panel<T, 3, H>(m, rows, column);
    default:
      if constexpr (kMaxPanel >= 4 && !H) panel<T, 4, H>(m, rows, column);
  }
}

// C (rows x columns), rows and columns rounded up to what tiles cover.
template <class T>
void matmul(int64_t rows, int64_t columns, const MatmulArguments<T>& m) {
  rows = (rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
  const int64_t halves = (columns + kHalfLanes<T> - 1) / kHalfLanes<T>;
  const int64_t vectors = kHalves ? halves / 2 : halves;
  const bool half = kHalves && halves % 2 != 0;
  const int64_t panels = (vectors + half + kMaxPanel - 1) / kMaxPanel;
  int64_t column = 0;
  for (int64_t i = 0; i < panels; ++i) {
    const int wide = static_cast<int>(vectors / panels + (i < vectors % panels));
    if constexpr (kHalves) {
      if (half && i == panels - 1) {
        panel_of<T, true>(wide, m, rows, column);
        continue;
      }
    }
    panel_of<T, false>(wide, m, rows, column);
    column += wide * kLanes<T>;
  }
}

}  // namespace fittest
