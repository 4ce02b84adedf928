// Where the numbers of a network lie, and how they are read from and written to the layout of
// torch.nn.Module.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

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

inline int64_t round_up(int64_t n, int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// A padded matrix inside an arena of weights, and the columns of the module's tensor it holds.
// parameter: the place of the tensor in nn.Module.named_parameters().
struct Piece {
  int parameter;
  int64_t offset, rows, columns, stride;
  int64_t first_column, module_columns;
};

// The weights of one network as one array; gradients and moments have the same layout.
template <class T>
class Layout {
 public:
  int64_t size = 0;
  std::vector<Piece> pieces;

  // Room for `columns` of a parameter's matrix, from `first_column` of `module_columns` on; returns
  // where it begins. Rows are `stride` numbers apart, and there is room for `row_multiple` of them.
  int64_t add(int parameter, int64_t rows, int64_t columns, int64_t stride, int64_t first_column,
              int64_t module_columns, int64_t row_multiple) {
    const int64_t offset = size;
    pieces.push_back({parameter, offset, rows, columns, stride, first_column, module_columns});
    size += round_up(round_up(rows, row_multiple) * stride, 64 / sizeof(T));
    return offset;
  }

  void pack(int parameter, const T* module, T* arena) const {
    for (const Piece& piece : pieces)
      if (piece.parameter == parameter)
        for (int64_t r = 0; r < piece.rows; ++r)
          std::memcpy(arena + piece.offset + r * piece.stride,
                      module + r * piece.module_columns + piece.first_column,
                      piece.columns * sizeof(T));
  }

  void unpack(int parameter, const T* arena, T* module) const {
    for (const Piece& piece : pieces)
      if (piece.parameter == parameter)
        for (int64_t r = 0; r < piece.rows; ++r)
          std::memcpy(module + r * piece.module_columns + piece.first_column,
                      arena + piece.offset + r * piece.stride, piece.columns * sizeof(T));
  }

  // How many parameters there are.
  int parameters() const {
    int count = 0;
    for (const Piece& piece : pieces)
      if (piece.parameter >= count) count = piece.parameter + 1;
    return count;
  }

  // Numbers of a parameter in the module.
  int64_t elements(int parameter) const {
    int64_t count = 0;
    for (const Piece& piece : pieces)
      if (piece.parameter == parameter) count += piece.rows * piece.columns;
    return count;
  }
};

}  // namespace fittest
