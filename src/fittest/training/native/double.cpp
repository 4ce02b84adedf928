// The kernel's networks of double.

#include "architectures.h"

namespace fittest {

template EnsembleBase* made<double>(int, const int64_t*, int64_t, const Examples&, const uint8_t*,
                                    int);

}  // namespace fittest
