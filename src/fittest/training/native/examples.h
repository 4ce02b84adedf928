// The examples of a task, and which of them a network is trained on.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "arena.h"
#include "matmul.h"

namespace fittest {

// tokens: count x operands. labels: count. What all networks of an ensemble share.
struct Examples {
  int64_t count = 0, operands = 0;
  std::vector<int32_t> tokens, labels;

  Examples(int64_t count, int64_t operands, const int32_t* tokens, const int32_t* labels)
      : count(count), operands(operands), tokens(tokens, tokens + count * operands),
        labels(labels, labels + count) {}

  const int32_t* tokens_of(int64_t example) const { return tokens.data() + example * operands; }
};

// Some examples, by their indices.
struct Listed {
  const int32_t* indices = nullptr;
  int64_t count = 0;
};

// Calls visit(first, rows) for blocks of about block_rows examples, at most half more.
template <class Example, class Visit>
inline void for_blocks(const std::vector<Example>& examples, int64_t block_rows, Visit visit) {
  const int64_t total = static_cast<int64_t>(examples.size());
  if (total == 0) return;
  // Equal blocks: a short last one would leave its tiles half empty.
  const int64_t blocks = std::max<int64_t>(1, (total + block_rows / 2) / block_rows);
  const int64_t rows = round_up((total + blocks - 1) / blocks, kRowMultiple);
  for (int64_t first = 0; first < total; first += rows)
    visit(examples.data() + first, std::min(rows, total - first));
}

// Means over examples; NaN of none.
struct Result {
  double loss = NAN, accuracy = NAN;
};

}  // namespace fittest
