// Which neurons are dropped: NumPy's generator, from the state that a run has at a step.
//
// numpy.random.Generator(PCG64).random(dtype=float32) takes 24 bits of each half of a 64-bit
// number, the low half first (O'Neill, PCG, 2014: XSL-RR 128/64).

#pragma once

#include <cstdint>

namespace fittest {

__extension__ typedef unsigned __int128 Wide;

constexpr Wide wide(uint64_t high, uint64_t low) { return Wide(high) << 64 | low; }

constexpr Wide kMultiplier = wide(0x2360ED051FC65DA4, 0x4385DF649FCCF645);

// `count` steps of the generator at once: state * factor + increment * sum.
struct Jump {
  Wide factor = 1, sum = 0;

  explicit Jump(uint64_t count) {
    Wide multiplier = kMultiplier, plus = 1;
    for (; count > 0; count /= 2) {
      if (count % 2 != 0) {
        factor *= multiplier;
        sum = sum * multiplier + plus;
      }
      plus *= multiplier + 1;
      multiplier *= multiplier;
    }
  }
};

// What is dropped at one update. numbers: state and increment, each its high and its low half; null
// where nothing is. by_example: rows count through all examples, else through those of the update.
struct Dropout {
  const uint64_t* numbers = nullptr;
  double rate = 0;
  bool by_example = false;

  // Multiplies a row of neurons by 0 or 1 / (1 - rate). to_row: draws before this row, in pairs;
  // odd: one more.
  template <class T>
  void apply(T* row, int64_t neurons, const Jump& to_row, bool odd) const {
    const Wide increment = wide(numbers[2], numbers[3]);
    Wide state = wide(numbers[0], numbers[1]) * to_row.factor + increment * to_row.sum;
    const float bound = static_cast<float>(rate);
    const T kept = static_cast<T>(static_cast<float>(1 / (1 - rate)));
    const auto drop = [&](T* neuron, uint32_t bits) {
      *neuron *= static_cast<float>(bits >> 8) * 0x1p-24f < bound ? T(0) : kept;
    };
    for (int64_t i = -static_cast<int64_t>(odd); i < neurons; i += 2) {
      state = state * kMultiplier + increment;
      const uint64_t high = static_cast<uint64_t>(state >> 64), low = static_cast<uint64_t>(state);
      const unsigned turn = static_cast<unsigned>(high >> 58);
      const uint64_t mixed = high ^ low, drawn = mixed >> turn | mixed << (-turn & 63);
      if (i >= 0) drop(row + i, static_cast<uint32_t>(drawn));
      if (i + 1 < neurons) drop(row + i + 1, static_cast<uint32_t>(drawn >> 32));
    }
  }
};

}  // namespace fittest
