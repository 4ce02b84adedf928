// The architectures that the kernel knows.

#pragma once

#include <cstdint>

#include "embedding_mlp.h"
#include "ensemble.h"
#include "transformer.h"
#include "two_table_mlp.h"

namespace fittest {

// The numbers by which native_networks/ calls the architectures.
enum Architecture { kEmbeddingMLP, kTwoTableMLP, kTransformer };

template <class T>
EnsembleBase* made(int architecture, const int64_t* sizes, int64_t runs, const Examples& examples,
                   const uint8_t* frozen, int parameters) {
  switch (architecture) {
    case kEmbeddingMLP:
      return new Ensemble<T, embedding_mlp::Network<T>>(sizes, runs, examples, frozen,
                                                        parameters);
    case kTwoTableMLP:
      return new Ensemble<T, two_table_mlp::Network<T>>(sizes, runs, examples, frozen,
                                                        parameters);
    case kTransformer:
      return new Ensemble<T, transformer::Network<T>>(sizes, runs, examples, frozen, parameters);
    default: return nullptr;
  }
}

// Both take long to compile, and do so side by side: these in double.cpp, those of float in
// kernel.cpp.
extern template EnsembleBase* made<double>(int, const int64_t*, int64_t, const Examples&,
                                           const uint8_t*, int);

}  // namespace fittest
