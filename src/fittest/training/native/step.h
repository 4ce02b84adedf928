// The fused training step of one network, and its evaluation.
//
// The first layer is linear in each operand, so two p x h1 tables replace it. The pairs are cut
// into blocks of about 48 rows; a block goes through forward pass, softmax, backward pass and
// weight gradients before the next one starts, so that its activations never leave the cache.

#pragma once

#include <algorithm>
#include <cmath>

#include "layers.h"
#include "network.h"
#include "transpose.h"

namespace fittest {

constexpr int64_t kBlockRows = 48;
constexpr int64_t kMaxBlockRows = 72;

struct Pair {
  int32_t a, b;
};

template <class T>
struct Workspace {
  Buffer<T> gradient;
  Buffer<T> input_a_t, input_b_t, hidden_t, output_t;  // weights, transposed
  Buffer<T> table_a, table_b, table_a_grad, table_b_grad;
  Buffer<T> act1, slope1, act2, slope2, logits;  // one block
  Buffer<T> zeros;
  std::vector<Pair> train, test;

  Workspace(const Shape<T>& s, const Layout<T>& layout)
      : gradient(layout.size), input_a_t(round_up(s.d, kRowMultiple) * s.h1_stride),
        input_b_t(round_up(s.d, kRowMultiple) * s.h1_stride), hidden_t(s.h1 * s.h2_stride),
        output_t(s.h2 * s.classes_stride), table_a(table_size(s)), table_b(table_size(s)),
        table_a_grad(table_size(s)), table_b_grad(table_size(s)),
        act1(kMaxBlockRows * s.h1_stride), slope1(kMaxBlockRows * s.h1_stride),
        act2(kMaxBlockRows * s.h2_stride), slope2(kMaxBlockRows * s.h2_stride),
        logits(kMaxBlockRows * s.classes_stride),
        zeros(std::max({s.d_stride, s.h1_stride, s.h2_stride, s.classes_stride})) {
    train.reserve(s.p * s.p);
    test.reserve(s.p * s.p);
  }

  static int64_t table_size(const Shape<T>& s) {
    return round_up(s.p, kRowMultiple) * s.h1_stride;
  }

  void split_pairs(const Shape<T>& s, const std::vector<uint8_t>& mask) {
    train.clear();
    test.clear();
    for (int32_t a = 0; a < s.p; ++a)
      for (int32_t b = 0; b < s.p; ++b) (mask[a * s.p + b] ? train : test).push_back({a, b});
  }
};

struct Result {
  double loss = NAN, accuracy = NAN;
};

template <class T>
class Trainer {
 public:
  Trainer(const Shape<T>& shape, const Layout<T>& layout, const int64_t* labels,
          const bool* frozen)
      : s_(shape), layout_(layout), labels_(labels), frozen_(frozen) {
    first_layer_trained_ =
        !(frozen[kEmbedding] && frozen[kInputWeight] && frozen[kInputBias]);
  }

  // Leaves the gradient of the mean training loss in ws.gradient; needs ws.train.
  void gradient(const T* w, Workspace<T>& ws) const {
    T* g = ws.gradient;
    prepare(w, ws);
    std::memset(g, 0, layout_.size * sizeof(T));
    std::memset(ws.table_a_grad, 0, Workspace<T>::table_size(s_) * sizeof(T));
    std::memset(ws.table_b_grad, 0, Workspace<T>::table_size(s_) * sizeof(T));
    const T scale = ws.train.empty() ? T(0) : T(1.0 / static_cast<double>(ws.train.size()));
    for_blocks(ws.train, [&](const Pair* pairs, int64_t rows) {
      forward(w, ws, pairs, rows);
      for (int64_t r = 0; r < rows; ++r)
        softmax_gradient<T>(ws.logits + r * s_.classes_stride, s_.classes, s_.classes_stride,
                            label(pairs[r]), scale);
      backward(w, g, ws, pairs, rows);
    });
    if (first_layer_trained_) first_layer_gradient(w, g, ws);
  }

  // One AdamW update, the arithmetic of torch.optim.AdamW; `step` counts from 1.
  void update(Network<T>& net, const T* gradient, int64_t step) const {
    using V = Full<T>;
    const Hyperparameters& h = net.hyper;
    const double n = static_cast<double>(step);
    const T decay = T(1 - h.lr * h.weight_decay);
    const T rate = T(h.lr / (1 - std::pow(h.beta1, n)));
    const T root = T(1 / std::sqrt(1 - std::pow(h.beta2, n)));
    // Padding has zero moments; the bound keeps it from becoming 0 / 0 where eps is zero.
    const T eps = T(std::max(h.eps, 1e-37));
    const T b1 = T(h.beta1), c1 = T(1 - h.beta1), b2 = T(h.beta2), c2 = T(1 - h.beta2);
    for (size_t i = 0; i < layout_.pieces.size(); ++i) {
      const Piece& piece = layout_.pieces[i];
      if (frozen_[piece.parameter]) continue;
      const int64_t end = piece.offset + piece.rows * piece.stride;
      for (int64_t j = piece.offset; j < end; j += kLanes<T>) {
        const V g = load<V>(gradient + j);
        const V m = load<V>(net.first_moment + j) * b1 + g * c1;
        const V v = load<V>(net.second_moment + j) * b2 + g * g * c2;
        store<V>(net.first_moment + j, m);
        store<V>(net.second_moment + j, v);
        const V ratio = m / (square_root(v) * root + eps);
        store<V>(net.weights + j, load<V>(net.weights + j) * decay - ratio * rate);
      }
    }
  }

  // Mean loss and accuracy over `pairs`; needs prepare().
  Result evaluate(const T* w, Workspace<T>& ws, const std::vector<Pair>& list) const {
    if (list.empty()) return {};
    double loss = 0;
    int64_t right = 0;
    for_blocks(list, [&](const Pair* pairs, int64_t rows) {
      forward(w, ws, pairs, rows);
      for (int64_t r = 0; r < rows; ++r) {
        bool correct = false;
        loss += cross_entropy<T>(ws.logits + r * s_.classes_stride, s_.classes,
                                 s_.classes_stride, label(pairs[r]), correct);
        right += correct;
      }
    });
    const double n = static_cast<double>(list.size());
    return {loss / n, static_cast<double>(right) / n};
  }

  // Transposed weights and the tables of the first layer.
  void prepare(const T* w, Workspace<T>& ws) const {
    transpose<T>(w + layout_.input_a, s_.h1, s_.d, s_.d_stride, ws.input_a_t, s_.h1_stride);
    transpose<T>(w + layout_.input_b, s_.h1, s_.d, s_.d_stride, ws.input_b_t, s_.h1_stride);
    transpose<T>(w + layout_.hidden, s_.h2, s_.h1, s_.h1_stride, ws.hidden_t, s_.h2_stride);
    transpose<T>(w + layout_.output, s_.classes, s_.h2, s_.h2_stride, ws.output_t,
              s_.classes_stride);
    const T* table = w + layout_.embedding;
    matmul<T>(s_.p, s_.h1,
              {s_.d, table, s_.d_stride, 1, ws.input_a_t, s_.h1_stride, w + layout_.input_bias, 0,
               ws.table_a, s_.h1_stride, nullptr});
    matmul<T>(s_.p, s_.h1,
              {s_.d, table, s_.d_stride, 1, ws.input_b_t, s_.h1_stride, ws.zeros, 0, ws.table_b,
               s_.h1_stride, nullptr});
  }

 private:
  int64_t label(const Pair& pair) const { return labels_[pair.a * s_.p + pair.b]; }

  template <class Visit>
  static void for_blocks(const std::vector<Pair>& pairs, Visit visit) {
    const int64_t total = static_cast<int64_t>(pairs.size());
    if (total == 0) return;
    // Equal blocks: a short last one would leave its tiles half empty.
    const int64_t blocks = std::max<int64_t>(1, (total + kBlockRows / 2) / kBlockRows);
    const int64_t rows = round_up((total + blocks - 1) / blocks, kRowMultiple);
    for (int64_t first = 0; first < total; first += rows)
      visit(pairs.data() + first, std::min(rows, total - first));
  }

  void forward(const T* w, Workspace<T>& ws, const Pair* pairs, int64_t rows) const {
    for (int64_t r = 0; r < rows; ++r) {
      const T* first = ws.table_a + pairs[r].a * s_.h1_stride;
      const T* second = ws.table_b + pairs[r].b * s_.h1_stride;
      T* act = ws.act1 + r * s_.h1_stride;
      T* slope = ws.slope1 + r * s_.h1_stride;
      for_row<T>(s_.h1, [=](auto v, int64_t i) {
        using V = decltype(v);
        silu<V>(load<V>(first + i) + load<V>(second + i), act + i, slope + i);
      });
    }
    matmul<T>(rows, s_.h2,
              {s_.h1, ws.act1, s_.h1_stride, 1, ws.hidden_t, s_.h2_stride,
               w + layout_.hidden_bias, 0, ws.act2, s_.h2_stride, nullptr});
    for (int64_t r = 0; r < rows; ++r) {
      T* act = ws.act2 + r * s_.h2_stride;
      T* slope = ws.slope2 + r * s_.h2_stride;
      for_row<T>(s_.h2, [=](auto v, int64_t i) {
        using V = decltype(v);
        silu<V>(load<V>(act + i), act + i, slope + i);
      });
    }
    matmul<T>(rows, s_.classes,
              {s_.h2, ws.act2, s_.h2_stride, 1, ws.output_t, s_.classes_stride,
               w + layout_.output_bias, 0, ws.logits, s_.classes_stride, nullptr});
  }

  // ws.logits holds the gradient of the logits; slopes become gradients of pre-activations.
  void backward(const T* w, T* g, Workspace<T>& ws, const Pair* pairs, int64_t rows) const {
    const T* zeros = ws.zeros;
    matmul<T>(rows, s_.h2,
              {s_.classes, ws.logits, s_.classes_stride, 1, w + layout_.output, s_.h2_stride,
               zeros, 0, ws.slope2, s_.h2_stride, ws.slope2});
    accumulate(ws.logits, s_.classes, s_.classes_stride, ws.act2, s_.h2, s_.h2_stride, rows,
               g + layout_.output, g + layout_.output_bias);
    if (first_layer_trained_)
      matmul<T>(rows, s_.h1,
                {s_.h2, ws.slope2, s_.h2_stride, 1, w + layout_.hidden, s_.h1_stride, zeros, 0,
                 ws.slope1, s_.h1_stride, ws.slope1});
    accumulate(ws.slope2, s_.h2, s_.h2_stride, ws.act1, s_.h1, s_.h1_stride, rows,
               g + layout_.hidden, g + layout_.hidden_bias);
    if (!first_layer_trained_) return;
    for (int64_t r = 0; r < rows;) r += scatter(ws, pairs + r, rows - r, ws.slope1 + r * s_.h1_stride);
  }

  // Adds the gradients of the leading rows that share their first operand to the gradients of
  // the tables; returns how many rows these are.
  int64_t scatter(Workspace<T>& ws, const Pair* pairs, int64_t rows, const T* gradients) const {
    int64_t same = 1;
    while (same < rows && pairs[same].a == pairs[0].a) ++same;
    T* first = ws.table_a_grad + pairs[0].a * s_.h1_stride;
    for_row<T>(s_.h1, [&](auto v, int64_t i) {
      using V = decltype(v);
      V sum = load<V>(first + i);
      for (int64_t r = 0; r < same; ++r) {
        T* second = ws.table_b_grad + pairs[r].b * s_.h1_stride + i;
        const V gradient = load<V>(gradients + r * s_.h1_stride + i);
        store<V>(second, load<V>(second) + gradient);
        sum += gradient;
      }
      store<V>(first + i, sum);
    });
    return same;
  }

  // weight_grad += outgoing^T incoming; bias_grad += column sums of outgoing.
  static void accumulate(const T* outgoing, int64_t out, int64_t out_stride, const T* incoming,
                         int64_t in, int64_t in_stride, int64_t rows, T* weight_grad,
                         T* bias_grad) {
    for (int64_t r = 0; r < rows; ++r) add_row<T>(bias_grad, outgoing + r * out_stride, out);
    matmul<T>(out, in,
              {rows, outgoing, 1, out_stride, incoming, in_stride, weight_grad, in_stride,
               weight_grad, in_stride, nullptr});
  }

  void first_layer_gradient(const T* w, T* g, Workspace<T>& ws) const {
    const T* table = w + layout_.embedding;
    for (int64_t a = 0; a < s_.p; ++a)
      add_row<T>(g + layout_.input_bias, ws.table_a_grad + a * s_.h1_stride, s_.h1);
    const struct {
      const T* grad;
      int64_t weight;
    } operands[] = {{ws.table_a_grad, layout_.input_a}, {ws.table_b_grad, layout_.input_b}};
    for (const auto& operand : operands) {
      if (!frozen_[kInputWeight])
        matmul<T>(s_.h1, s_.d,
                  {s_.p, operand.grad, 1, s_.h1_stride, table, s_.d_stride, ws.zeros, 0,
                   g + operand.weight, s_.d_stride, nullptr});
      if (!frozen_[kEmbedding])
        matmul<T>(s_.p, s_.d,
                  {s_.h1, operand.grad, s_.h1_stride, 1, w + operand.weight, s_.d_stride,
                   g + layout_.embedding, s_.d_stride, g + layout_.embedding, s_.d_stride,
                   nullptr});
    }
  }

  const Shape<T> s_;
  const Layout<T>& layout_;
  const int64_t* labels_;
  const bool* frozen_;
  bool first_layer_trained_;
};

}  // namespace fittest
