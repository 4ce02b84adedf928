// The native kernel's own matmul, without anything around it. Compiled by the benchmark against the
// kernel's headers.

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "matmul.h"

using namespace fittest;

namespace {

// own: the thread's own processor time, else the clock on the wall.
double now(int own) {
  timespec t;
  clock_gettime(own ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

int64_t round_up(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

struct Matrix {
  explicit Matrix(int64_t count) {
    data = static_cast<float*>(std::aligned_alloc(64, round_up(count * 4 + 64, 64)));
    for (int64_t i = 0; i < count; ++i) data[i] = 1e-3f * static_cast<float>(i % 7);
  }
  ~Matrix() { std::free(data); }
  float* data;
};

constexpr int64_t kBlock = 48;

}  // namespace

#define FITTEST_EXPORT extern "C" __attribute__((visibility("default")))

// FLOP/s of this thread in C (rows x columns) = A (rows x depth) B, padding not counted.
// As in the training step, rows (or, with `transposed`, the depth) go by in blocks that stay in
// the cache; one block is used again and again, which is the kindest case.
FITTEST_EXPORT double fittest_matmul_rate(int64_t rows, int64_t depth, int64_t columns,
                                          int transposed, double seconds, int own) {
  const int64_t a_rows = transposed ? depth : rows;
  const int64_t a_columns = transposed ? rows : depth;
  const int64_t blocks = (a_rows + kBlock - 1) / kBlock;
  const int64_t block = (a_rows + blocks - 1) / blocks;
  const int64_t a_stride = round_up(a_columns, kLanes<float>);
  const int64_t stride = round_up(columns, kLanes<float>);
  const int64_t margin = 64;
  Matrix a((block + margin) * a_stride), b((depth + margin) * stride);
  Matrix c((rows + margin) * stride), zeros(stride);
  MatmulArguments<float> arguments = {};
  arguments.a = a.data;
  arguments.b = b.data;
  arguments.b_stride = stride;
  arguments.c = c.data;
  arguments.c_stride = stride;
  if (transposed) {
    arguments.depth = block;
    arguments.a_row = 1;
    arguments.a_depth = a_stride;
    arguments.init = c.data;
    arguments.init_stride = stride;
  } else {
    arguments.depth = depth;
    arguments.a_row = a_stride;
    arguments.a_depth = 1;
    arguments.init = zeros.data;
    arguments.init_stride = 0;
  }
  const double flops = 2.0 * static_cast<double>(block) * (transposed ? rows : depth) * columns;
  const int64_t batch = std::max<int64_t>(1, static_cast<int64_t>(1e7 / flops));
  const double start = now(own);
  int64_t done = 0;
  do {
    for (int64_t i = 0; i < batch; ++i) matmul<float>(transposed ? rows : block, columns, arguments);
    done += batch;
  } while (now(own) - start < seconds);
  return flops * static_cast<double>(done) / (now(own) - start);
}
