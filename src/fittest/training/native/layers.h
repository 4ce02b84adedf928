// Elementwise parts of the network, on a block of padded rows.

#pragma once

#include <cmath>

#include "vector.h"

namespace fittest {

// SiLU of z and its derivative; both share one exponential.
template <class V>
inline void silu(V z, Lane<V>* value, Lane<V>* slope) {
  using T = Lane<V>;
  const V sigmoid = T(1) / (T(1) + exponential(-z));
  const V h = z * sigmoid;
  store<V>(value, h);
  store<V>(slope, h - h * sigmoid + sigmoid);
}

// NaN stays.
template <class V>
inline V relu(V z) {
  return maximum(V{}, z);
}

// Gradient of z where relu(z) and its gradient are known; that of a NaN stays, as in torch.
template <class V>
inline V relu_gradient(V value, V gradient) {
  return value <= V{} ? V{} : gradient;
}

template <class T>
inline void add_row(T* to, const T* from, int64_t columns) {
  for_row<T>(columns, [=](auto v, int64_t i) {
    using V = decltype(v);
    store<V>(to + i, load<V>(to + i) + load<V>(from + i));
  });
}

// Exponentials of the logits of one row relative to its largest, with the right class left out.
template <class T>
struct SoftmaxRow {
  T largest;      // of all logits
  T right_logit;  // of the right class
  T right;        // exp(right logit - largest)
  T others;       // sum over the other classes of exp(logit - largest)
};

// The last vector of a row of logits, its padding replaced by copies of the right one.
template <class T>
inline Full<T> last_logits(const T* row, int64_t classes, int64_t stride, int64_t label) {
  using V = Full<T>;
  const int64_t last = stride - kLanes<T>;
  return lanes<V>() < lane_index<V>(classes - last) ? load<V>(row + last) : splat<V>(row[label]);
}

// Writes exp(logit - largest) over the logits, 0 into the padding.
// Leaving the right class out of the sum is what keeps small losses and their gradients exact:
// nothing is ever subtracted from a probability near one.
template <class T>
inline SoftmaxRow<T> exponentials(T* row, int64_t classes, int64_t stride, int64_t label) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  const int64_t last = stride - n;
  SoftmaxRow<T> result;
  result.right_logit = row[label];
  const V end = last_logits(row, classes, stride, label);
  V top = end;
  for (int64_t j = 0; j < last; j += n) top = maximum(load<V>(row + j), top);
  result.largest = maximum_of(top);
  V sum{};
  for (int64_t j = 0; j < last; j += n) {
    const V e = exponential(load<V>(row + j) - result.largest);
    store<V>(row + j, e);
    sum += lanes<V>() == lane_index<V>(label - j) ? V{} : e;
  }
  const V e =
      lanes<V>() < lane_index<V>(classes - last) ? exponential(end - result.largest) : V{};
  store<V>(row + last, e);
  sum += lanes<V>() == lane_index<V>(label - last) ? V{} : e;
  result.right = row[label];
  result.others = sum_of(sum);
  return result;
}

// Cross-entropy of a row of which `e` is known.
template <class T>
inline double loss_of(const SoftmaxRow<T>& e) {
  const double margin = static_cast<double>(e.largest) - static_cast<double>(e.right_logit);
  const double others = static_cast<double>(e.others);
  if (margin > 0) return margin + std::log1p(others + std::expm1(-margin));
  return std::log1p(others) + (margin - margin);  // NaN if the right logit is
}

// Turns logits into the gradient of scale * cross-entropy; returns the cross-entropy with kLoss.
template <bool kLoss, class T>
inline double softmax_gradient(T* row, int64_t classes, int64_t stride, int64_t label, T scale) {
  using V = Full<T>;
  const SoftmaxRow<T> e = exponentials(row, classes, stride, label);
  const T factor = scale / (e.others + e.right);
  for (int64_t j = 0; j < stride; j += kLanes<T>) store<V>(row + j, load<V>(row + j) * factor);
  row[label] = -e.others * factor;
  return kLoss ? loss_of(e) : 0.0;
}

// Whether argmax, the first of equal maxima, is the label; NaN counts as the largest, as in torch.
template <class T>
inline bool is_first_maximum(const T* row, int64_t classes, int64_t stride, int64_t label) {
  using V = Full<T>;
  const T right = row[label];
  if (right != right) {
    for (int64_t j = 0; j < label; ++j)
      if (row[j] != row[j]) return false;
    return true;
  }
  Integers<V> beaten{};
  const auto compare = [&](V v, int64_t j) {
    // Negated, so that NaN beats every number.
    beaten |= ~(v <= right) | ((v == right) & (lanes<V>() < lane_index<V>(label - j)));
  };
  const int64_t last = stride - kLanes<T>;
  for (int64_t j = 0; j < last; j += kLanes<T>) compare(load<V>(row + j), j);
  compare(last_logits(row, classes, stride, label), last);
  return reduce(beaten, [](auto a, auto b) { return a | b; }) == 0;
}

// Cross-entropy of one row, which it overwrites; `correct`: whether argmax is the label.
template <class T>
inline double cross_entropy(T* row, int64_t classes, int64_t stride, int64_t label,
                            bool& correct) {
  correct = is_first_maximum(row, classes, stride, label);
  return loss_of(exponentials(row, classes, stride, label));
}

}  // namespace fittest
