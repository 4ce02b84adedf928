// Networks of one shape, and the queue that hands them to threads.

#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <type_traits>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "dropout.h"
#include "examples.h"
#include "optimiser.h"

namespace fittest {

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

// What a stretch of updates is made on, and what is kept of it.
//
// offsets, indices: of network i and update t of `steps`, the examples
// indices[offsets[i * steps + t]] up to indices[offsets[i * steps + t + 1]]; without them, at each
// update all that the network is trained on. losses: (networks, steps), or null. dropout: that of
// the first network's first update; its numbers go on as (networks, steps, 4).
struct Stretch {
  int64_t steps;
  const int64_t* offsets;
  const int32_t* indices;
  double* losses;
  Dropout dropout;
};

// Whether a network drops neurons: then it has drop().
template <class Network, class = void>
constexpr bool kDropping = false;
template <class Network>
constexpr bool kDropping<Network, std::enable_if_t<Network::kDrops>> = true;

// An ensemble whatever its networks and their type; arrays of values are as in the module, one
// network after the other.
class EnsembleBase {
 public:
  virtual ~EnsembleBase() = default;
  virtual void set_run(int64_t run, Listed train, Listed test, const Hyperparameters& hyper) = 0;
  virtual void write(int kind, int parameter, const void* values) = 0;
  virtual void read(int kind, int parameter, void* values) const = 0;
  virtual void keep(const int64_t* indices, int64_t count) = 0;
  virtual void advance(const Stretch& stretch, int threads) = 0;
  virtual void evaluate(int threads, double* out) = 0;
  virtual void gradients(int threads, void* const* out) = 0;
  int64_t step = 0;
};

// Network: one architecture for numbers of type T (embedding_mlp.h and its like). It holds shapes,
// no weights; a workspace serves one thread. It has at most kParameters parameters.
template <class T, class Network>
class Ensemble final : public EnsembleBase {
 public:
  // frozen: for each of so many parameters.
  Ensemble(const int64_t* sizes, int64_t runs, const Examples& examples, const uint8_t* frozen,
           int parameters)
      : examples_(examples), network_(sizes, examples_, copied(frozen, parameters)) {
    for (int64_t i = 0; i < runs; ++i)
      runs_.push_back(std::make_unique<Run>(network_.layout().size));
  }

  void set_run(int64_t run, Listed train, Listed test, const Hyperparameters& hyper) override {
    runs_[run]->train.assign(train.indices, train.indices + train.count);
    runs_[run]->test.assign(test.indices, test.indices + test.count);
    runs_[run]->state.hyper = hyper;
  }

  void write(int kind, int parameter, const void* values) override {
    const T* from = static_cast<const T*>(values);
    for (auto& run : runs_) {
      network_.layout().pack(parameter, from, array(run->state, kind));
      from += network_.layout().elements(parameter);
    }
  }

  void read(int kind, int parameter, void* values) const override {
    T* to = static_cast<T*>(values);
    for (auto& run : runs_) {
      network_.layout().unpack(parameter, array(run->state, kind), to);
      to += network_.layout().elements(parameter);
    }
  }

  void keep(const int64_t* indices, int64_t count) override {
    std::vector<std::unique_ptr<Run>> kept;
    for (int64_t i = 0; i < count; ++i) kept.push_back(std::move(runs_[indices[i]]));
    runs_ = std::move(kept);
  }

  void advance(const Stretch& stretch, int threads) override {
    const int64_t first = step;
    for_runs(threads, [&](int64_t i, Workspace& ws) {
      Run& run = *runs_[i];
      if (!stretch.offsets) network_.take(ws, listed(run.train));
      for (int64_t t = 0; t < stretch.steps; ++t) {
        const int64_t update_number = i * stretch.steps + t;
        if (stretch.offsets) {
          const int64_t* offset = stretch.offsets + update_number;
          network_.take(ws, {stretch.indices + offset[0], offset[1] - offset[0]});
        }
        if constexpr (kDropping<Network>) network_.drop(ws, dropout_of(stretch, update_number));
        if (stretch.losses)
          stretch.losses[update_number] =
              network_.template gradient<true>(run.state.weights, ws);
        else
          network_.template gradient<false>(run.state.weights, ws);
        update<T>(network_.layout(), frozen_, run.state, ws.gradient, first + t + 1);
      }
      if constexpr (kDropping<Network>) network_.drop(ws, {});
    });
    step += stretch.steps;
  }

  // out: (networks, 4), losses and accuracies of both parts.
  void evaluate(int threads, double* out) override {
    for_runs(threads, [&](int64_t i, Workspace& ws) {
      const Run& run = *runs_[i];
      network_.prepare(run.state.weights, ws);
      network_.take(ws, listed(run.train));
      const Result train = network_.evaluate(run.state.weights, ws);
      network_.take(ws, listed(run.test));
      const Result test = network_.evaluate(run.state.weights, ws);
      const double values[] = {train.loss, test.loss, train.accuracy, test.accuracy};
      std::copy(values, values + 4, out + 4 * i);
    });
  }

  // Of the mean loss of all that each network is trained on. out: one array for each parameter.
  void gradients(int threads, void* const* out) override {
    for_runs(threads, [&](int64_t i, Workspace& ws) {
      network_.take(ws, listed(runs_[i]->train));
      network_.template gradient<false>(runs_[i]->state.weights, ws);
      for (int q = 0; q < network_.layout().parameters(); ++q)
        network_.layout().unpack(q, ws.gradient,
                                 static_cast<T*>(out[q]) + i * network_.layout().elements(q));
    });
  }

 private:
  using Workspace = typename Network::Workspace;

  struct Run {
    State<T> state;
    std::vector<int32_t> train, test;

    explicit Run(int64_t size) : state(size) {}
  };

  static Listed listed(const std::vector<int32_t>& indices) {
    return {indices.data(), static_cast<int64_t>(indices.size())};
  }

  static Dropout dropout_of(const Stretch& stretch, int64_t update_number) {
    Dropout own = stretch.dropout;
    if (own.numbers) own.numbers += 4 * update_number;
    return own;
  }

  const bool* copied(const uint8_t* frozen, int parameters) {
    for (int q = 0; q < Network::kParameters; ++q) frozen_[q] = q < parameters && frozen[q] != 0;
    return frozen_;
  }

  T* array(const State<T>& state, int kind) const {
    return kind == kWeights ? state.weights : kind == kFirstMoment ? state.first_moment
                                                                   : state.second_moment;
  }

  // A network belongs to one thread for the whole call, so the result cannot depend on how many
  // threads there are.
  void for_runs(int threads, const std::function<void(int64_t, Workspace&)>& work) {
    const int64_t size = static_cast<int64_t>(runs_.size());
    const size_t count = std::max<int64_t>(1, std::min<int64_t>(threads, size));
    while (workspaces_.size() < count) workspaces_.push_back(network_.workspace());
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

  const Examples examples_;
  bool frozen_[Network::kParameters];
  const Network network_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<std::unique_ptr<Workspace>> workspaces_;
};

}  // namespace fittest
