import Glibc
import HelperHarness
import Testing

/// No request costs an allocation: `allocation-count`, a release build, serves itself and counts.
@Suite struct AllocationTests {
  @Test func noRequestAllocates() throws {
    let directory = try TemporaryDirectory()
    let output = try Output()
    let process = try spawn(Programs.allocationCount, [directory.path, "2000"], output: output)
    #expect(process.wait(seconds: 60) == 0, "\(output.text)")
    #expect(output.lines.count == 20, "\(output.text)")
    for line in output.lines { #expect(line.hasSuffix(" 0"), "allocations of 2000 requests: \(line)") }
  }
}
