// The order in which examples are looked up: blocks with few different tokens at each position.

#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "examples.h"
#include "lookups.h"

namespace fittest::transformer {

// One example. place: among those that were listed.
struct Row {
  const int32_t* tokens;
  int32_t label;
  int64_t example, place;
};

// Examples that are worked on together. order: for each operand the rows by their tokens.
struct Block {
  const Row* rows;
  int64_t first, count;
  const int32_t* order;
  int64_t order_stride;
  const int32_t* every;

  Group everything() const { return {every, count}; }

  // Calls visit(token, group) for the rows with each token at a position.
  template <class Visit>
  void for_groups(int64_t operand, Visit visit) const {
    const int32_t* sorted = order + operand * order_stride;
    for (int64_t i = 0; i < count;) {
      const int32_t token = rows[sorted[i]].tokens[operand];
      int64_t end = i + 1;
      while (end < count && rows[sorted[end]].tokens[operand] == token) ++end;
      visit(token, Group{sorted + i, end - i});
      i = end;
    }
  }
};

class Order {
 public:
  Order(int64_t operands, int64_t vocabulary, int64_t block_rows)
      : operands_(operands), vocabulary_(vocabulary), block_rows_(block_rows) {
    for (int64_t r = 0; r < block_rows; ++r) every_.push_back(static_cast<int32_t>(r));
  }

  const std::vector<Row>& rows() const { return rows_; }

  void take(const Examples& examples, Listed listed) {
    rows_.clear();
    for (int64_t i = 0; i < listed.count; ++i) {
      const int64_t example = listed.indices[i];
      rows_.push_back({examples.tokens_of(example), examples.labels[example], example, i});
    }
    const int64_t total = listed.count;
    if (total == 0) return;
    // Within a tile of second tokens by first ones: with as many different ones of both kinds in
    // a block, they are fewest.
    sort([](const Row& row) { return row.tokens[0]; }, vocabulary_);
    if (operands_ > 1) {
      const double square = static_cast<double>(vocabulary_) * static_cast<double>(vocabulary_);
      const double fewest = std::sqrt(square * static_cast<double>(block_rows_) /
                                      static_cast<double>(total));
      const int64_t tiles = std::max<int64_t>(1, std::llround(
          static_cast<double>(vocabulary_) / std::max(1.0, fewest)));
      sort([&](const Row& row) { return row.tokens[1] * tiles / vocabulary_; }, tiles);
    }
    // Equal blocks: a short last one would be read for little.
    const int64_t blocks = (total + block_rows_ - 1) / block_rows_;
    rows_of_block_ = std::min(block_rows_, ((total + blocks - 1) / blocks + 1) / 2 * 2);
    order_.resize(operands_ * total);
    for_blocks([&](const Block& block) {
      for (int64_t j = 0; j < operands_; ++j) {
        int32_t* order = order_.data() + j * total + block.first;
        std::copy(every_.begin(), every_.begin() + block.count, order);
        std::stable_sort(order, order + block.count, [&](int32_t a, int32_t b) {
          return block.rows[a].tokens[j] < block.rows[b].tokens[j];
        });
      }
    });
  }

  template <class Visit>
  void for_blocks(Visit visit) const {
    const int64_t total = static_cast<int64_t>(rows_.size());
    for (int64_t first = 0; first < total; first += rows_of_block_)
      visit(Block{rows_.data() + first, first, std::min(rows_of_block_, total - first),
                  order_.data() + first, total, every_.data()});
  }

 private:
  // Stable, by keys 0..keys-1.
  template <class Key>
  void sort(Key key, int64_t keys) {
    begins_.assign(keys + 1, 0);
    for (const Row& row : rows_) ++begins_[key(row) + 1];
    for (int64_t k = 0; k < keys; ++k) begins_[k + 1] += begins_[k];
    sorted_.resize(rows_.size());
    for (const Row& row : rows_) sorted_[begins_[key(row)]++] = row;
    rows_.swap(sorted_);
  }

  int64_t operands_, vocabulary_, block_rows_, rows_of_block_ = 1;
  std::vector<Row> rows_, sorted_;
  std::vector<int32_t> order_, every_;
  std::vector<int64_t> begins_;
};

}  // namespace fittest::transformer
