import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

@Suite("Threads")
struct ThreadTests {
  @Test("a thread has what it was given, and where there can't be one that has ended")
  func owning() async throws {
    await #expect(processExitsWith: .success) {
      func pipes() -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        precondition(pipe(&ends) == 0)
        return (ends[0], ends[1])
      }
      /// Whether a pipe's other end is closed, which is waited for.
      func isEnded(_ end: CInt) -> Bool {
        var byte: UInt8 = 0
        return read(end, &byte, 1) == 0
      }
      // No room for a stack.
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: .max)
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      for _ in 0..<100 {
        let (out, end) = pipes()
        #expect(throws: Errno.resourceTemporarilyUnavailable) {
          try Thread.start(owning: Descriptor(adopting: end)) { descriptor in _ = descriptor.rawValue }
        }
        #expect(isEnded(out))
        close(out)
      }
      limit.rlim_cur = .max
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let (out, end) = pipes()
      try Thread.start(owning: Descriptor(adopting: end)) { descriptor in
        precondition(descriptor.rawValue > 2)
      }
      #expect(isEnded(out))
    }
  }
}
