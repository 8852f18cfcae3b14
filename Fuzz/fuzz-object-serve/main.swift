internal import CFuzzer
internal import FuzzTargets
internal import Glibc

var argc = CommandLine.argc
var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
  LLVMFuzzerRunDriver(&argc, &argv) { bytes, count in
    ObjectServeTarget.run(Span(_unsafeElements: UnsafeBufferPointer(start: bytes, count: count)))
    return 0
  })
