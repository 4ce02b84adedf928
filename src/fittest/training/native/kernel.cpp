// C interface of the native kernel, and the queue that hands networks to threads.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <system_error>
#include <thread>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "step.h"

#define FITTEST_EXPORT extern "C" __attribute__((visibility("default")))

namespace fittest {
namespace {

// Denormal operands cost a hundred cycles on some processors and carry nothing here: they are far
// below every epsilon of the optimiser.
class FlushDenormals {
 public:
#if defined(__SSE__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
    __asm__ volatile("msr fpcr, %0" : : "r"(saved_ | (uint64_t{1} << 24)));
  }
  ~FlushDenormals() { __asm__ volatile("msr fpcr, %0" : : "r"(saved_)); }

 private:
  uint64_t saved_;
#endif
};

enum Kind { kWeights, kFirstMoment, kSecondMoment };

class EnsembleBase {
 public:
  virtual ~EnsembleBase() = default;
  virtual void set_run(int64_t run, const uint8_t* mask, const double* hyper) = 0;
  virtual void write(int kind, int parameter, const void* values) = 0;
  virtual void read(int kind, int parameter, void* values) const = 0;
  virtual void keep(const int64_t* indices, int64_t count) = 0;
  virtual void advance(int64_t steps, int threads) = 0;
  virtual void evaluate(int threads, double* out) = 0;
  virtual void gradients(int threads, void* const* out) = 0;
  int64_t step = 0;
};

template <class T>
class Ensemble final : public EnsembleBase {
 public:
  Ensemble(const Shape<T>& shape, int64_t size, const int64_t* labels, const uint8_t* frozen)
      : shape_(shape), layout_(shape), labels_(labels, labels + shape.p * shape.p),
        trainer_(shape_, layout_, labels_.data(), copy(frozen)) {
    for (int64_t i = 0; i < size; ++i)
      networks_.push_back(std::make_unique<Network<T>>(layout_, shape.p * shape.p));
  }

  void set_run(int64_t run, const uint8_t* mask, const double* h) override {
    Network<T>& net = *networks_[run];
    net.train_mask.assign(mask, mask + shape_.p * shape_.p);
    net.hyper = {h[0], h[1], h[2], h[3], h[4]};
  }

  void write(int kind, int parameter, const void* values) override {
    const T* from = static_cast<const T*>(values);
    for (auto& net : networks_) {
      layout_.pack(Parameter(parameter), from, array(*net, kind));
      from += elements(parameter);
    }
  }

  void read(int kind, int parameter, void* values) const override {
    T* to = static_cast<T*>(values);
    for (auto& net : networks_) {
      layout_.unpack(Parameter(parameter), array(*net, kind), to);
      to += elements(parameter);
    }
  }

  void keep(const int64_t* indices, int64_t count) override {
    std::vector<std::unique_ptr<Network<T>>> kept;
    for (int64_t i = 0; i < count; ++i) kept.push_back(std::move(networks_[indices[i]]));
    networks_ = std::move(kept);
  }

  void advance(int64_t steps, int threads) override {
    const int64_t first = step;
    for_networks(threads, [&](int64_t i, Workspace<T>& ws) {
      Network<T>& net = *networks_[i];
      ws.split_pairs(shape_, net.train_mask);
      for (int64_t t = 1; t <= steps; ++t) {
        trainer_.gradient(net.weights, ws);
        trainer_.update(net, ws.gradient, first + t);
      }
    });
    step += steps;
  }

  void evaluate(int threads, double* out) override {
    for_networks(threads, [&](int64_t i, Workspace<T>& ws) {
      const Network<T>& net = *networks_[i];
      ws.split_pairs(shape_, net.train_mask);
      trainer_.prepare(net.weights, ws);
      const Result train = trainer_.evaluate(net.weights, ws, ws.train);
      const Result test = trainer_.evaluate(net.weights, ws, ws.test);
      const double values[] = {train.loss, test.loss, train.accuracy, test.accuracy};
      std::copy(values, values + 4, out + 4 * i);
    });
  }

  void gradients(int threads, void* const* out) override {
    for_networks(threads, [&](int64_t i, Workspace<T>& ws) {
      ws.split_pairs(shape_, networks_[i]->train_mask);
      trainer_.gradient(networks_[i]->weights, ws);
      for (int q = 0; q < kParameters; ++q)
        layout_.unpack(Parameter(q), ws.gradient, static_cast<T*>(out[q]) + i * elements(q));
    });
  }

 private:
  const bool* copy(const uint8_t* frozen) {
    for (int q = 0; q < kParameters; ++q) frozen_[q] = frozen[q] != 0;
    return frozen_;
  }

  T* array(const Network<T>& net, int kind) const {
    return kind == kWeights ? net.weights : kind == kFirstMoment ? net.first_moment
                                                                 : net.second_moment;
  }

  int64_t elements(int parameter) const {
    int64_t count = 0;
    for (const Piece& piece : layout_.pieces)
      if (piece.parameter == parameter) count += piece.rows * piece.columns;
    return count;
  }

  // A network belongs to one thread for the whole call, so the result cannot depend on how many
  // threads there are.
  void for_networks(int threads, const std::function<void(int64_t, Workspace<T>&)>& work) {
    const int64_t size = static_cast<int64_t>(networks_.size());
    const size_t count = std::max<int64_t>(1, std::min<int64_t>(threads, size));
    while (workspaces_.size() < count)
      workspaces_.push_back(std::make_unique<Workspace<T>>(shape_, layout_));
    std::atomic<int64_t> next{0};
    const auto loop = [&](size_t worker) {
      const FlushDenormals guard;
      for (int64_t i = next++; i < size; i = next++) work(i, *workspaces_[worker]);
    };
    std::vector<std::thread> others;
    for (size_t worker = 1; worker < count; ++worker) {
      try {
        others.emplace_back(loop, worker);
      } catch (const std::system_error&) {
        break;  // fewer threads than asked for: the queue serves those that started
      }
    }
    loop(0);
    for (std::thread& other : others) other.join();
  }

  const Shape<T> shape_;
  const Layout<T> layout_;
  const std::vector<int64_t> labels_;
  bool frozen_[kParameters];
  const Trainer<T> trainer_;
  std::vector<std::unique_ptr<Network<T>>> networks_;
  std::vector<std::unique_ptr<Workspace<T>>> workspaces_;
};

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
}  // namespace fittest

using namespace fittest;

FITTEST_EXPORT int fittest_interface() { return 1; }

FITTEST_EXPORT int fittest_vector_bytes() { return kVectorBytes; }

// sizes: p, d, h1, h2, classes, runs. Null when memory is short.
FITTEST_EXPORT void* fittest_create(int scalar_bytes, const int64_t* sizes, const int64_t* labels,
                                    const uint8_t* frozen) {
  EnsembleBase* made = nullptr;
  guarded([&] {
    if (scalar_bytes == 4)
      made = new Ensemble<float>({sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]}, sizes[5],
                                 labels, frozen);
    else
      made = new Ensemble<double>({sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]}, sizes[5],
                                  labels, frozen);
  });
  return made;
}

FITTEST_EXPORT void fittest_destroy(void* handle) { delete of(handle); }

// hyper: lr, beta1, beta2, eps, weight decay.
FITTEST_EXPORT int fittest_set_run(void* handle, int64_t run, const uint8_t* mask,
                                   const double* hyper) {
  return guarded([&] { of(handle)->set_run(run, mask, hyper); });
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

FITTEST_EXPORT int fittest_advance(void* handle, int64_t steps, int threads) {
  return guarded([&] { of(handle)->advance(steps, threads); });
}

// out: per run train loss, test loss, train accuracy, test accuracy.
FITTEST_EXPORT int fittest_evaluate(void* handle, int threads, double* out) {
  return guarded([&] { of(handle)->evaluate(threads, out); });
}

FITTEST_EXPORT int fittest_gradients(void* handle, int threads, void* const* out) {
  return guarded([&] { of(handle)->gradients(threads, out); });
}
