// Elementwise parts of the network, on a block of padded rows.

#pragma once

#include <cmath>

#include "vector.h"

namespace fittest {

// values: pre-activations in, SiLU out; slope: the derivative. Both share one exponential.
template <class T>
inline void silu(T* values, T* slope, int64_t count) {
  using V = Full<T>;
  for (int64_t i = 0; i < count; i += kLanes<T>) {
    const V z = load<V>(values + i);
    const V sigmoid = T(1) / (T(1) + exponential(-z));
    const V h = z * sigmoid;
    store<V>(values + i, h);
    store<V>(slope + i, h - h * sigmoid + sigmoid);
  }
}

template <class T>
inline void add(T* to, const T* from, int64_t count) {
  using V = Full<T>;
  for (int64_t i = 0; i < count; i += kLanes<T>)
    store<V>(to + i, load<V>(to + i) + load<V>(from + i));
}

// Exponentials of the logits of one row relative to its largest, with the right class left out.
template <class T>
struct SoftmaxRow {
  T largest;      // of all logits
  T right_logit;  // of the right class
  T right;        // exp(right logit - largest)
  T others;       // sum over the other classes of exp(logit - largest)
};

// Replaces the row by exp(logit - largest), 0 at the right class and in the padding.
// Leaving the right class out of the sum is what keeps small losses and their gradients exact:
// nothing is ever subtracted from a probability near one.
template <class T>
inline SoftmaxRow<T> exponentials(T* row, int64_t classes, int64_t stride, int64_t label) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  const int64_t whole = classes / n * n;
  for (int64_t j = classes; j < stride; ++j) row[j] = row[0];
  V top = load<V>(row);
  for (int64_t j = n; j < stride; j += n) top = maximum(load<V>(row + j), top);
  SoftmaxRow<T> result;
  result.largest = maximum_of(top);
  result.right_logit = row[label];
  for (int64_t j = 0; j < stride; j += n)
    store<V>(row + j, exponential(load<V>(row + j) - result.largest));
  result.right = row[label];
  row[label] = 0;
  for (int64_t j = classes; j < stride; ++j) row[j] = 0;
  V sum{};
  for (int64_t j = 0; j < stride; j += n) sum += load<V>(row + j);
  (void)whole;
  result.others = sum_of(sum);
  return result;
}

// Turns logits into the gradient of scale * cross-entropy.
template <class T>
inline void softmax_gradient(T* row, int64_t classes, int64_t stride, int64_t label, T scale) {
  using V = Full<T>;
  const SoftmaxRow<T> e = exponentials(row, classes, stride, label);
  const T factor = scale / (e.others + e.right);
  row[label] = -e.others;
  for (int64_t j = 0; j < stride; j += kLanes<T>) store<V>(row + j, load<V>(row + j) * factor);
}

// Cross-entropy of one row; `correct`: whether argmax (first maximum on ties) is the label.
// Overwrites the row.
template <class T>
inline double cross_entropy(T* row, int64_t classes, int64_t stride, int64_t label,
                            bool& correct) {
  int64_t best = 0;
  for (int64_t j = 1; j < classes && row[best] == row[best]; ++j)
    if (row[j] > row[best] || row[j] != row[j]) best = j;
  correct = best == label;
  const SoftmaxRow<T> e = exponentials(row, classes, stride, label);
  const double margin = static_cast<double>(e.largest) - static_cast<double>(e.right_logit);
  const double others = static_cast<double>(e.others);
  if (margin > 0) return margin + std::log1p(others + std::expm1(-margin));
  return std::log1p(others) + (margin != margin ? margin : 0.0);
}

}  // namespace fittest
