// Adam in one pass over the weights of a network.

#pragma once

#include <algorithm>
#include <cmath>

#include "arena.h"
#include "vector.h"

namespace fittest {

// decoupled: decay as in AdamW, else L2 in the loss. warmup: updates over which the learning rate
// rises linearly, from 0 at the first. l1: weight of the sum of absolute weights in the loss.
struct Hyperparameters {
  double lr, beta1, beta2, eps, weight_decay, warmup, l1;
  bool decoupled;
};

// One network's numbers.
template <class T>
struct State {
  Buffer<T> weights, first_moment, second_moment;
  Hyperparameters hyper{};

  explicit State(int64_t size) : weights(size), first_moment(size), second_moment(size) {}
};

template <class V>
inline V sign_of(V x) {
  const V zero{}, one = zero + 1;
  return x > zero ? one : x < zero ? zero - one : zero;
}

template <bool kDecoupled, bool kL1, class T>
inline void adam(const Layout<T>& layout, const bool* frozen, const State<T>& net,
                 const T* gradient, int64_t step) {
  using V = Full<T>;
  const Hyperparameters& h = net.hyper;
  const double n = static_cast<double>(step);
  const double lr = h.warmup > 0 ? h.lr * std::min(1.0, (n - 1) / h.warmup) : h.lr;
  const T decay = T(1 - lr * h.weight_decay);
  const T rate = T(lr / (1 - std::pow(h.beta1, n)));
  const T root = T(1 / std::sqrt(1 - std::pow(h.beta2, n)));
  // Padding has zero moments; the bound keeps it from becoming 0 / 0 where eps is zero.
  const T eps = T(std::max(h.eps, 1e-37));
  const T b1 = T(h.beta1), c1 = T(1 - h.beta1), b2 = T(h.beta2), c2 = T(1 - h.beta2);
  const T l1 = T(h.l1), l2 = T(h.weight_decay);
  for (const Piece& piece : layout.pieces) {
    if (frozen[piece.parameter]) continue;
    const int64_t end = piece.offset + piece.rows * piece.stride;
    for (int64_t j = piece.offset; j < end; j += kLanes<T>) {
      const V w = load<V>(net.weights + j);
      V g = load<V>(gradient + j);
      if constexpr (kL1) g = g + sign_of<V>(w) * l1;
      if constexpr (!kDecoupled) g = g + w * l2;
      const V m = load<V>(net.first_moment + j) * b1 + g * c1;
      const V v = load<V>(net.second_moment + j) * b2 + g * g * c2;
      store<V>(net.first_moment + j, m);
      store<V>(net.second_moment + j, v);
      const V ratio = m / (square_root(v) * root + eps);
      if constexpr (kDecoupled)
        store<V>(net.weights + j, w * decay - ratio * rate);
      else
        store<V>(net.weights + j, w - ratio * rate);
    }
  }
}

// One update, the arithmetic of torch.optim.AdamW or torch.optim.Adam; `step` counts from 1.
// frozen: by parameter, what is neither trained nor decayed.
template <class T>
inline void update(const Layout<T>& layout, const bool* frozen, const State<T>& net,
                   const T* gradient, int64_t step) {
  const bool l1 = net.hyper.l1 != 0;
  if (net.hyper.decoupled)
    l1 ? adam<true, true>(layout, frozen, net, gradient, step)
       : adam<true, false>(layout, frozen, net, gradient, step);
  else
    l1 ? adam<false, true>(layout, frozen, net, gradient, step)
       : adam<false, false>(layout, frozen, net, gradient, step);
}

}  // namespace fittest
