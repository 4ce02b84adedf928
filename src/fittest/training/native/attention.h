// Weights of attention of the last position, from scores that are sums of table entries.
//
// Heads lie side by side in a vector: one exponential serves them all.

#pragma once

#include "vector.h"

namespace fittest {

// weights[j] = softmax over positions j of scores[tokens[j]] + scores[position_row + j].
//
// scores: a row for each token and, from position_row on, each position; rows of `stride` heads.
// weights: (length, stride).
template <class T>
inline void attend(const T* scores, int64_t stride, const int32_t* tokens, int64_t length,
                   int64_t position_row, T* weights) {
  using V = Full<T>;
  for (int64_t h = 0; h < stride; h += kLanes<T>) {
    V top{};
    for (int64_t j = 0; j < length; ++j) {
      const V score = load<V>(scores + tokens[j] * stride + h) +
                      load<V>(scores + (position_row + j) * stride + h);
      store<V>(weights + j * stride + h, score);
      top = j == 0 ? score : maximum(top, score);
    }
    V sum{};
    for (int64_t j = 0; j < length; ++j) {
      T* weight = weights + j * stride + h;
      const V e = exponential(load<V>(weight) - top);
      store<V>(weight, e);
      sum += e;
    }
    const V inverse = T(1) / sum;
    for (int64_t j = 0; j < length; ++j) {
      T* weight = weights + j * stride + h;
      store<V>(weight, load<V>(weight) * inverse);
    }
  }
}

// Adds the gradients of the scores to `sums`, which lie as the scores do. gradients: of the first
// `operands` weights; the others have none.
template <class T>
inline void attend_gradient(const T* weights, const T* gradients, int64_t operands,
                            int64_t stride, const int32_t* tokens, int64_t length,
                            int64_t position_row, T* sums) {
  using V = Full<T>;
  for (int64_t h = 0; h < stride; h += kLanes<T>) {
    V mean{};
    for (int64_t j = 0; j < operands; ++j)
      mean += load<V>(weights + j * stride + h) * load<V>(gradients + j * stride + h);
    for (int64_t j = 0; j < length; ++j) {
      const V own = j < operands ? load<V>(gradients + j * stride + h) : V{};
      const V gradient = load<V>(weights + j * stride + h) * (own - mean);
      for (T* to : {sums + tokens[j] * stride + h, sums + (position_row + j) * stride + h})
        store<V>(to, load<V>(to) + gradient);
    }
  }
}

}  // namespace fittest
