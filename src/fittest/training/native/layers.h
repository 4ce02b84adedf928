// Elementwise parts of the network, on a block of padded rows.

#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "examples.h"
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

template <class T>
inline void copy_row(T* to, const T* from, int64_t columns) {
  for_row<T>(columns, [=](auto v, int64_t i) {
    using V = decltype(v);
    store<V>(to + i, load<V>(from + i));
  });
}

// Calls visit(V{}, offset, std::integral_constant<int, N>{}) for N vectors at a time, 4 where there
// are as many: sums over rows stay in registers, and lines of the cache are read whole.
template <class T, class Visit>
inline void for_row_by_four(int64_t columns, Visit visit) {
  constexpr int64_t wide = 4 * kLanes<T>;
  int64_t i = 0;
  for (; i + wide <= columns; i += wide) visit(Full<T>{}, i, std::integral_constant<int, 4>{});
  for_row<T>(columns - i, [&](auto v, int64_t j) {
    visit(v, i + j, std::integral_constant<int, 1>{});
  });
}

// to += the sum of rows.
template <class T>
inline void add_rows(T* to, const T* from, int64_t rows, int64_t columns, int64_t stride) {
  for_row_by_four<T>(columns, [=](auto v, int64_t i, auto count) {
    using V = decltype(v);
    constexpr int N = decltype(count)::value, n = sizeof(V) / sizeof(T);
    V sum[N];
    FITTEST_UNROLL
    for (int k = 0; k < N; ++k) sum[k] = load<V>(to + i + k * n);
    for (int64_t r = 0; r < rows; ++r) {
      FITTEST_UNROLL
      for (int k = 0; k < N; ++k) sum[k] += load<V>(from + r * stride + i + k * n);
    }
    FITTEST_UNROLL
    for (int k = 0; k < N; ++k) store<V>(to + i + k * n, sum[k]);
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

template <class T>
inline T largest_logit(const T* row, int64_t classes, int64_t stride, int64_t label) {
  using V = Full<T>;
  V top = last_logits(row, classes, stride, label);
  for (int64_t j = 0; j < stride - kLanes<T>; j += kLanes<T>)
    top = maximum(load<V>(row + j), top);
  return maximum_of(top);
}

// Writes exp(logit - largest) over the logits, 0 into the padding. largest: largest_logit().
// Leaving the right class out of the sum is what keeps small losses and their gradients exact:
// nothing is ever subtracted from a probability near one.
template <class T, bool kExact = false>
inline SoftmaxRow<T> exponentials(T* row, int64_t classes, int64_t stride, int64_t label,
                                  T largest) {
  using V = Full<T>;
  constexpr int n = kLanes<T>;
  const int64_t last = stride - n;
  SoftmaxRow<T> result;
  result.right_logit = row[label];
  result.largest = largest;
  const V end = last_logits(row, classes, stride, label);
  V sum{};
  for (int64_t j = 0; j < last; j += n) {
    const V e = exponential<V, kExact>(load<V>(row + j) - result.largest);
    store<V>(row + j, e);
    sum += lanes<V>() == lane_index<V>(label - j) ? V{} : e;
  }
  const V e =
      lanes<V>() < lane_index<V>(classes - last) ? exponential<V, kExact>(end - result.largest)
                                                 : V{};
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

// Turns the exponentials of a row into the gradient of scale * cross-entropy by its logits.
template <class T>
inline void scale_to_gradient(const SoftmaxRow<T>& e, T* row, int64_t stride, int64_t label,
                              T scale) {
  using V = Full<T>;
  const T factor = scale / (e.others + e.right);
  for (int64_t j = 0; j < stride; j += kLanes<T>) store<V>(row + j, load<V>(row + j) * factor);
  row[label] = -e.others * factor;
}

// Turns logits into the gradient of scale * cross-entropy; returns the cross-entropy with kLoss.
template <bool kLoss, class T, bool kExact = false>
inline double softmax_gradient(T* row, int64_t classes, int64_t stride, int64_t label, T scale) {
  const T largest = largest_logit(row, classes, stride, label);
  const SoftmaxRow<T> e = exponentials<T, kExact>(row, classes, stride, label, largest);
  scale_to_gradient(e, row, stride, label, scale);
  return kLoss ? loss_of(e) : 0.0;
}

// The same for many rows; with kLoss, adds each cross-entropy to `loss`. examples: one for each row,
// with its `label`.
template <bool kLoss, class T, class Example>
inline void softmax_gradients(T* logits, int64_t rows, int64_t classes, int64_t stride,
                              const Example* examples, T scale, double& loss) {
  // Some rows at a time: a row's reductions and its division take long, and wait for no other's.
  constexpr int64_t kTogether = 8;
  SoftmaxRow<T> e[kTogether];
  for (; rows > 0; rows -= kTogether, logits += kTogether * stride, examples += kTogether) {
    const int64_t count = std::min(rows, kTogether);
    for (int64_t r = 0; r < count; ++r)
      e[r].largest = largest_logit(logits + r * stride, classes, stride, examples[r].label);
    for (int64_t r = 0; r < count; ++r)
      e[r] = exponentials(logits + r * stride, classes, stride, examples[r].label, e[r].largest);
    for (int64_t r = 0; r < count; ++r) {
      scale_to_gradient(e[r], logits + r * stride, stride, examples[r].label, scale);
      if constexpr (kLoss) loss += loss_of(e[r]);
    }
  }
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
template <class T, bool kExact = false>
inline double cross_entropy(T* row, int64_t classes, int64_t stride, int64_t label,
                            bool& correct) {
  correct = is_first_maximum(row, classes, stride, label);
  const T largest = largest_logit(row, classes, stride, label);
  return loss_of(exponentials<T, kExact>(row, classes, stride, label, largest));
}

// Losses and right answers of the rows of logits that go through it.
template <class T, bool kExact = false>
class Tally {
 public:
  // Overwrites the row.
  void add(T* row, int64_t classes, int64_t stride, int64_t label) {
    bool correct = false;
    loss_ += cross_entropy<T, kExact>(row, classes, stride, label, correct);
    right_ += correct;
    ++count_;
  }

  Result means() const {
    if (count_ == 0) return {};
    const double n = static_cast<double>(count_);
    return {loss_ / n, static_cast<double>(right_) / n};
  }

 private:
  double loss_ = 0;
  int64_t right_ = 0, count_ = 0;
};

}  // namespace fittest
