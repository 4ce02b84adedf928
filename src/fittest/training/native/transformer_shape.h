// Sizes of a one-layer transformer, and where its weights lie.

#pragma once

#include <algorithm>

#include "arena.h"
#include "vector.h"

namespace fittest::transformer {

// Numbers of one cache line.
template <class T>
constexpr int64_t kLine = 64 / sizeof(T);

// Rows an even number of lines apart fall into few sets of the first cache.
template <class T>
inline int64_t odd_lines(int64_t columns) {
  const int64_t lines = (columns + kLine<T> - 1) / kLine<T>;
  return (lines | 1) * kLine<T>;
}

// Everything before the ReLU is linear in the tokens once the weights of attention are given, so
// tables of tokens and positions serve all examples. With constant attention the heads add up, and
// one table serves them all.
//
// "Inputs" are the rows of the embedding and, from `position_row` on, those of the positions.
// "Reads" are what reads the residual stream: neurons, and from column `logits` on the classes.
template <class T>
struct Shape {
  static constexpr int kMaxParameters = 11;

  int64_t vocabulary, length, d, heads, head_size, neurons, classes;
  bool biases, positions, constant;
  int64_t last;  // the token that ends all examples, or -1

  int64_t operands;       // positions whose tokens differ between examples, the first ones
  int64_t queries;        // tokens that may be the last one
  int64_t tables, inner;  // tables of values, and the width that each passes through
  int64_t position_row, inputs;
  int64_t logits, width;
  int64_t d_stride, inner_stride, width_stride, heads_stride, neurons_stride, classes_stride;
  int64_t embedding, reads, query, key, value, output, output_size, mlp_out, in_bias, out_bias;
  int64_t unembedding;
  int parameters = 0;
  Layout<T> layout;

  // sizes: the first eleven fields, in their order.
  explicit Shape(const int64_t* sizes)
      : vocabulary(sizes[0]), length(sizes[1]), d(sizes[2]), heads(sizes[3]),
        head_size(sizes[4]), neurons(sizes[5]), classes(sizes[6]), biases(sizes[7] != 0),
        positions(sizes[8] != 0), constant(sizes[9] != 0), last(length > 1 ? sizes[10] : -1),
        operands(last < 0 ? length : length - 1), queries(last < 0 ? vocabulary : 1),
        tables(constant ? 1 : heads), inner(constant ? heads * head_size : head_size) {
    const int64_t line = kLine<T>;
    position_row = round_up(vocabulary, kRows);
    inputs = position_row + round_up(length, kRows);
    logits = round_up(neurons, line);
    width = logits + classes;
    d_stride = round_up(d, line);
    inner_stride = round_up(inner, line);
    width_stride = odd_lines<T>(logits + round_up(classes, line));
    heads_stride = round_up(tables, kLanes<T>);
    neurons_stride = odd_lines<T>(neurons);
    classes_stride = odd_lines<T>(classes);
    place();
  }

  int64_t table_stride() const { return tables * width_stride; }
  int64_t inner_width() const { return tables * inner_stride; }
  // Classes as the softmax takes them.
  int64_t logits_stride() const { return round_up(classes, kLanes<T>); }
  int64_t output_of(int64_t table) const { return output + table * output_size; }

 private:
  static constexpr int64_t kRows = 2;  // kRowMultiple of products

  void place() {
    // In the order of nn.Module.named_parameters(), which leaves out what a network has not.
    const bool mlp = neurons > 0;
    const int tokens = parameters++, places = positions ? parameters++ : 0;
    const int of_query = parameters++, of_key = parameters++, of_value = parameters++;
    const int of_output = parameters++, of_in = mlp ? parameters++ : 0;
    const int of_in_bias = mlp && biases ? parameters++ : 0;
    const int of_out = mlp ? parameters++ : 0;
    const int of_out_bias = mlp && biases ? parameters++ : 0, of_last = parameters++;

    // Tokens and positions, neurons and classes: each two are one matrix. Lines are whole, so
    // that nothing lies between them.
    embedding = layout.add(tokens, vocabulary, d, d_stride, 0, d, kRows);
    if (positions)
      layout.add(places, length, d, d_stride, 0, d, kRows);
    else
      layout.size += round_up(length, kRows) * d_stride;
    reads = layout.size;
    if (mlp) layout.add(of_in, neurons, d, d_stride, 0, d, kLine<T>);
    unembedding = layout.add(of_last, classes, d, d_stride, 0, d, kRows);
    const int64_t all = heads * head_size;
    query = add_heads(of_query, all);
    key = add_heads(of_key, all);
    value = add_heads(of_value, all);
    output = layout.size;
    for (int64_t h = 0; h < tables; ++h)
      layout.add(of_output, d, inner, inner_stride, h * inner, all, kRows);
    output_size = (layout.size - output) / tables;
    mlp_out = layout.size;
    if (mlp) layout.add(of_out, d, neurons, neurons_stride, 0, neurons, kRows);
    in_bias = layout.size;
    if (mlp && biases) layout.add(of_in_bias, 1, neurons, round_up(neurons, kLine<T>), 0, neurons, 1);
    out_bias = layout.size;
    if (mlp && biases) layout.add(of_out_bias, 1, d, d_stride, 0, d, 1);
  }

  // Room for one row more: products of a head with an odd number of rows write it.
  int64_t add_heads(int parameter, int64_t rows) {
    const int64_t offset = layout.add(parameter, rows, d, d_stride, 0, d, kRows);
    layout.size += d_stride;
    return offset;
  }
};

}  // namespace fittest::transformer
