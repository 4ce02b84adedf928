// The examples of a task, and which of them a network is trained on.

#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

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

// Means over examples; NaN of none.
struct Result {
  double loss = NAN, accuracy = NAN;
};

}  // namespace fittest
