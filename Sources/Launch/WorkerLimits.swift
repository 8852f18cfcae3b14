/// How much a worker may use.
struct WorkerLimits {
  let descriptors: UInt
  let addressSpace: UInt
}
