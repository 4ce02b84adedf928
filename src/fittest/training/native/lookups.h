// Rows of tables added to the rows of a block, and their gradients added up again.
//
// The rows of a block that look up the same token are a group: its row of each table is read and
// its gradient is written once for all of them, and stays in registers meanwhile.

#pragma once

#include <algorithm>

#include "vector.h"

namespace fittest {

// Rows of a block, by their numbers.
struct Group {
  const int32_t* rows;
  int64_t count;
};

// Numbers on rows a fixed distance apart.
template <class T>
struct Strided {
  T* data;
  int64_t stride;

  T* row(int64_t r) const { return data + r * stride; }
};

// Calls visit(vectors, offset) for pieces of a row, vectors a compile-time constant of 2 or 1.
template <class T, class Visit>
inline void for_pairs(int64_t width, Visit visit) {
  constexpr int n = kLanes<T>;
  int64_t i = 0;
  for (; i + n < width; i += 2 * n) visit(std::integral_constant<int, 2>{}, i);
  if (i < width) visit(std::integral_constant<int, 1>{}, i);
}

// block[r] = start[r] + sum over H tables of weights[r][h] (table_h + offset_h), for a group's
// rows; start may be the block itself. table, offset: one row of H tables, `stride` numbers apart.
// With kRectified, the first `neurons` numbers go through the ReLU.
template <class T, int H, class Start>
inline void add_rows(const Group& group, Strided<T> block, Start start, const T* table,
                     const T* offset, int64_t stride, Strided<const T> weights, int64_t width,
                     int64_t rectified) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  for_pairs<T>(width, [&](auto vectors, int64_t i) {
    constexpr int K = decltype(vectors)::value;
    V values[H][K];
    FITTEST_UNROLL
    for (int h = 0; h < H; ++h)
      FITTEST_UNROLL
      for (int k = 0; k < K; ++k)
        values[h][k] =
            load<V>(table + h * stride + i + k * n) + load<V>(offset + h * stride + i + k * n);
    for (int64_t g = 0; g < group.count; ++g) {
      const int64_t r = group.rows[g];
      const T* from = start(r) + i;
      const T* weight = weights.row(r);
      V sum[K];
      FITTEST_UNROLL
      for (int k = 0; k < K; ++k) sum[k] = load<V>(from + k * n);
      FITTEST_UNROLL
      for (int h = 0; h < H; ++h)
        FITTEST_UNROLL
        for (int k = 0; k < K; ++k) sum[k] += weight[h] * values[h][k];
      T* to = block.row(r) + i;
      FITTEST_UNROLL
      for (int k = 0; k < K; ++k)
        store<V>(to + k * n, i + k * n < rectified ? maximum(V{}, sum[k]) : sum[k]);
    }
  });
}

// As add_rows for one table, whose weights are 1.
template <class T, class Start>
inline void add_row(const Group& group, Strided<T> block, Start start, const T* table,
                    int64_t width, int64_t rectified) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  for (int64_t i = 0; i < width; i += n) {
    const V value = load<V>(table + i);
    for (int64_t g = 0; g < group.count; ++g) {
      const int64_t r = group.rows[g];
      const V sum = load<V>(start(r) + i) + value;
      store<V>(block.row(r) + i, i < rectified ? maximum(V{}, sum) : sum);
    }
  }
}

// table_h += sum over a group's rows of weights[r][h] block[r], and the same to offset_h.
template <class T, int H>
inline void scatter_rows(const Group& group, Strided<const T> block, Strided<const T> weights,
                         T* table, T* offset, int64_t stride, int64_t width) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  for_pairs<T>(width, [&](auto vectors, int64_t i) {
    constexpr int K = decltype(vectors)::value;
    V sums[H][K] = {};
    for (int64_t g = 0; g < group.count; ++g) {
      const int64_t r = group.rows[g];
      const T* from = block.row(r) + i;
      const T* weight = weights.row(r);
      V value[K];
      FITTEST_UNROLL
      for (int k = 0; k < K; ++k) value[k] = load<V>(from + k * n);
      FITTEST_UNROLL
      for (int h = 0; h < H; ++h)
        FITTEST_UNROLL
        for (int k = 0; k < K; ++k) sums[h][k] += weight[h] * value[k];
    }
    FITTEST_UNROLL
    for (int h = 0; h < H; ++h)
      FITTEST_UNROLL
      for (int k = 0; k < K; ++k)
        for (T* to : {table + h * stride + i + k * n, offset + h * stride + i + k * n})
          store<V>(to, load<V>(to) + sums[h][k]);
  });
}

// sum += the rows of a group.
template <class T>
inline void scatter_row(const Group& group, Strided<const T> block, T* sum, int64_t width) {
  using V = Full<T>;
  for_pairs<T>(width, [&](auto vectors, int64_t i) {
    constexpr int K = decltype(vectors)::value;
    V sums[K];
    FITTEST_UNROLL
    for (int k = 0; k < K; ++k) sums[k] = load<V>(sum + i + k * kLanes<T>);
    for (int64_t g = 0; g < group.count; ++g)
      FITTEST_UNROLL
      for (int k = 0; k < K; ++k)
        sums[k] += load<V>(block.row(group.rows[g]) + i + k * kLanes<T>);
    FITTEST_UNROLL
    for (int k = 0; k < K; ++k) store<V>(sum + i + k * kLanes<T>, sums[k]);
  });
}

// out[r][h] = <block[r], table_h + offset_h> for R rows.
template <class T, int H, int R>
inline void dot_rows(const int32_t* rows, Strided<const T> block, const T* values, int64_t stride,
                     Strided<T> out, int64_t width) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  V sums[R][H] = {};
  const T* from[R];
  FITTEST_UNROLL
  for (int r = 0; r < R; ++r) from[r] = block.row(rows[r]);
  for (int64_t i = 0; i < width; i += n) {
    V value[R];
    FITTEST_UNROLL
    for (int r = 0; r < R; ++r) value[r] = load<V>(from[r] + i);
    FITTEST_UNROLL
    for (int h = 0; h < H; ++h) {
      const V other = load<V>(values + h * stride + i);
      FITTEST_UNROLL
      for (int r = 0; r < R; ++r) sums[r][h] += value[r] * other;
    }
  }
  FITTEST_UNROLL
  for (int r = 0; r < R; ++r)
    FITTEST_UNROLL
    for (int h = 0; h < H; ++h) out.row(rows[r])[h] = sum_of(sums[r][h]);
}

// As dot_rows for all rows of a group. scratch: H rows.
template <class T, int H>
inline void dot_group(const Group& group, Strided<const T> block, const T* table, const T* offset,
                      int64_t stride, Strided<T> out, int64_t width, T* scratch) {
  using V = Full<T>;
  for (int h = 0; h < H; ++h)
    for (int64_t i = h * stride; i < h * stride + width; i += kLanes<T>)
      store<V>(scratch + i, load<V>(table + i) + load<V>(offset + i));
  int64_t g = 0;
  for (; g + 2 <= group.count; g += 2)
    dot_rows<T, H, 2>(group.rows + g, block, scratch, stride, out, width);
  if (g < group.count) dot_rows<T, H, 1>(group.rows + g, block, scratch, stride, out, width);
}

// Calls visit(H, first) for some tables at a time, H a compile-time constant.
template <class Visit>
inline void for_tables(int64_t tables, Visit visit) {
  int64_t h = 0;
  for (; h + 4 <= tables; h += 4) visit(std::integral_constant<int, 4>{}, h);
  switch (tables - h) {
    case 3: return visit(std::integral_constant<int, 3>{}, h);
    case 2: return visit(std::integral_constant<int, 2>{}, h);
    case 1: return visit(std::integral_constant<int, 1>{}, h);
  }
}

}  // namespace fittest
