import Glibc
import HelperHarness
import Linux
import NinePHarness
import NinePServer
import Serving
import Testing

/// What clients' buffers and threads may take together, and that whoever gets less is still served.
@Suite("Memory")
struct MemoryTests {
  private let synchronous: UInt32 = 0o4_010_000

  /// What the server answers to a wish for messages of this size.
  private func agree(_ client: Client, _ size: UInt32) throws -> UInt32 {
    client.send(NinePMessage.version(size, "9P2000.L").frame(tag: .max))
    let answer = try #require(client.receive())
    #expect(answer.type == 101)
    return try #require(answer.body.u32(0))
  }

  /// A session whose fid 1 has a file open so that what is written to it reaches the disk.
  private func begin(_ served: Served, _ size: UInt32 = 65_536) throws -> UInt32 {
    let agreed = try agree(served.client, size)
    served.write("text", to: "file")
    try served.client.done(.attach(0))
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1, 2 | synchronous))
    return agreed
  }

  @Test("messages are as large as there is memory for, and what a client gives back others may have")
  func sharing() throws {
    let memory = MemoryBudget(24 << 20, clients: 2)
    let first = try Served(memory: memory)
    let second = try Served(memory: memory, beside: first)
    #expect(try begin(first, .max) == 4 << 20)
    #expect(try begin(second, 4 << 20) == 2 << 20)
    for (served, size) in [(first, 4 << 20), (second, 2 << 20)] {
      let data = [UInt8](repeating: 7, count: size - 23)
      #expect(try served.client.done(.write(1, 0, data)).u32(0) == UInt32(data.count))
      #expect(try served.client.done(.read(1, 0, .max)).data.count == size - 24)
      served.client.send(NinePMessage.status(0).frame())
      #expect(try served.client.done(.status(0)).all.count == 153)
      #expect(served.client.receive()?.type == 25)
    }
    #expect(try agree(first.client, 65_536) == 65_536)
    #expect(try begin(second, .max) == 4 << 20)
    second.client.hangUp()
    _ = second.ending()
    #expect(try agree(first.client, 4 << 20) == 4 << 20)
  }

  @Test("a smaller version is agreed upon with what has come already, of the size from before")
  func shrinking() throws {
    let served = try Served()
    #expect(try begin(served, 1 << 20) == 1 << 20)
    var frames = NinePMessage.version(4096, "9P2000.L").frame(tag: .max) + NinePMessage.attach(0).frame()
    for _ in 0..<30_000 { frames += NinePMessage.status(0).frame() }
    frames += NinePMessage.version(2 << 20, "9P2000.L").frame(tag: .max) + NinePMessage.attach(0).frame()
    let all = frames
    let sending = try Linux.Thread.begin { served.client.send(all) }
    var types: [UInt8] = []
    for _ in 0..<30_004 { types.append(try #require(served.client.receive()).type) }
    sending.join()
    #expect(types == [101, 105] + Array(repeating: 25, count: 30_000) + [101, 105])
    #expect(served.ending() == .closed)
  }

  @Test("what is being written counts as long as it is", .timeLimit(.minutes(1)))
  func runningWrites() throws {
    let gate = try Gate()
    let served = try Served(gate: gate)
    let size = try begin(served, .max)
    #expect(size == 16 << 20)
    let frame = NinePMessage.write(1, 0, [UInt8](repeating: 1, count: Int(size) - 24)).frame(tag: 5)
    let sending = try Linux.Thread.begin {
      for tag: UInt8 in 0..<4 {
        var frame = frame
        frame[5] = tag
        served.client.send(frame)
      }
    }
    try gate.wait(for: 1)
    usleep(300_000)
    #expect(gate.count == 1)
    gate.open()
    for _ in 0..<4 { #expect(served.client.receive()?.type == 119) }
    sending.join()
    #expect(served.ending() == .closed)
  }

  @Test("without any memory to share, a client is served by small messages, and one slow request at a time")
  func none() throws {
    let gate = try Gate()
    let served = try Served(memory: MemoryBudget(0, clients: 1), gate: gate)
    #expect(try begin(served, .max) == 8192)
    for tag: UInt16 in 10..<13 { served.client.send(NinePMessage.read(1).frame(tag: tag)) }
    try gate.wait(for: 1)
    usleep(50_000)
    #expect(gate.count == 1)
    try served.client.done(.status(0))
    gate.pass(3)
    for tag: UInt16 in 10..<13 {
      let answer = try #require(served.client.receive())
      #expect(answer.type == 117 && answer.tag == tag)
    }
    // What is to be written can't be kept for another thread.
    try served.client.done(.write(1, 0, [1]))
    #expect(gate.count == 3)
    try served.client.done(.walk(0, 2, "file"))
    #expect(try served.client.failure(.createAttribute(2, "user.a", 10)) == ENOMEM)
    #expect(try served.client.failure(.walkAttribute(1, 3, "")) == ENOMEM)
    #expect(served.ending() == .closed)
  }

  @Test("attributes' values count, until their fids are clunked")
  func attributes() throws {
    let served = try Served(memory: MemoryBudget(1 << 20, clients: 1))
    #expect(try begin(served, 8192) == 8192)
    var taken: UInt32 = 0
    for fid: UInt32 in 10..<40 {
      try served.client.done(.walk(0, fid, "file"))
      if try served.client.failure(.createAttribute(fid, "user.a", 65_536)) == 0 { taken += 1 }
    }
    #expect(taken == 13)
    #expect(try served.client.failure(.clunk(10)) == EINVAL)
    #expect(try served.client.failure(.createAttribute(39, "user.a", 65_536)) == 0)
  }

  @Test("threads are shared by all clients, and who gets none does slow requests itself")
  func threads() throws {
    let threads = ThreadBudget(2)
    let gate = try Gate()
    let first = try Served(threads: threads, gate: gate)
    var all = [first]
    for _ in 0..<2 { all.append(try Served(threads: threads, beside: first, gate: gate)) }
    for served in all { _ = try begin(served) }
    for tag: UInt16 in 10..<13 { first.client.send(NinePMessage.read(1).frame(tag: tag)) }
    try gate.wait(for: 1)
    usleep(50_000)
    #expect(gate.count == 1)
    all[1].client.send(NinePMessage.read(1).frame(tag: 10))
    try gate.wait(for: 2)
    for served in all.dropLast() { try served.client.done(.status(0)) }
    all[2].client.send(NinePMessage.read(1).frame(tag: 10) + NinePMessage.status(0).frame(tag: 11))
    try gate.wait(for: 3)
    gate.open()
    for _ in 10..<13 { #expect(first.client.receive()?.type == 117) }
    #expect(all[1].client.receive()?.type == 117)
    for type: UInt8 in [117, 25] { #expect(all[2].client.receive()?.type == type) }
    all.removeAll()
    #expect(first.ending() == .closed)
    let (closed, next) = (try Gate(), try Served(threads: threads))
    _ = next
    let last = try Served(threads: threads, gate: closed)
    _ = try begin(last)
    for tag: UInt16 in 10..<13 { last.client.send(NinePMessage.read(1).frame(tag: tag)) }
    try closed.wait(for: 1)
    try last.client.done(.status(0))
    closed.open()
    for _ in 10..<13 { #expect(last.client.receive()?.type == 117) }
  }
}
