internal import CFuzzer
internal import Glibc

// libFuzzer calls a C function, which can't hold it.
private nonisolated(unsafe) var target: (Span<UInt8>) -> Void = { _ in }

/// Is the program: gives a target inputs as the command line says, and ends.
package func fuzz(_ run: @escaping (Span<UInt8>) -> Void) -> Never {
  target = run
  var argc = CommandLine.argc
  var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  exit(
    LLVMFuzzerRunDriver(&argc, &argv) { bytes, count in
      target(Span(_unsafeElements: UnsafeBufferPointer(start: bytes, count: count)))
      return 0
    })
}
