// Tables of a one-layer transformer: what tokens and positions contribute to what reads the
// residual stream, made of the weights once a step; and the way back from the tables' gradients.

#pragma once

#include <cmath>

#include "layers.h"
#include "matmul.h"
#include "transformer_shape.h"
#include "transpose.h"

namespace fittest::transformer {

// A matrix, or a transposed one, as products read it.
template <class T>
struct Factor {
  const T* data;
  int64_t row, column;  // strides
};

template <class T>
inline Factor<T> plain(const T* data, int64_t stride) {
  return {data, stride, 1};
}

template <class T>
inline Factor<T> transposed(const T* data, int64_t stride) {
  return {data, 1, stride};
}

template <class T>
class Tables {
 public:
  explicit Tables(const Shape<T>& s)
      : values(s.inputs * s.table_stride()), value_grads(s.inputs * s.table_stride()),
        start(queries(s) * s.width_stride), start_grad(queries(s) * s.width_stride),
        offsets(std::max<int64_t>(1, s.operands) * s.table_stride()),
        scores(score_size(s)), score_grads(score_size(s)),
        direct(round_up(s.classes, 2) * s.neurons_stride),
        direct_t(s.neurons * s.classes_stride), direct_grad(round_up(s.classes, 2) * s.neurons_stride),
        reads_t_(s.d * s.width_stride), bias_(s.width_stride), queries_(queries(s) * s.d_stride),
        query_grads_(queries(s) * s.d_stride), inner_(s.inputs * s.inner_width()),
        inner_grads_(s.inputs * s.inner_width()), between_t_(s.inner_width() * s.width_stride),
        between_(s.width * s.inner_width()), turned_(s.d * s.inner_width()),
        output_t_(s.inner_width() * s.d_stride), mlp_out_t_(s.neurons * s.d_stride),
        asked_(s.constant ? 0 : queries(s) * s.inner_width()),
        asked_grads_(s.constant ? 0 : queries(s) * s.inner_width()),
        seen_(s.constant ? 0 : queries(s) * s.heads_stride * s.d_stride),
        seen_grads_(s.constant ? 0 : queries(s) * s.heads_stride * s.d_stride),
        seen_t_(s.constant ? 0 : s.d * s.heads_stride),
        zeros_(std::max({s.width_stride, s.neurons_stride, s.inner_width(), s.d_stride})) {}

  // Of each input, a row for each table of what it contributes at weight 1. Offsets are added to
  // those of the first operands, for their positions; where a token ends all examples its own is
  // taken off, and is in `start` at weight 1, since weights add up to 1.
  Buffer<T> values, value_grads;
  Buffer<T> start, start_grad;  // for each query, what attention adds to
  Buffer<T> offsets;            // (operands, tables, width)
  Buffer<T> scores, score_grads;  // (queries, inputs, heads)
  Buffer<T> direct, direct_t, direct_grad;  // from neurons to classes: (classes, neurons)

  // A row of zeros, as wide as any.
  const T* zeros() const { return zeros_; }

  void clear(const Shape<T>& s) {
    std::memset(value_grads, 0, s.inputs * s.table_stride() * sizeof(T));
    std::memset(start_grad, 0, queries(s) * s.width_stride * sizeof(T));
    std::memset(score_grads, 0, score_size(s) * sizeof(T));
    std::memset(direct_grad, 0, round_up(s.classes, 2) * s.neurons_stride * sizeof(T));
  }

  void prepare(const Shape<T>& s, const T* w) {
    const T* inputs = w + s.embedding;
    transpose<T>(w + s.reads, s.width, s.d, s.d_stride, reads_t_, s.width_stride);
    turn_heads(s, w + s.value);
    matmul<T>(s.inputs, s.inner_width(),
              {s.d, inputs, s.d_stride, 1, turned_, s.inner_width(), zeros_, 0, inner_,
               s.inner_width(), nullptr});
    for (int64_t t = 0; t < s.tables; ++t) {
      T* between = between_t_ + t * s.inner_stride * s.width_stride;
      matmul<T>(s.inner, s.width,
                {s.d, w + s.output_of(t), 1, s.inner_stride, reads_t_, s.width_stride, zeros_, 0,
                 between, s.width_stride, nullptr});
      matmul<T>(s.inputs, s.width,
                {s.inner, inner_ + t * s.inner_stride, s.inner_width(), 1, between,
                 s.width_stride, zeros_, 0, values + t * s.width_stride, s.table_stride(),
                 nullptr});
    }
    if (s.neurons > 0) {
      matmul<T>(s.classes, s.neurons,
                {s.d, w + s.unembedding, s.d_stride, 1, w + s.mlp_out, s.neurons_stride, zeros_, 0,
                 direct, s.neurons_stride, nullptr});
      transpose<T>(direct, s.classes, s.neurons, s.neurons_stride, direct_t, s.classes_stride);
    }
    prepare_start(s, w);
    fold(s);
    if (!s.constant) prepare_scores(s, w);
  }

  // From the gradients of the tables to those of the weights, into g, which is zero.
  void gradient(const Shape<T>& s, const T* w, T* g) {
    unfold(s);
    T* inputs = g + s.embedding;
    values_gradient(s, w, g);
    if (s.neurons > 0) direct_gradient(s, w, g);
    bias_gradient(s, w, g);
    // Of the residual stream at the last position.
    add_product(s.queries, s.d, s.width, plain<T>(start_grad, s.width_stride), w + s.reads,
                s.d_stride, query_grads_, s.d_stride, false);
    add_product(s.width, s.d, s.queries, transposed<T>(start_grad, s.width_stride), queries_,
                s.d_stride, g + s.reads, s.d_stride, true);
    if (!s.constant) scores_gradient(s, w, g);
    const int64_t place = s.position_row + s.length - 1;
    for (int64_t y = 0; y < s.queries; ++y) {
      const T* from = query_grads_ + y * s.d_stride;
      add_row<T>(inputs + token_of(s, y) * s.d_stride, from, s.d);
      add_row<T>(inputs + place * s.d_stride, from, s.d);
    }
  }

 private:
  static int64_t queries(const Shape<T>& s) { return round_up(s.queries, kRowMultiple); }
  static int64_t score_size(const Shape<T>& s) {
    return s.constant ? 0 : s.queries * s.inputs * s.heads_stride;
  }
  static int64_t token_of(const Shape<T>& s, int64_t query) { return s.last < 0 ? query : s.last; }

  // c = a b, or c += a b.
  void add_product(int64_t rows, int64_t columns, int64_t depth, Factor<T> a, const T* b,
                   int64_t b_stride, T* c, int64_t c_stride, bool add) const {
    matmul<T>(rows, columns,
              {depth, a.data, a.row, a.column, b, b_stride, add ? c : zeros_, add ? c_stride : 0,
               c, c_stride, nullptr});
  }

  // The transposed matrix (d x heads) of weights of all heads, each head's columns padded.
  void turn_heads(const Shape<T>& s, const T* weights) {
    for (int64_t t = 0; t < s.tables; ++t)
      transpose<T>(weights + t * s.inner * s.d_stride, s.inner, s.d, s.d_stride,
                   turned_ + t * s.inner_stride, s.inner_width());
  }

  void prepare_start(const Shape<T>& s, const T* w) {
    const T* inputs = w + s.embedding;
    const T* place = inputs + (s.position_row + s.length - 1) * s.d_stride;
    for (int64_t y = 0; y < s.queries; ++y)
      for (int64_t i = 0; i < s.d_stride; ++i)
        queries_[y * s.d_stride + i] = inputs[token_of(s, y) * s.d_stride + i] + place[i];
    if (s.biases && s.neurons > 0) {
      std::memcpy(bias_, w + s.in_bias, s.neurons * sizeof(T));
      for (int64_t c = 0; c < s.classes; ++c) {
        T sum = 0;
        for (int64_t i = 0; i < s.d; ++i)
          sum += w[s.unembedding + c * s.d_stride + i] * w[s.out_bias + i];
        bias_[s.logits + c] = sum;
      }
    }
    matmul<T>(s.queries, s.width,
              {s.d, queries_, s.d_stride, 1, reads_t_, s.width_stride, bias_, 0, start,
               s.width_stride, nullptr});
  }

  void fold(const Shape<T>& s) {
    const auto at = [&](int64_t input, int64_t table) {
      return values + input * s.table_stride() + table * s.width_stride;
    };
    if (s.constant) {
      for (int64_t y = 0; y < s.queries; ++y) {
        T* to = start + y * s.width_stride;
        for (int64_t j = 0; j < s.length; ++j) add_row<T>(to, at(s.position_row + j, 0), s.width);
        if (s.last >= 0) add_row<T>(to, at(s.last, 0), s.width);
      }
      return;
    }
    for (int64_t t = 0; t < s.tables; ++t) {
      const T* token = s.last < 0 ? zeros_ : at(s.last, t);
      const T* place = s.last < 0 ? zeros_ : at(s.position_row + s.length - 1, t);
      add_row<T>(start, token, s.width);
      add_row<T>(start, place, s.width);
      for (int64_t j = 0; j < s.operands; ++j) {
        T* to = offsets + (j * s.tables + t) * s.width_stride;
        const T* from = at(s.position_row + j, t);
        for (int64_t i = 0; i < s.width; ++i) to[i] = from[i] - (place[i] + token[i]);
      }
    }
  }

  // The gradients of offsets are those of positions, but for what they take off.
  void unfold(const Shape<T>& s) {
    const auto at = [&](int64_t input, int64_t table) {
      return value_grads + input * s.table_stride() + table * s.width_stride;
    };
    const int64_t end = s.position_row + s.length - 1;
    if (s.constant) {
      for (int64_t y = 0; y < s.queries; ++y)
        for (int64_t j = 0; j < s.length; ++j)
          add_row<T>(at(s.position_row + j, 0), start_grad + y * s.width_stride, s.width);
      if (s.last >= 0) add_row<T>(at(s.last, 0), at(end, 0), s.width);
      return;
    }
    if (s.last < 0) return;
    for (int64_t t = 0; t < s.tables; ++t) {
      T* sum = at(end, t);
      add_row<T>(sum, start_grad, s.width);
      for (int64_t j = 0; j < s.operands; ++j) {
        const T* off = at(s.position_row + j, t);
        for (int64_t i = 0; i < s.width; ++i) sum[i] -= off[i];
      }
      add_row<T>(at(s.last, t), sum, s.width);
    }
  }

  void values_gradient(const Shape<T>& s, const T* w, T* g) {
    const int64_t all = s.inner_width();
    for (int64_t t = 0; t < s.tables; ++t) {
      const T* grads = value_grads + t * s.width_stride;
      // What was between output and reads in prepare() makes room for its gradient.
      T* between_t = between_t_ + t * s.inner_stride * s.width_stride;
      T* between = between_ + t * s.inner_stride;
      transpose<T>(between_t, s.inner, s.width, s.width_stride, between, all);
      add_product(s.inputs, s.inner, s.width, plain<T>(grads, s.table_stride()), between, all,
                  inner_grads_ + t * s.inner_stride, all, false);
      add_product(s.inner, s.width, s.inputs,
                  transposed<T>(inner_ + t * s.inner_stride, all), grads, s.table_stride(),
                  between_t, s.width_stride, false);
      transpose<T>(between_t, s.inner, s.width, s.width_stride, between, all);
      add_product(s.d, s.inner, s.width, transposed<T>(w + s.reads, s.d_stride), between, all,
                  g + s.output_of(t), s.inner_stride, false);
      T* output_t = output_t_ + t * s.inner_stride * s.d_stride;
      transpose<T>(w + s.output_of(t), s.d, s.inner, s.inner_stride, output_t, s.d_stride);
      // Heads one after the other: each overwrites the row that rounding adds to the one before.
      const T* weights = w + s.value + t * s.inner * s.d_stride;
      const T* grads_inner = inner_grads_ + t * s.inner_stride;
      add_product(s.inner, s.d, s.inputs, transposed<T>(grads_inner, all), w + s.embedding,
                  s.d_stride, g + s.value + t * s.inner * s.d_stride, s.d_stride, false);
      add_product(s.inputs, s.d, s.inner, plain<T>(grads_inner, all), weights, s.d_stride,
                  g + s.embedding, s.d_stride, true);
      add_product(s.width, s.d, s.inner, transposed<T>(between_t, s.width_stride), output_t,
                  s.d_stride, g + s.reads, s.d_stride, true);
    }
  }

  void direct_gradient(const Shape<T>& s, const T* w, T* g) {
    transpose<T>(w + s.mlp_out, s.d, s.neurons, s.neurons_stride, mlp_out_t_, s.d_stride);
    add_product(s.classes, s.d, s.neurons, plain<T>(direct_grad, s.neurons_stride), mlp_out_t_,
                s.d_stride, g + s.unembedding, s.d_stride, true);
    add_product(s.d, s.neurons, s.classes, transposed<T>(w + s.unembedding, s.d_stride),
                direct_grad, s.neurons_stride, g + s.mlp_out, s.neurons_stride, false);
  }

  void bias_gradient(const Shape<T>& s, const T* w, T* g) {
    if (!s.biases || s.neurons == 0) return;
    T* sum = bias_;
    std::memset(sum, 0, s.width_stride * sizeof(T));
    for (int64_t y = 0; y < s.queries; ++y)
      add_row<T>(sum, start_grad + y * s.width_stride, s.width);
    std::memcpy(g + s.in_bias, sum, s.neurons * sizeof(T));
    for (int64_t c = 0; c < s.classes; ++c) {
      const T own = sum[s.logits + c];
      for (int64_t i = 0; i < s.d; ++i) {
        g[s.unembedding + c * s.d_stride + i] += own * w[s.out_bias + i];
        g[s.out_bias + i] += own * w[s.unembedding + c * s.d_stride + i];
      }
    }
    std::memset(sum + s.neurons, 0, (s.logits - s.neurons) * sizeof(T));
  }

  // scores = inputs (query key^T)^T: for each query and head one vector that inputs are read with.
  void prepare_scores(const Shape<T>& s, const T* w) {
    const int64_t all = s.inner_width(), seen_stride = s.heads_stride * s.d_stride;
    turn_heads(s, w + s.query);
    add_product(s.queries, all, s.d, plain<T>(queries_, s.d_stride), turned_, all, asked_, all,
                false);
    const T scale = scale_of(s);
    for (int64_t i = 0; i < s.queries * all; ++i) asked_[i] *= scale;
    for (int64_t h = 0; h < s.heads; ++h)
      add_product(s.queries, s.d, s.inner, plain<T>(asked_ + h * s.inner_stride, all),
                  w + s.key + h * s.inner * s.d_stride, s.d_stride, seen_ + h * s.d_stride,
                  seen_stride, false);
    for (int64_t y = 0; y < s.queries; ++y) {
      transpose<T>(seen_ + y * seen_stride, s.heads, s.d, s.d_stride, seen_t_, s.heads_stride);
      add_product(s.inputs, s.heads, s.d, plain<T>(w + s.embedding, s.d_stride), seen_t_,
                  s.heads_stride, scores + y * s.inputs * s.heads_stride, s.heads_stride, false);
    }
  }

  void scores_gradient(const Shape<T>& s, const T* w, T* g) {
    const int64_t all = s.inner_width(), seen_stride = s.heads_stride * s.d_stride;
    for (int64_t y = 0; y < s.queries; ++y) {
      const T* grads = score_grads + y * s.inputs * s.heads_stride;
      add_product(s.heads, s.d, s.inputs, transposed<T>(grads, s.heads_stride), w + s.embedding,
                  s.d_stride, seen_grads_ + y * seen_stride, s.d_stride, false);
      add_product(s.inputs, s.d, s.heads, plain<T>(grads, s.heads_stride),
                  seen_ + y * seen_stride, s.d_stride, g + s.embedding, s.d_stride, true);
    }
    turn_heads(s, w + s.key);
    const T scale = scale_of(s);
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t rows = h * s.inner * s.d_stride, columns = h * s.inner_stride;
      const T* seen = seen_grads_ + h * s.d_stride;
      add_product(s.inner, s.d, s.queries, transposed<T>(asked_ + columns, all), seen,
                  seen_stride, g + s.key + rows, s.d_stride, false);
      add_product(s.queries, s.inner, s.d, plain<T>(seen, seen_stride), turned_ + columns, all,
                  asked_grads_ + columns, all, false);
    }
    for (int64_t i = 0; i < s.queries * all; ++i) asked_grads_[i] *= scale;
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t rows = h * s.inner * s.d_stride, columns = h * s.inner_stride;
      add_product(s.inner, s.d, s.queries, transposed<T>(asked_grads_ + columns, all), queries_,
                  s.d_stride, g + s.query + rows, s.d_stride, false);
      add_product(s.queries, s.d, s.inner, plain<T>(asked_grads_ + columns, all),
                  w + s.query + rows, s.d_stride, query_grads_, s.d_stride, true);
    }
  }

  static T scale_of(const Shape<T>& s) {
    return T(1 / std::sqrt(static_cast<double>(s.head_size)));
  }

  Buffer<T> reads_t_, bias_;
  Buffer<T> queries_, query_grads_;  // the residual stream at the last position
  Buffer<T> inner_, inner_grads_;    // values of inputs: (inputs, tables x inner)
  Buffer<T> between_t_, between_;    // from values to reads: (tables x inner, width)
  Buffer<T> turned_, output_t_, mlp_out_t_;
  Buffer<T> asked_, asked_grads_;  // queries of heads, scaled
  Buffer<T> seen_, seen_grads_, seen_t_;
  Buffer<T> zeros_;
};

}  // namespace fittest::transformer
