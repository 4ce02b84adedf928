// The fused training step of one two-table MLP (a table of its own for each operand, one hidden
// layer of ReLU), and its evaluation.
//
// The first layer is linear in each operand, so it is computed once for each row of a table that
// occurs among the examples: of a minibatch, a part of the rows; of a full batch, all of them.
// Rows that do not occur have no gradient, yet decay and moments move them.

#pragma once

#include <algorithm>
#include <cmath>

#include "arena.h"
#include "examples.h"
#include "layers.h"
#include "matmul.h"
#include "transpose.h"

namespace fittest::two_table_mlp {

// In the order of nn.Module.named_parameters().
enum Parameter {
  kFirst,
  kSecond,
  kHiddenWeight,
  kHiddenBias,
  kOutputWeight,
  kOutputBias,
  kParameters
};

constexpr int kOperands = 2;

// Sizes of the architecture and of its padded matrices, and where its weights lie. `*_stride` is
// the padded row length.
template <class T>
struct Shape {
  int64_t p, d, h, classes;
  int64_t d_stride, h_stride, classes_stride;
  // Of each operand: its table (p x d), and its columns of the hidden weight (h x d).
  int64_t table[kOperands], hidden[kOperands];
  int64_t hidden_bias, output, output_bias;
  Layout<T> layout;

  // sizes: p, d, h, classes.
  explicit Shape(const int64_t* sizes)
      : p(sizes[0]), d(sizes[1]), h(sizes[2]), classes(sizes[3]),
        d_stride(round_up(d, kLanes<T>)), h_stride(round_up(h, kLanes<T>)),
        classes_stride(round_up(classes, kLanes<T>)) {
    for (int o = 0; o < kOperands; ++o)
      table[o] = layout.add(kFirst + o, p, d, d_stride, 0, d, kRowMultiple);
    for (int o = 0; o < kOperands; ++o)
      hidden[o] = layout.add(kHiddenWeight, h, d, d_stride, o * d, kOperands * d, kRowMultiple);
    hidden_bias = layout.add(kHiddenBias, 1, h, h_stride, 0, h, kRowMultiple);
    output = layout.add(kOutputWeight, classes, h, h_stride, 0, h, kRowMultiple);
    output_bias = layout.add(kOutputBias, 1, classes, classes_stride, 0, classes, kRowMultiple);
  }
};

constexpr int64_t kBlockRows = 96;
constexpr int64_t kMaxBlockRows = kBlockRows / 2 * 3;

// place: of each operand, its row among those that occur.
struct Example {
  int32_t place[kOperands], label;
};

// One table, as the examples at hand need it.
template <class T>
struct Operand {
  std::vector<int32_t> rows;    // that occur, in the order in which they do
  std::vector<int32_t> places;  // of every row of the table: where it is in `rows`, or -1
  Buffer<T> weight_t;           // its columns of the hidden weight, transposed
  Buffer<T> inputs;             // the rows that occur
  Buffer<T> inputs_grad;
  Buffer<T> outputs;  // what each adds to the hidden layer
  Buffer<T> outputs_grad;

  explicit Operand(const Shape<T>& s)
      : places(s.p, -1), weight_t(s.d * s.h_stride), inputs(rows_of(s) * s.d_stride),
        inputs_grad(rows_of(s) * s.d_stride), outputs(rows_of(s) * s.h_stride),
        outputs_grad(rows_of(s) * s.h_stride) {}

  int64_t count() const { return static_cast<int64_t>(rows.size()); }

  void forget() {
    for (const int32_t row : rows) places[row] = -1;
    rows.clear();
  }

  int32_t place_of(int32_t row) {
    if (places[row] < 0) {
      places[row] = static_cast<int32_t>(rows.size());
      rows.push_back(row);
    }
    return places[row];
  }

 private:
  static int64_t rows_of(const Shape<T>& s) { return round_up(s.p, kRowMultiple); }
};

template <class T>
struct Workspace {
  Buffer<T> gradient;
  Buffer<T> output_t;                // weights, transposed
  Buffer<T> act, act_grad, logits;  // one block
  Buffer<T> zeros;
  Operand<T> operands[kOperands];
  std::vector<Example> examples;

  explicit Workspace(const Shape<T>& s)
      : gradient(s.layout.size), output_t(s.h * s.classes_stride),
        act(kMaxBlockRows * s.h_stride), act_grad(kMaxBlockRows * s.h_stride),
        logits(kMaxBlockRows * s.classes_stride),
        zeros(std::max({s.d_stride, s.h_stride, s.classes_stride})),
        operands{Operand<T>(s), Operand<T>(s)} {}
};

template <class T>
class Network {
 public:
  using Workspace = two_table_mlp::Workspace<T>;
  static constexpr int kParameters = two_table_mlp::kParameters;

  // The examples must outlive the network. frozen: by parameter.
  Network(const int64_t* sizes, const Examples& examples, const bool* frozen)
      : s_(sizes), examples_(examples), frozen_(frozen) {
    first_layer_trained_ = !(frozen[kFirst] && frozen[kSecond] && frozen[kHiddenWeight] &&
                             frozen[kHiddenBias]);
  }

  const Layout<T>& layout() const { return s_.layout; }

  std::unique_ptr<Workspace> workspace() const { return std::make_unique<Workspace>(s_); }

  // What the next gradient or evaluation is made on.
  void take(Workspace& ws, Listed listed) const {
    for (Operand<T>& operand : ws.operands) operand.forget();
    ws.examples.clear();
    for (int64_t i = 0; i < listed.count; ++i) {
      const int64_t example = listed.indices[i];
      const int32_t* tokens = examples_.tokens_of(example);
      ws.examples.push_back({{ws.operands[0].place_of(tokens[0]),
                              ws.operands[1].place_of(tokens[1])},
                             examples_.labels[example]});
    }
  }

  // Leaves the gradient of the mean loss of what was taken in ws.gradient. Returns that loss where
  // it is asked for.
  template <bool kLoss>
  double gradient(const T* w, Workspace& ws) const {
    T* g = ws.gradient;
    prepare(w, ws);
    first_layer(w, ws);
    std::memset(g + s_.output_bias, 0, s_.classes_stride * sizeof(T));
    for (Operand<T>& operand : ws.operands)
      std::memset(operand.outputs_grad, 0, operand.count() * s_.h_stride * sizeof(T));
    const double count = static_cast<double>(ws.examples.size());
    if (ws.examples.empty()) std::memset(g, 0, s_.layout.size * sizeof(T));
    const T scale = ws.examples.empty() ? T(0) : T(1.0 / count);
    double loss = 0;
    bool first = true;
    for_blocks(ws.examples, kBlockRows, [&](const Example* examples, int64_t rows) {
      forward(w, ws, examples, rows);
      softmax_gradients<kLoss, T>(ws.logits, rows, s_.classes, s_.classes_stride, examples,
                                  scale, loss);
      backward(w, g, ws, examples, rows, first);
      first = false;
    });
    if (first_layer_trained_) first_layer_gradient(w, g, ws);
    return loss / count;
  }

  // Mean loss and accuracy of what was taken; needs prepare().
  Result evaluate(const T* w, Workspace& ws) const {
    first_layer(w, ws);
    Tally<T> tally;
    for_blocks(ws.examples, kBlockRows, [&](const Example* examples, int64_t rows) {
      forward(w, ws, examples, rows);
      for (int64_t r = 0; r < rows; ++r)
        tally.add(ws.logits + r * s_.classes_stride, s_.classes, s_.classes_stride,
                  examples[r].label);
    });
    return tally.means();
  }

  // Transposed weights.
  void prepare(const T* w, Workspace& ws) const {
    for (int o = 0; o < kOperands; ++o)
      transpose<T>(w + s_.hidden[o], s_.h, s_.d, s_.d_stride, ws.operands[o].weight_t,
                   s_.h_stride);
    transpose<T>(w + s_.output, s_.classes, s_.h, s_.h_stride, ws.output_t, s_.classes_stride);
  }

 private:
  // What each row that occurs adds to the hidden layer; the bias is in the first operand's.
  void first_layer(const T* w, Workspace& ws) const {
    for (int o = 0; o < kOperands; ++o) {
      Operand<T>& operand = ws.operands[o];
      T* inputs = operand.inputs;
      for (const int32_t row : operand.rows) {
        copy_row<T>(inputs, w + s_.table[o] + row * s_.d_stride, s_.d);
        inputs += s_.d_stride;
      }
      const T* zeros = ws.zeros;
      matmul<T>(operand.count(), s_.h,
                {s_.d, operand.inputs, s_.d_stride, 1, operand.weight_t, s_.h_stride,
                 o == 0 ? w + s_.hidden_bias : zeros, 0, operand.outputs, s_.h_stride, nullptr});
    }
  }

  void forward(const T* w, Workspace& ws, const Example* examples, int64_t rows) const {
    for (int64_t r = 0; r < rows; ++r) {
      const T* first = ws.operands[0].outputs + examples[r].place[0] * s_.h_stride;
      const T* second = ws.operands[1].outputs + examples[r].place[1] * s_.h_stride;
      T* act = ws.act + r * s_.h_stride;
      for_row<T>(s_.h, [=](auto v, int64_t i) {
        using V = decltype(v);
        store<V>(act + i, relu<V>(load<V>(first + i) + load<V>(second + i)));
      });
    }
    matmul<T>(rows, s_.classes,
              {s_.h, ws.act, s_.h_stride, 1, ws.output_t, s_.classes_stride, w + s_.output_bias, 0,
               ws.logits, s_.classes_stride, nullptr});
  }

  // ws.logits holds the gradient of the logits. first: whether no block was before this one.
  void backward(const T* w, T* g, Workspace& ws, const Example* examples, int64_t rows,
                bool first) const {
    const T* zeros = ws.zeros;
    T* output_grad = g + s_.output;
    add_rows<T>(g + s_.output_bias, ws.logits, rows, s_.classes, s_.classes_stride);
    matmul<T>(s_.classes, s_.h,
              {rows, ws.logits, 1, s_.classes_stride, ws.act, s_.h_stride,
               first ? zeros : output_grad, first ? 0 : s_.h_stride, output_grad, s_.h_stride,
               nullptr});
    if (!first_layer_trained_) return;
    matmul<T>(rows, s_.h,
              {s_.classes, ws.logits, s_.classes_stride, 1, w + s_.output, s_.h_stride, zeros, 0,
               ws.act_grad, s_.h_stride, nullptr});
    for (int64_t r = 0; r < rows;) r += scatter(ws, examples + r, rows - r, r * s_.h_stride);
  }

  // Adds the gradients of the leading examples that share their first operand to those of what the
  // operands add to the hidden layer; returns how many these are. offset: of the first one's row.
  int64_t scatter(Workspace& ws, const Example* examples, int64_t rows, int64_t offset) const {
    int64_t same = 1;
    while (same < rows && examples[same].place[0] == examples[0].place[0]) ++same;
    T* first = ws.operands[0].outputs_grad + examples[0].place[0] * s_.h_stride;
    T* seconds = ws.operands[1].outputs_grad;
    const T* act = ws.act + offset;
    const T* act_grad = ws.act_grad + offset;
    for_row_by_four<T>(s_.h, [&](auto v, int64_t i, auto count) {
      using V = decltype(v);
      constexpr int N = decltype(count)::value, n = sizeof(V) / sizeof(T);
      V sum[N];
      FITTEST_UNROLL
      for (int k = 0; k < N; ++k) sum[k] = load<V>(first + i + k * n);
      for (int64_t r = 0; r < same; ++r) {
        const int64_t at = r * s_.h_stride + i;
        T* second = seconds + examples[r].place[1] * s_.h_stride + i;
        FITTEST_UNROLL
        for (int k = 0; k < N; ++k) {
          const V gradient =
              relu_gradient<V>(load<V>(act + at + k * n), load<V>(act_grad + at + k * n));
          store<V>(second + k * n, load<V>(second + k * n) + gradient);
          sum[k] += gradient;
        }
      }
      FITTEST_UNROLL
      for (int k = 0; k < N; ++k) store<V>(first + i + k * n, sum[k]);
    });
    return same;
  }

  void first_layer_gradient(const T* w, T* g, Workspace& ws) const {
    T* bias_grad = g + s_.hidden_bias;
    std::memset(bias_grad, 0, s_.h_stride * sizeof(T));
    add_rows<T>(bias_grad, ws.operands[0].outputs_grad, ws.operands[0].count(), s_.h, s_.h_stride);
    for (int o = 0; o < kOperands; ++o) {
      Operand<T>& operand = ws.operands[o];
      if (!frozen_[kHiddenWeight])
        matmul<T>(s_.h, s_.d,
                  {operand.count(), operand.outputs_grad, 1, s_.h_stride, operand.inputs,
                   s_.d_stride, ws.zeros, 0, g + s_.hidden[o], s_.d_stride, nullptr});
      if (frozen_[kFirst + o]) continue;
      matmul<T>(operand.count(), s_.d,
                {s_.h, operand.outputs_grad, s_.h_stride, 1, w + s_.hidden[o], s_.d_stride,
                 ws.zeros, 0, operand.inputs_grad, s_.d_stride, nullptr});
      T* table_grad = g + s_.table[o];
      std::memset(table_grad, 0, s_.p * s_.d_stride * sizeof(T));
      const T* inputs_grad = operand.inputs_grad;
      for (const int32_t row : operand.rows) {
        copy_row<T>(table_grad + row * s_.d_stride, inputs_grad, s_.d);
        inputs_grad += s_.d_stride;
      }
    }
  }

  const Shape<T> s_;
  const Examples& examples_;
  const bool* frozen_;
  bool first_layer_trained_;
};

}  // namespace fittest::two_table_mlp
