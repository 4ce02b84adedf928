// One embedding MLP: where its numbers lie, and how they are read from and written to the
// layout of torch.nn.Module.

#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "matmul.h"

namespace fittest {

// Zeroed memory aligned to a cache line. The zeros matter: padding is read and must stay finite.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t count) {
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 63) / 64 * 64;
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, bytes > 0 ? bytes : 64) != 0) throw std::bad_alloc();
    std::memset(memory, 0, bytes);
    data_.reset(static_cast<T*>(memory));
  }
  operator T*() const { return data_.get(); }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };
  std::unique_ptr<T, Free> data_;
};

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

inline int64_t round_up(int64_t n, int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Sizes of the architecture and of its padded matrices. `*_stride` is the padded row length.
template <class T>
struct Shape {
  int64_t p, d, h1, h2, classes;
  int64_t d_stride, h1_stride, h2_stride, classes_stride;

  Shape(int64_t p, int64_t d, int64_t h1, int64_t h2, int64_t classes)
      : p(p), d(d), h1(h1), h2(h2), classes(classes), d_stride(round_up(d, kLanes<T>)),
        h1_stride(round_up(h1, kLanes<T>)), h2_stride(round_up(h2, kLanes<T>)),
        classes_stride(round_up(classes, kLanes<T>)) {}
};

// A padded matrix inside an arena of weights, and the columns of the module's tensor it holds.
struct Piece {
  Parameter parameter;
  int64_t offset, rows, columns, stride;
  int64_t first_column, module_columns;
};

// The weights of one network as one array; gradients and moments have the same layout.
template <class T>
struct Layout {
  int64_t embedding, input_a, input_b, input_bias, hidden, hidden_bias, output, output_bias;
  int64_t size = 0;
  std::vector<Piece> pieces;

  explicit Layout(const Shape<T>& s) {
    embedding = add(kEmbedding, s.p, s.d, s.d_stride, 0, s.d);
    input_a = add(kInputWeight, s.h1, s.d, s.d_stride, 0, 2 * s.d);
    input_b = add(kInputWeight, s.h1, s.d, s.d_stride, s.d, 2 * s.d);
    input_bias = add(kInputBias, 1, s.h1, s.h1_stride, 0, s.h1);
    hidden = add(kHiddenWeight, s.h2, s.h1, s.h1_stride, 0, s.h1);
    hidden_bias = add(kHiddenBias, 1, s.h2, s.h2_stride, 0, s.h2);
    output = add(kOutputWeight, s.classes, s.h2, s.h2_stride, 0, s.h2);
    output_bias = add(kOutputBias, 1, s.classes, s.classes_stride, 0, s.classes);
  }

  void pack(Parameter parameter, const T* module, T* arena) const {
    for (const Piece& piece : pieces)
      if (piece.parameter == parameter)
        for (int64_t r = 0; r < piece.rows; ++r)
          std::memcpy(arena + piece.offset + r * piece.stride,
                      module + r * piece.module_columns + piece.first_column,
                      piece.columns * sizeof(T));
  }

  void unpack(Parameter parameter, const T* arena, T* module) const {
    for (const Piece& piece : pieces)
      if (piece.parameter == parameter)
        for (int64_t r = 0; r < piece.rows; ++r)
          std::memcpy(module + r * piece.module_columns + piece.first_column,
                      arena + piece.offset + r * piece.stride, piece.columns * sizeof(T));
  }

 private:
  int64_t add(Parameter parameter, int64_t rows, int64_t columns, int64_t stride,
              int64_t first_column, int64_t module_columns) {
    const int64_t offset = size;
    pieces.push_back({parameter, offset, rows, columns, stride, first_column, module_columns});
    size += round_up(round_up(rows, kRowMultiple) * stride, 64 / sizeof(T));
    return offset;
  }
};

struct Hyperparameters {
  double lr, beta1, beta2, eps, weight_decay;
};

template <class T>
struct Network {
  Buffer<T> weights, first_moment, second_moment;
  std::vector<uint8_t> train_mask;
  Hyperparameters hyper{};

  Network(const Layout<T>& layout, int64_t pairs)
      : weights(layout.size), first_moment(layout.size), second_moment(layout.size),
        train_mask(pairs) {}
};

}  // namespace fittest
