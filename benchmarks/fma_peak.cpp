// The processor's fused multiply-adds that never leave the registers. Compiled by the benchmark for
// this very processor; needs nothing of the package.

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif

typedef float Vector __attribute__((vector_size(kBytes)));

// own: the thread's own processor time, else the clock on the wall.
double now(int own) {
  timespec t;
  clock_gettime(own ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Enough chains to hide the latency of an addition, few enough to have a register each.
template <int kChains>
double rate(double seconds, int own) {
  constexpr int64_t kRounds = 20000;
  Vector sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = Vector{} + static_cast<float>(i);
  Vector factor = Vector{} + 0.999f, term = Vector{} + 0.001f;
  __asm__ volatile("" : "+m"(factor), "+m"(term));
  const double start = now(own);
  int64_t done = 0;
  do {
    for (int64_t r = 0; r < kRounds; ++r) {
#pragma GCC unroll 16
      for (int i = 0; i < kChains; ++i) sums[i] = sums[i] * factor + term;
    }
    done += kRounds;
  } while (now(own) - start < seconds);
  const double elapsed = now(own) - start;
  __asm__ volatile("" : : "m"(sums) : "memory");
  return 2.0 * kBytes / 4 * kChains * static_cast<double>(done) / elapsed;
}

}  // namespace

// FLOP/s of this thread.
extern "C" __attribute__((visibility("default"))) double fittest_fma_rate(double seconds, int own) {
  return std::max({rate<8>(seconds / 3, own), rate<10>(seconds / 3, own),
                   rate<12>(seconds / 3, own)});
}
