import HelperHarness
import Testing

/// No message costs an allocation: `ninep-allocation-count`, a release build, serves itself and counts.
@Suite("Allocations of 9P")
struct AllocationTests {
  @Test("no message allocates")
  func noMessageAllocates() throws {
    let output = try Output()
    let process = try spawn(Programs.ninePAllocationCount, ["2000"], output: output)
    #expect(process.wait(seconds: 60) == 0, "\(output.text)")
    #expect(output.lines.count == 27, "\(output.text)")
    for line in output.lines { #expect(line.hasSuffix(" 0"), "allocations of 2000 rounds: \(line)") }
  }
}
