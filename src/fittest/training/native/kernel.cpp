// C interface of the native kernel.

#include <cstdint>

#include "architectures.h"

#define FITTEST_EXPORT extern "C" __attribute__((visibility("default")))

using namespace fittest;

namespace {

template <class Work>
int guarded(Work work) {
  try {
    work();
    return 0;
  } catch (...) {
    return 1;  // out of memory is the only thing that can fail
  }
}

EnsembleBase* of(void* handle) { return static_cast<EnsembleBase*>(handle); }

}  // namespace

FITTEST_EXPORT int fittest_interface() { return 3; }

FITTEST_EXPORT int fittest_vector_bytes() { return kVectorBytes; }

// sizes: those of the architecture. tokens: (count, operands). labels: (count). frozen: for each
// of so many parameters. Null when memory is short.
FITTEST_EXPORT void* fittest_create(int architecture, int scalar_bytes, const int64_t* sizes,
                                    int64_t runs, int64_t count, int64_t operands,
                                    const int32_t* tokens, const int32_t* labels,
                                    const uint8_t* frozen, int parameters) {
  EnsembleBase* ensemble = nullptr;
  guarded([&] {
    const Examples examples(count, operands, tokens, labels);
    ensemble = scalar_bytes == 4
                   ? made<float>(architecture, sizes, runs, examples, frozen, parameters)
                   : made<double>(architecture, sizes, runs, examples, frozen, parameters);
  });
  return ensemble;
}

FITTEST_EXPORT void fittest_destroy(void* handle) { delete of(handle); }

// train, test: indices of examples. hyper: lr, beta1, beta2, eps, weight decay, warm-up, l1, and
// whether the decay is decoupled.
FITTEST_EXPORT int fittest_set_run(void* handle, int64_t run, const int32_t* train,
                                   int64_t train_count, const int32_t* test, int64_t test_count,
                                   const double* hyper) {
  return guarded([&] {
    of(handle)->set_run(run, {train, train_count}, {test, test_count},
                        {hyper[0], hyper[1], hyper[2], hyper[3], hyper[4], hyper[5], hyper[6],
                         hyper[7] != 0});
  });
}

FITTEST_EXPORT int64_t fittest_step(void* handle) { return of(handle)->step; }

FITTEST_EXPORT void fittest_set_step(void* handle, int64_t step) { of(handle)->step = step; }

FITTEST_EXPORT void fittest_write(void* handle, int kind, int parameter, const void* values) {
  of(handle)->write(kind, parameter, values);
}

FITTEST_EXPORT void fittest_read(void* handle, int kind, int parameter, void* values) {
  of(handle)->read(kind, parameter, values);
}

FITTEST_EXPORT int fittest_keep(void* handle, const int64_t* indices, int64_t count) {
  return guarded([&] { of(handle)->keep(indices, count); });
}

// offsets, indices, losses: see Stretch; dropped, rate, by_example: see Dropout. Null for none.
FITTEST_EXPORT int fittest_advance(void* handle, int64_t steps, int threads,
                                   const int64_t* offsets, const int32_t* indices,
                                   double* losses, const uint64_t* dropped, double rate,
                                   int by_example) {
  return guarded([&] {
    const Dropout dropout{dropped, rate, by_example != 0};
    of(handle)->advance({steps, offsets, indices, losses, dropout}, threads);
  });
}

// out: per run train loss, test loss, train accuracy, test accuracy.
FITTEST_EXPORT int fittest_evaluate(void* handle, int threads, double* out) {
  return guarded([&] { of(handle)->evaluate(threads, out); });
}

FITTEST_EXPORT int fittest_gradients(void* handle, int threads, void* const* out) {
  return guarded([&] { of(handle)->gradients(threads, out); });
}
