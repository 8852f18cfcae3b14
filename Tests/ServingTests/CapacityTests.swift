import Serving
import Testing

/// The number of clients that a process's limits are enough for.
@Suite("Capacity")
struct CapacityTests {
  @Test("limits are enough for as many clients as they are enough for")
  func capacity() throws {
    func capacity(_ clients: Int, _ descriptors: UInt, _ addressSpace: UInt = .max) throws -> Capacity {
      try Capacity(
        clients: clients, allowed: Capacity.Allowed(descriptors: descriptors, addressSpace: addressSpace))
    }
    let usual = try capacity(1024, 1 << 20)
    #expect(usual.clients == 1024 && usual.descriptors == 524_288 && usual.clientDescriptors > 500_000)
    #expect(try capacity(65_536, 1 << 21).descriptors > 1 << 20)
    // Each has what its connection takes, and some fids.
    for (clients, descriptors): (Int, UInt) in [(1024, 16_416), (6, 128)] {
      let least = try capacity(clients, descriptors)
      #expect(least.descriptors == descriptors && least.clientDescriptors >= clients * 8)
      let shortage = #expect(throws: Capacity.Shortage.self) { try capacity(clients + 1, descriptors) }
      #expect(shortage?.clients == clients && shortage?.resource == .descriptors)
    }
    for descriptors: UInt in [0, 3, 20, 127] {
      let shortage = #expect(throws: Capacity.Shortage.self) { try capacity(1024, descriptors) }
      #expect(shortage?.clients == 0 && shortage?.needed == 128 && shortage?.limit == descriptors)
    }
    let shortage = #expect(throws: Capacity.Shortage.self) { try capacity(65_536, 1 << 21, 64 << 30) }
    #expect(shortage?.resource == .addressSpace && (shortage?.clients ?? 0) > 100)
    #expect(try capacity(shortage?.clients ?? 1, 1 << 21, 64 << 30).addressSpace <= 64 << 30)
    #expect(throws: Capacity.Shortage.self) { try capacity(1, 1 << 21, 1000) }
    #expect(usual.buffers == 4 << 30 && usual.addressSpace < 8 << 30)
    #expect(try capacity(65_536, 1 << 21).buffers == 65_536 * 4 << 20)
    #expect(try capacity(1024, 1 << 20, 3 << 30).buffers >= 1024 * 768 << 10)
  }
}
