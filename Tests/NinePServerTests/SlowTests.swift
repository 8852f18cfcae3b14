import Glibc
import HelperHarness
import NinePHarness
import NinePServer
import Testing

/// Requests that wait for a disk, and the others beside them.
@Suite("Slow requests")
struct SlowTests {
  private let synchronous: UInt32 = 0o4_010_000

  /// Fid 1 has a file open, fid 2 the same so that writing reaches the disk.
  private func served(_ gate: Gate, messageSize: UInt32 = 65_536, fids: Int = 1000) throws -> Served {
    let served = try Served(fids: fids, gate: gate)
    served.write("text", to: "file")
    try served.client.start(messageSize: messageSize)
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1, 2))
    try served.client.done(.walk(0, 2, "file"))
    try served.client.done(.open(2, 2 | synchronous))
    return served
  }

  private func expect(_ served: Served, _ tag: UInt16, _ type: UInt8) throws {
    let answer = try #require(served.client.receive())
    #expect(answer.tag == tag && answer.type == type, "tag \(answer.tag), type \(answer.type)")
  }

  @Test("others are answered while one waits for the disk, also those that end its fid", arguments: [116, 118, 50])
  func beside(type: UInt8) throws {
    let gate = try Gate()
    let served = try served(gate)
    let message: NinePMessage =
      switch type {
      case 116: .read(2, 1, 100)
      case 118: .write(2, 4, Array(" more".utf8))
      default: .synchronize(2)
      }
    served.client.send(message.frame(tag: 5))
    try gate.wait(for: 1)
    var longest = 0.0
    for _ in 0..<200 {
      for message: NinePMessage in [.status(1), .walk(0, 3, "file"), .open(3), .clunk(3), .write(1, 0, [116])] {
        let start = now()
        try served.client.done(message)
        longest = max(longest, now() - start)
      }
    }
    #expect(longest < 0.1)
    try served.client.done(.clunk(2))
    try served.client.done(.walk(0, 2))
    gate.pass()
    let answer = try #require(served.client.receive())
    #expect(answer.tag == 5 && answer.type == type + 1)
    if type == 116 { #expect(answer.body.data == Array("ext".utf8)) }
    if type == 118 { #expect(served.text(of: "file") == "text more") }
    #expect(gate.count == 1)
  }

  @Test("what is sent at once, and slow, is answered in any order, each once")
  func many() throws {
    let gate = try Gate()
    let served = try served(gate)
    for tag: UInt16 in 100..<300 {
      served.client.send(NinePMessage.read(1, UInt64(tag % 4), 10).frame(tag: tag))
      served.client.send(NinePMessage.status(1).frame(tag: tag + 1000))
    }
    // The more are too many: they are read when others are done.
    gate.open()
    var seen: Set<UInt16> = []
    for _ in 0..<400 {
      let answer = try #require(served.client.receive())
      #expect(seen.insert(answer.tag).inserted)
      if answer.tag < 1000 { #expect(answer.body.data == Array("text".utf8.dropFirst(Int(answer.tag % 4)))) }
    }
    #expect(served.ending() == .closed)
  }

  @Test("where all descriptors that are left are kept for other clients, they are done one after the other")
  func withoutDescriptors() throws {
    let gate = try Gate()
    // Five of them for whoever comes first.
    let served = try served(gate, fids: 10)
    let before = Usage.descriptors
    for tag: UInt16 in 10..<50 { served.client.send(NinePMessage.synchronize(1).frame(tag: tag)) }
    // Each by a descriptor of its own, and one by its fid's.
    try gate.wait(for: 6)
    usleep(100_000)
    #expect(gate.count == 6)
    #expect(Usage.descriptors == before + 5)
    gate.open()
    var seen: Set<UInt16> = []
    for _ in 0..<40 { seen.insert(try #require(served.client.receive()).tag) }
    #expect(seen.count == 40)
    #expect(eventually { Usage.descriptors <= before })
    // Given back, they are there for fids.
    for fid: UInt32 in 10..<14 { try served.client.done(.walk(0, fid)) }
    #expect(served.ending() == .closed)
  }

  @Test("a flush is answered behind what is under way, and so are the flushes of that flush")
  func flushRunning() throws {
    let gate = try Gate()
    let served = try served(gate)
    served.client.send(NinePMessage.read(1).frame(tag: 5))
    try gate.wait(for: 1)
    for (tag, old): (UInt16, UInt16) in [(6, 5), (7, 5), (8, 6), (9, 8)] {
      served.client.send(NinePMessage.flush(old).frame(tag: tag))
    }
    try served.client.done(.flush(77))
    try served.client.done(.flush(1))
    try served.client.done(.status(0))
    gate.pass()
    try expect(served, 5, 117)
    for tag: UInt16 in 6...9 { try expect(served, tag, 109) }
    for tag: UInt16 in 5...9 { try served.client.done(.flush(tag)) }
    #expect(served.ending() == .closed)
  }

  @Test("what hasn't begun is cancelled, and never answered", arguments: [116, 118, 50])
  func flushWaiting(type: UInt8) throws {
    let gate = try Gate()
    let served = try served(gate)
    for tag: UInt16 in 10..<40 { served.client.send(NinePMessage.read(1).frame(tag: tag)) }
    try gate.wait(for: 8)
    let message: NinePMessage =
      switch type {
      case 116: .read(1)
      case 118: .write(2, 0, Array("gone".utf8))
      default: .synchronize(2)
      }
    served.client.send(message.frame(tag: 50))
    for tag in [UInt16](18..<40) + [50] {
      #expect(try served.client.call(.flush(tag), tag: 60).type == 109)
      #expect(try served.client.call(.flush(tag), tag: 60).type == 109)
    }
    gate.open()
    var seen: Set<UInt16> = []
    for _ in 0..<8 { seen.insert(try #require(served.client.receive()).tag) }
    #expect(seen == Set(10..<18))
    try served.client.done(.status(0))
    #expect(gate.count == 8)
    #expect(served.text(of: "file") == "text")
    #expect(served.ending() == .closed)
  }

  @Test("any number of flushes of one request has as many answers")
  func manyFlushes() throws {
    let gate = try Gate()
    let served = try served(gate)
    served.client.send(NinePMessage.synchronize(1).frame(tag: 5))
    try gate.wait(for: 1)
    for tag: UInt16 in 100..<400 { served.client.send(NinePMessage.flush(5).frame(tag: tag)) }
    usleep(20_000)
    gate.open()
    try expect(served, 5, 51)
    for tag: UInt16 in 100..<400 { try expect(served, tag, 109) }
  }

  @Test("a tag that is in use is refused, and what uses it goes on")
  func duplicates() throws {
    let gate = try Gate()
    let served = try served(gate)
    served.client.send(NinePMessage.read(1).frame(tag: 5))
    try gate.wait(for: 1)
    served.client.send(NinePMessage.flush(5).frame(tag: 6))
    for tag: UInt16 in [5, 6] {
      for message: NinePMessage in [.read(1), .status(1), .clunk(1), .flush(5), .flush(77), .synchronize(1)] {
        let answer = try served.client.call(message, tag: tag)
        #expect(answer.type == 7 && answer.body.u32(0) == UInt32(EBUSY))
      }
    }
    gate.pass()
    try expect(served, 5, 117)
    try expect(served, 6, 109)
    // They are free again at once.
    for _ in 0..<200 {
      gate.pass()
      #expect(try served.client.call(.read(1), tag: 5).type == 117)
    }
  }

  @Test("a new version forgets all that was asked for", .timeLimit(.minutes(1)))
  func version() throws {
    let gate = try Gate()
    let served = try served(gate)
    for tag: UInt16 in 100..<164 { served.client.send(NinePMessage.read(1).frame(tag: tag)) }
    for tag: UInt16 in 200..<210 { served.client.send(NinePMessage.flush(tag - 100).frame(tag: tag)) }
    try gate.wait(for: 8)
    let start = now()
    served.client.send(NinePMessage.version(65_536, "9P2000.L").frame(tag: .max))
    // Those that were cancelled by a flush that came first are answered, and nothing else is before the version.
    var answer = try #require(served.client.receive())
    while answer.type == 109, answer.tag >= 200 { answer = try #require(served.client.receive()) }
    #expect(answer.type == 101)
    #expect(now() - start < 1)
    try served.client.done(.attach(0))
    gate.open()
    for tag: UInt16 in 100..<300 { #expect(try served.client.call(.status(0), tag: tag).type == 25) }
    #expect(gate.count == 8)
    #expect(served.ending() == .closed)
  }

  @Test("what is being written is written before a new version is agreed upon")
  func versionAfterWrite() throws {
    let gate = try Gate()
    let served = try served(gate)
    served.client.send(NinePMessage.write(2, 0, Array("next".utf8)).frame(tag: 5))
    try gate.wait(for: 1)
    served.client.send(NinePMessage.version(65_536, "9P2000.L").frame(tag: .max))
    usleep(20_000)
    gate.pass()
    try expect(served, .max, 101)
    #expect(served.text(of: "file") == "next")
  }

  @Test("a client that only ends its requests gets all answers")
  func halfClosed() throws {
    let gate = try Gate()
    let served = try served(gate)
    for tag: UInt16 in 10..<40 { served.client.send(NinePMessage.read(1).frame(tag: tag)) }
    served.client.endRequests()
    usleep(20_000)
    gate.open()
    for _ in 10..<40 { #expect(served.client.receive()?.type == 117) }
    #expect(served.client.receive() == nil)
    #expect(served.ending() == .closed)
  }

  @Test("connections that end with requests under way leave nothing behind", .timeLimit(.minutes(3)))
  func disconnected() throws {
    let first = try Served()
    first.write("text", to: "file")
    var (descriptors, threads, memory) = (0, 0, 0)
    for round in 0..<1000 {
      let gate = try Gate()
      let served = try Served(beside: first, gate: gate)
      try served.client.start()
      try served.client.done(.walk(0, 1, "file"))
      try served.client.done(.open(1, 2 | synchronous))
      for tag: UInt16 in 10..<30 {
        served.client.send(NinePMessage.read(1).frame(tag: tag) + NinePMessage.write(1, 0, [116]).frame(tag: tag + 100))
      }
      served.client.send(NinePMessage.flush(10).frame(tag: 300))
      if round % 2 == 0 { try gate.wait(for: 8) }
      served.client.hangUp()
      gate.open()
      let ending = served.ending()
      #expect(ending == .cutShort)
      if round == 50 { (descriptors, threads, memory) = (Usage.descriptors, Usage.threads, Usage.memory) }
    }
    // The gate and what served of the last round have gone too.
    #expect(Usage.descriptors <= descriptors && Usage.threads <= threads)
    #expect(Usage.memory - memory < 4 << 20)
  }

  @Test("a client that reads no replies takes bounded memory, and nothing from others", .timeLimit(.minutes(2)))
  func flood() throws {
    let gate = try Gate()
    let served = try Served(gate: gate)
    served.write(String(repeating: "x", count: 1 << 20), to: "file")
    try served.client.start(messageSize: 1 << 20)
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1, 2 | synchronous))
    let other = try Served(beside: served)
    try other.client.start()
    let memory = Usage.memory
    gate.open()
    let data = [UInt8](repeating: 120, count: 500_000)
    var sent = 0
    sending: for tag: UInt16 in 0..<65_535 {
      var frame =
        tag % 16 == 0
        ? NinePMessage.write(1, 0, data).frame(tag: tag) : NinePMessage.read(1, 0, 1 << 20).frame(tag: tag)
      var tries = 0
      while !frame.isEmpty {
        let count = served.client.offer(frame)
        if count > 0 {
          frame.removeFirst(count)
          tries = 0
        } else {
          tries += 1
          if tries == 200 { break sending }
          usleep(1000)
          try other.client.done(.status(0))
        }
      }
      sent += 1
    }
    let used = Usage.memory - memory
    #expect(sent < 65_535)
    #expect(used < 50 << 20, "\(used >> 20) MiB after \(sent) requests")
    #expect(served.ending() == .cutShort)
  }
}
