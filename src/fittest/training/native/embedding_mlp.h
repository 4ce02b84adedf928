// The fused training step of one embedding MLP, and its evaluation.
//
// The first layer is linear in each operand, so two p x h1 tables replace it. The pairs are cut
// into blocks of about 48 rows; a block goes through forward pass, softmax, backward pass and
// weight gradients before the next one starts, so that its activations never leave the cache.

#pragma once

#include <algorithm>
#include <cmath>

#include "arena.h"
#include "examples.h"
#include "layers.h"
#include "matmul.h"
#include "transpose.h"

namespace fittest::embedding_mlp {

// In the order of nn.Module.named_parameters().
enum Parameter {
  kEmbedding,
  kInputWeight,
  kInputBias,
  kHiddenWeight,
  kHiddenBias,
  kOutputWeight,
  kOutputBias,
  kParameters
};

// Sizes of the architecture and of its padded matrices, and where its weights lie. `*_stride` is
// the padded row length.
template <class T>
struct Shape {
  int64_t p, d, h1, h2, classes;
  int64_t d_stride, h1_stride, h2_stride, classes_stride;
  int64_t embedding, input_a, input_b, input_bias, hidden, hidden_bias, output, output_bias;
  Layout<T> layout;

  // sizes: p, d, h1, h2, classes.
  explicit Shape(const int64_t* sizes)
      : p(sizes[0]), d(sizes[1]), h1(sizes[2]), h2(sizes[3]), classes(sizes[4]),
        d_stride(round_up(d, kLanes<T>)), h1_stride(round_up(h1, kLanes<T>)),
        h2_stride(round_up(h2, kLanes<T>)), classes_stride(round_up(classes, kLanes<T>)) {
    embedding = layout.add(kEmbedding, p, d, d_stride, 0, d, kRowMultiple);
    input_a = layout.add(kInputWeight, h1, d, d_stride, 0, 2 * d, kRowMultiple);
    input_b = layout.add(kInputWeight, h1, d, d_stride, d, 2 * d, kRowMultiple);
    input_bias = layout.add(kInputBias, 1, h1, h1_stride, 0, h1, kRowMultiple);
    hidden = layout.add(kHiddenWeight, h2, h1, h1_stride, 0, h1, kRowMultiple);
    hidden_bias = layout.add(kHiddenBias, 1, h2, h2_stride, 0, h2, kRowMultiple);
    output = layout.add(kOutputWeight, classes, h2, h2_stride, 0, h2, kRowMultiple);
    output_bias = layout.add(kOutputBias, 1, classes, classes_stride, 0, classes, kRowMultiple);
  }
};

constexpr int64_t kBlockRows = 48;
constexpr int64_t kMaxBlockRows = 72;

struct Pair {
  int32_t a, b, label;
};

template <class T>
struct Workspace {
  Buffer<T> gradient;
  Buffer<T> input_a_t, input_b_t, hidden_t, output_t;  // weights, transposed
  Buffer<T> table_a, table_b, table_a_grad, table_b_grad;
  Buffer<T> act1, slope1, act2, slope2, logits;  // one block
  Buffer<T> zeros;
  std::vector<Pair> pairs;

  explicit Workspace(const Shape<T>& s)
      : gradient(s.layout.size), input_a_t(round_up(s.d, kRowMultiple) * s.h1_stride),
        input_b_t(round_up(s.d, kRowMultiple) * s.h1_stride), hidden_t(s.h1 * s.h2_stride),
        output_t(s.h2 * s.classes_stride), table_a(table_size(s)), table_b(table_size(s)),
        table_a_grad(table_size(s)), table_b_grad(table_size(s)),
        act1(kMaxBlockRows * s.h1_stride), slope1(kMaxBlockRows * s.h1_stride),
        act2(kMaxBlockRows * s.h2_stride), slope2(kMaxBlockRows * s.h2_stride),
        logits(kMaxBlockRows * s.classes_stride),
        zeros(std::max({s.d_stride, s.h1_stride, s.h2_stride, s.classes_stride})) {
    pairs.reserve(s.p * s.p);
  }

  static int64_t table_size(const Shape<T>& s) {
    return round_up(s.p, kRowMultiple) * s.h1_stride;
  }
};

template <class T>
class Network {
 public:
  using Workspace = embedding_mlp::Workspace<T>;
  static constexpr int kParameters = embedding_mlp::kParameters;

  // The examples must outlive the network. frozen: by parameter.
  Network(const int64_t* sizes, const Examples& examples, const bool* frozen)
      : s_(sizes), examples_(examples), frozen_(frozen) {
    first_layer_trained_ =
        !(frozen[kEmbedding] && frozen[kInputWeight] && frozen[kInputBias]);
  }

  const Layout<T>& layout() const { return s_.layout; }

  std::unique_ptr<Workspace> workspace() const { return std::make_unique<Workspace>(s_); }

  // What the next gradient or evaluation is made on.
  void take(Workspace& ws, Listed listed) const {
    ws.pairs.clear();
    for (int64_t i = 0; i < listed.count; ++i) {
      const int64_t example = listed.indices[i];
      const int32_t* tokens = examples_.tokens_of(example);
      ws.pairs.push_back({tokens[0], tokens[1], examples_.labels[example]});
    }
  }

  // Leaves the gradient of the mean loss of what was taken in ws.gradient. Returns that loss where
  // it is asked for.
  template <bool kLoss>
  double gradient(const T* w, Workspace& ws) const {
    T* g = ws.gradient;
    prepare(w, ws);
    std::memset(g, 0, s_.layout.size * sizeof(T));
    std::memset(ws.table_a_grad, 0, Workspace::table_size(s_) * sizeof(T));
    std::memset(ws.table_b_grad, 0, Workspace::table_size(s_) * sizeof(T));
    const T scale = ws.pairs.empty() ? T(0) : T(1.0 / static_cast<double>(ws.pairs.size()));
    double loss = 0;
    for_blocks(ws.pairs, kBlockRows, [&](const Pair* pairs, int64_t rows) {
      forward(w, ws, pairs, rows);
      softmax_gradients<kLoss, T>(ws.logits, rows, s_.classes, s_.classes_stride, pairs,
                                  scale, loss);
      backward(w, g, ws, pairs, rows);
    });
    if (first_layer_trained_) first_layer_gradient(w, g, ws);
    return loss / static_cast<double>(ws.pairs.size());
  }

  // Mean loss and accuracy of what was taken; needs prepare().
  Result evaluate(const T* w, Workspace& ws) const {
    Tally<T> tally;
    for_blocks(ws.pairs, kBlockRows, [&](const Pair* pairs, int64_t rows) {
      forward(w, ws, pairs, rows);
      for (int64_t r = 0; r < rows; ++r)
        tally.add(ws.logits + r * s_.classes_stride, s_.classes, s_.classes_stride,
                  pairs[r].label);
    });
    return tally.means();
  }

  // Transposed weights and the tables of the first layer.
  void prepare(const T* w, Workspace& ws) const {
    transpose<T>(w + s_.input_a, s_.h1, s_.d, s_.d_stride, ws.input_a_t, s_.h1_stride);
    transpose<T>(w + s_.input_b, s_.h1, s_.d, s_.d_stride, ws.input_b_t, s_.h1_stride);
    transpose<T>(w + s_.hidden, s_.h2, s_.h1, s_.h1_stride, ws.hidden_t, s_.h2_stride);
    transpose<T>(w + s_.output, s_.classes, s_.h2, s_.h2_stride, ws.output_t,
              s_.classes_stride);
    const T* table = w + s_.embedding;
    matmul<T>(s_.p, s_.h1,
              {s_.d, table, s_.d_stride, 1, ws.input_a_t, s_.h1_stride, w + s_.input_bias, 0,
               ws.table_a, s_.h1_stride, nullptr});
    matmul<T>(s_.p, s_.h1,
              {s_.d, table, s_.d_stride, 1, ws.input_b_t, s_.h1_stride, ws.zeros, 0, ws.table_b,
               s_.h1_stride, nullptr});
  }

 private:
  void forward(const T* w, Workspace& ws, const Pair* pairs, int64_t rows) const {
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
               w + s_.hidden_bias, 0, ws.act2, s_.h2_stride, nullptr});
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
               w + s_.output_bias, 0, ws.logits, s_.classes_stride, nullptr});
  }

  // ws.logits holds the gradient of the logits; slopes become gradients of pre-activations.
  void backward(const T* w, T* g, Workspace& ws, const Pair* pairs, int64_t rows) const {
    const T* zeros = ws.zeros;
    matmul<T>(rows, s_.h2,
              {s_.classes, ws.logits, s_.classes_stride, 1, w + s_.output, s_.h2_stride,
               zeros, 0, ws.slope2, s_.h2_stride, ws.slope2});
    accumulate(ws.logits, s_.classes, s_.classes_stride, ws.act2, s_.h2, s_.h2_stride, rows,
               g + s_.output, g + s_.output_bias);
    if (first_layer_trained_)
      matmul<T>(rows, s_.h1,
                {s_.h2, ws.slope2, s_.h2_stride, 1, w + s_.hidden, s_.h1_stride, zeros, 0,
                 ws.slope1, s_.h1_stride, ws.slope1});
    accumulate(ws.slope2, s_.h2, s_.h2_stride, ws.act1, s_.h1, s_.h1_stride, rows,
               g + s_.hidden, g + s_.hidden_bias);
    if (!first_layer_trained_) return;
    for (int64_t r = 0; r < rows;) r += scatter(ws, pairs + r, rows - r, ws.slope1 + r * s_.h1_stride);
  }

  // Adds the gradients of the leading rows that share their first operand to the gradients of
  // the tables; returns how many rows these are.
  int64_t scatter(Workspace& ws, const Pair* pairs, int64_t rows, const T* gradients) const {
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
    add_rows<T>(bias_grad, outgoing, rows, out, out_stride);
    matmul<T>(out, in,
              {rows, outgoing, 1, out_stride, incoming, in_stride, weight_grad, in_stride,
               weight_grad, in_stride, nullptr});
  }

  void first_layer_gradient(const T* w, T* g, Workspace& ws) const {
    const T* table = w + s_.embedding;
    add_rows<T>(g + s_.input_bias, ws.table_a_grad, s_.p, s_.h1, s_.h1_stride);
    const struct {
      const T* grad;
      int64_t weight;
    } operands[] = {{ws.table_a_grad, s_.input_a}, {ws.table_b_grad, s_.input_b}};
    for (const auto& operand : operands) {
      if (!frozen_[kInputWeight])
        matmul<T>(s_.h1, s_.d,
                  {s_.p, operand.grad, 1, s_.h1_stride, table, s_.d_stride, ws.zeros, 0,
                   g + operand.weight, s_.d_stride, nullptr});
      if (!frozen_[kEmbedding])
        matmul<T>(s_.p, s_.d,
                  {s_.h1, operand.grad, s_.h1_stride, 1, w + operand.weight, s_.d_stride,
                   g + s_.embedding, s_.d_stride, g + s_.embedding, s_.d_stride,
                   nullptr});
    }
  }

  const Shape<T> s_;
  const Examples& examples_;
  const bool* frozen_;
  bool first_layer_trained_;
};

}  // namespace fittest::embedding_mlp
