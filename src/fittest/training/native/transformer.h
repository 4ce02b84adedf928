// The fused training step of a one-layer transformer that answers at its last position, and its
// evaluation.
//
// The last position has one query, and everything before the ReLU is linear in the tokens once
// the weights of attention are given. So an example is a weighted sum of rows of tables
// (transformer_tables.h), a ReLU, and one product with the matrix from neurons to classes. The
// examples are cut into blocks, which go through forward and backward pass before the next one
// starts; a block holds few different tokens at each position, whose rows of tables then are in
// the cache (lookups.h).

#pragma once

#include "attention.h"
#include "dropout.h"
#include "examples.h"
#include "layers.h"
#include "lookups.h"
#include "transformer_order.h"
#include "transformer_tables.h"

namespace fittest::transformer {

template <class T>
struct Workspace {
  Tables<T> tables;
  Buffer<T> gradient;
  // One block: neurons and logits, which become their gradients; weights of attention.
  Buffer<T> rows, weights, weight_grads;
  Buffer<T> scratch;
  Order order;
  Dropout dropout;
  std::vector<Jump> jumps;  // to the rows' own numbers; empty until they are asked for

  Workspace(const Shape<T>& s, int64_t block_rows)
      : tables(s), gradient(s.layout.size), rows(block_rows * s.width_stride),
        weights(s.constant ? 0 : block_rows * s.length * s.heads_stride),
        weight_grads(s.constant ? 0 : block_rows * s.length * s.heads_stride),
        scratch(4 * s.width_stride), order(s.operands, s.vocabulary, block_rows) {}
};

template <class T>
class Network {
 public:
  using Workspace = transformer::Workspace<T>;
  static constexpr int kParameters = Shape<T>::kMaxParameters;
  static constexpr bool kDrops = true;

  // The examples must outlive the network.
  Network(const int64_t* sizes, const Examples& examples, const bool*)
      : s_(sizes), examples_(examples) {}

  const Layout<T>& layout() const { return s_.layout; }

  std::unique_ptr<Workspace> workspace() const {
    return std::make_unique<Workspace>(s_, block_rows());
  }

  // What the next gradient or evaluation is made on.
  void take(Workspace& ws, Listed listed) const {
    ws.order.take(examples_, listed);
    ws.jumps.clear();
  }

  // What the next gradients drop, until it is said again.
  void drop(Workspace& ws, const Dropout& dropout) const {
    ws.dropout = dropout;
    if (!dropout.numbers || !ws.jumps.empty()) return;
    for (const Row& row : ws.order.rows()) ws.jumps.emplace_back(first_draw(dropout, row) / 2);
  }

  // Leaves the gradient of the mean loss of what was taken in ws.gradient. Returns that loss where
  // it is asked for.
  template <bool kLoss>
  double gradient(const T* w, Workspace& ws) const {
    std::memset(ws.gradient, 0, s_.layout.size * sizeof(T));
    ws.tables.prepare(s_, w);
    ws.tables.clear(s_);
    const double n = static_cast<double>(ws.order.rows().size());
    const T scale = n > 0 ? T(1.0 / n) : T(0);
    double loss = 0;
    ws.order.for_blocks([&](const Block& block) {
      forward(ws, block, ws.dropout.numbers != nullptr);
      for (int64_t r = 0; r < block.count; ++r)
        loss += softmax_gradient<kLoss, T, true>(logits(ws, r), s_.classes, s_.logits_stride(),
                                           block.rows[r].label, scale);
      backward(ws, block);
    });
    ws.tables.gradient(s_, w, ws.gradient);
    return loss / n;
  }

  // Mean loss and accuracy of what was taken; needs prepare().
  Result evaluate(const T*, Workspace& ws) const {
    Tally<T, true> tally;
    ws.order.for_blocks([&](const Block& block) {
      forward(ws, block, false);
      for (int64_t r = 0; r < block.count; ++r)
        tally.add(logits(ws, r), s_.classes, s_.logits_stride(), block.rows[r].label);
    });
    return tally.means();
  }

  void prepare(const T* w, Workspace& ws) const { ws.tables.prepare(s_, w); }

 private:
  // A block's rows are to stay in the second cache beside the matrix of neurons and classes.
  int64_t block_rows() const {
    const int64_t fitting = kBlockBytes / static_cast<int64_t>(s_.width_stride * sizeof(T));
    return std::min<int64_t>(512, std::max<int64_t>(24, fitting / 8 * 8));
  }
  static constexpr int64_t kBlockBytes = 340000;
  // So many neurons at a time: a panel of their matrix then stays in the first cache.
  static constexpr int64_t kDepth = 128;

  T* logits(const Workspace& ws, int64_t row) const {
    return ws.rows + row * s_.width_stride + s_.logits;
  }

  int64_t first_draw(const Dropout& dropout, const Row& row) const {
    return (dropout.by_example ? row.example : row.place) * s_.neurons;
  }

  // Numbers of a row that are looked up, whole vectors of them.
  int64_t looked_up() const { return s_.logits + s_.logits_stride(); }

  // Weights of one operand, as lookups read them.
  template <class Number>
  Strided<Number> of_operand(Number* all, int64_t operand) const {
    return {all + operand * s_.heads_stride, s_.length * s_.heads_stride};
  }

  const T* scores_of(const Buffer<T>& all, const Row& row) const {
    return all + query_of(row) * s_.inputs * s_.heads_stride;
  }
  int64_t query_of(const Row& row) const { return s_.last < 0 ? row.tokens[s_.length - 1] : 0; }

  void forward(Workspace& ws, const Block& block, bool dropping) const {
    const Tables<T>& t = ws.tables;
    if (!s_.constant)
      for (int64_t r = 0; r < block.count; ++r)
        attend<T>(scores_of(t.scores, block.rows[r]), s_.heads_stride, block.rows[r].tokens,
                  s_.length, s_.position_row, ws.weights + r * s_.length * s_.heads_stride);
    for (int64_t j = 0; j < s_.operands; ++j)
      block.for_groups(j, [&](int64_t token, const Group& group) {
        look_up(ws, block, j, token, group);
      });
    if (dropping)
      for (int64_t r = 0; r < block.count; ++r)
        ws.dropout.apply(ws.rows + r * s_.width_stride, s_.neurons, ws.jumps[block.first + r],
                         first_draw(ws.dropout, block.rows[r]) % 2 != 0);
    T* direct = ws.rows + s_.logits;
    for (int64_t k = 0; k < s_.neurons; k += kDepth)
      matmul<T>(block.count, s_.classes,
                {std::min(kDepth, s_.neurons - k), ws.rows + k, s_.width_stride, 1,
                 t.direct_t + k * s_.classes_stride, s_.classes_stride, direct, s_.width_stride,
                 direct, s_.width_stride, nullptr});
  }

  void look_up(Workspace& ws, const Block& block, int64_t operand, int64_t token,
               const Group& group) const {
    const Tables<T>& t = ws.tables;
    const Strided<T> rows{ws.rows, s_.width_stride};
    const T* table = t.values + token * s_.table_stride();
    const auto add = [&](int64_t first, bool end, auto with) {
      const int64_t rectified = end ? s_.logits : 0;
      if (operand == 0 && first == 0)
        with([&](int64_t r) { return t.start + query_of(block.rows[r]) * s_.width_stride; },
             rectified);
      else
        with([&](int64_t r) { return rows.row(r); }, rectified);
    };
    const bool last = operand == s_.operands - 1;
    if (s_.constant)
      return add(0, last, [&](auto start, int64_t rectified) {
        add_row<T>(group, rows, start, table, looked_up(), rectified);
      });
    const T* offset = t.offsets + operand * s_.table_stride();
    const Strided<const T> weights = of_operand<const T>(ws.weights, operand);
    for_tables(s_.tables, [&](auto tables, int64_t h) {
      constexpr int H = decltype(tables)::value;
      const Strided<const T> own{weights.data + h, weights.stride};
      add(h, last && h + H == s_.tables, [&](auto start, int64_t rectified) {
        add_rows<T, H>(group, rows, start, table + h * s_.width_stride,
                       offset + h * s_.width_stride, s_.width_stride, own, looked_up(), rectified);
      });
    });
  }

  // The rows hold neurons and gradients of logits; neurons become gradients of what was rectified.
  void backward(Workspace& ws, const Block& block) const {
    const Tables<T>& t = ws.tables;
    const T* grads = ws.rows + s_.logits;
    matmul<T>(s_.classes, s_.neurons,
              {block.count, grads, 1, s_.width_stride, ws.rows, s_.width_stride, t.direct_grad,
               s_.neurons_stride, t.direct_grad, s_.neurons_stride, nullptr});
    const T slope = ws.dropout.numbers ? T(static_cast<float>(1 / (1 - ws.dropout.rate))) : T(1);
    for (int64_t r = 0; r < block.count; ++r) {
      T* row = ws.rows + r * s_.width_stride;
      for (int64_t i = 0; i < s_.logits; i += kLanes<T>) {
        using V = Full<T>;
        store<V>(row + i, load<V>(row + i) > V{} ? splat<V>(slope) : V{});
      }
    }
    matmul<T>(block.count, s_.neurons,
              {s_.classes, grads, s_.width_stride, 1, t.direct, s_.neurons_stride, t.zeros(), 0,
               ws.rows, s_.width_stride, ws.rows});
    for (int64_t j = 0; j < s_.operands; ++j)
      block.for_groups(j, [&](int64_t token, const Group& group) {
        scatter(ws, j, token, group);
      });
    if (s_.last >= 0)
      scatter_row<T>(block.everything(), {ws.rows, s_.width_stride}, t.start_grad, looked_up());
    if (!s_.constant)
      for (int64_t r = 0; r < block.count; ++r) {
        const int64_t own = r * s_.length * s_.heads_stride;
        attend_gradient<T>(ws.weights + own, ws.weight_grads + own, s_.operands, s_.heads_stride,
                           block.rows[r].tokens, s_.length, s_.position_row,
                           t.score_grads +
                               query_of(block.rows[r]) * s_.inputs * s_.heads_stride);
      }
  }

  void scatter(Workspace& ws, int64_t operand, int64_t token, const Group& group) const {
    const Tables<T>& t = ws.tables;
    const Strided<const T> rows{ws.rows, s_.width_stride};
    T* grads = t.value_grads + token * s_.table_stride();
    if (operand == s_.length - 1)
      scatter_row<T>(group, rows, t.start_grad + token * s_.width_stride, looked_up());
    if (s_.constant) return scatter_row<T>(group, rows, grads, looked_up());
    const T* table = t.values + token * s_.table_stride();
    const T* offset = t.offsets + operand * s_.table_stride();
    T* offset_grads = t.value_grads + (s_.position_row + operand) * s_.table_stride();
    const Strided<const T> weights = of_operand<const T>(ws.weights, operand);
    const Strided<T> weight_grads = of_operand<T>(ws.weight_grads, operand);
    for_tables(s_.tables, [&](auto tables, int64_t h) {
      constexpr int H = decltype(tables)::value;
      const int64_t at = h * s_.width_stride;
      scatter_rows<T, H>(group, rows, {weights.data + h, weights.stride}, grads + at,
                         offset_grads + at, s_.width_stride, looked_up());
      dot_group<T, H>(group, rows, table + at, offset + at, s_.width_stride,
                      Strided<T>{weight_grads.data + h, weight_grads.stride}, looked_up(),
                      ws.scratch);
    });
  }

  const Shape<T> s_;
  const Examples& examples_;
};

}  // namespace fittest::transformer
