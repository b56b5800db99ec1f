#include "delta/checkpoint_reader.h"

namespace rtl::delta {

Result<> ReadCheckpoint(store::ObjectStore&, const CheckpointFiles& files, Replay&) {
  return Fail(ErrorKind::kUnsupported, files.parts.front().key + ": checkpoints");
}

}  // namespace rtl::delta
