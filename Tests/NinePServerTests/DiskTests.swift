import Glibc
import HelperHarness
import Linux
import NinePHarness
import NinePServer
import SystemPackage
import Testing

/// Reading from a real disk and writing to it, by threads of the connection where it isn't at hand.
@Suite("Disks")
struct DiskTests {
  private let synchronous: UInt32 = 0o4_010_000

  /// A file whose byte at each place tells which that is, of which only some is in memory.
  private func cold(_ served: Served, _ size: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    for place in 0..<size { bytes.append(UInt8(truncatingIfNeeded: place ^ place >> 9 ^ place >> 17)) }
    let file = open(served.path("file"), O_RDWR | O_CREAT, 0o600)
    var written = 0
    while written < size {
      written += max(0, bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) })
    }
    close(file)
    forget(served)
    return bytes
  }

  private func forget(_ served: Served) {
    let file = open(served.path("file"), O_RDONLY)
    fsync(file)
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    close(file)
  }

  @Test("a read gets all that there is, however much of it is in memory")
  func partly() throws {
    let served = try Served()
    let bytes = cold(served, 3_000_001)
    try served.client.start(messageSize: 1 << 20)
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1))
    for round in 0..<40 {
      if round % 4 == 0 { forget(served) }
      let start = round * 75_000
      // A part from the middle comes to memory.
      _ = try served.client.done(.read(1, UInt64(start + 40_000), 10))
      let data = try served.client.done(.read(1, UInt64(start), 1_000_000)).data
      // Where they differ, to show how would take minutes.
      let isRight = data == Array(bytes[start..<min(start + 1_000_000, bytes.count)])
      #expect(isRight, "\(data.count) bytes")
    }
    #expect(try served.client.done(.read(1, 3_000_001, 10)).data == [])
    #expect(try served.client.failure(.read(1, .max, 10)) == EINVAL)
  }

  @Test("many reads and writes that go to the disk, at once, on fids that come and go", .timeLimit(.minutes(1)))
  func many() throws {
    let served = try Served()
    let bytes = cold(served, 4 << 20)
    try served.client.start(messageSize: 1 << 20)
    var tag: UInt16 = 0
    for round in 0..<20 {
      forget(served)
      var places: [UInt16: Int] = [:]
      for index in 0..<32 {
        let place = (index * 37 + round * 11) % 64 << 16
        tag = (tag + 10) % 60_000
        let fid = UInt32(index + 1)
        served.client.send(NinePMessage.walk(0, fid, "file").frame(tag: tag))
        served.client.send(NinePMessage.open(fid, 2 | synchronous).frame(tag: tag + 1))
        served.client.send(NinePMessage.read(fid, UInt64(place), 65_536).frame(tag: tag + 2))
        served.client.send(
          NinePMessage.write(fid, UInt64(place), Array(bytes[place..<place + 100])).frame(tag: tag + 3))
        served.client.send(NinePMessage.synchronize(fid).frame(tag: tag + 4))
        served.client.send(NinePMessage.clunk(fid).frame(tag: tag + 5))
        places[tag + 2] = place
      }
      for _ in 0..<32 * 6 {
        let answer = try #require(served.client.receive())
        #expect(answer.type != 7)
        if let place = places.removeValue(forKey: answer.tag) {
          #expect(answer.type == 117 && answer.body.data == Array(bytes[place..<place + 65_536]))
        }
      }
      #expect(places.isEmpty)
    }
    #expect(served.ending() == .closed)
  }

  @Test("messages of 16 MiB, and no larger ones")
  func large() throws {
    let served = try Served()
    let bytes = cold(served, 17 << 20)
    try served.client.start(messageSize: .max)
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1, 2))
    for round in 0..<4 {
      if round % 2 == 0 { forget(served) }
      #expect(try served.client.done(.read(1, 5, .max)).data == Array(bytes[5..<5 + (16 << 20) - 24]))
    }
    try served.client.done(.walk(0, 2, "file"))
    try served.client.done(.open(2, 2 | synchronous))
    let data = Array(bytes[1...].prefix((16 << 20) - 23))
    for fid: UInt32 in [1, 2] {
      #expect(try served.client.done(.write(fid, 0, data)).u32(0) == UInt32(data.count))
      #expect(try served.client.done(.read(1, 0, UInt32(data.count - 1))).data == Array(data.dropLast()))
    }
    served.client.send(NinePMessage.write(1, 0, data + [0]).frame())
    #expect(served.client.receive() == nil)
    #expect(served.ending() == .nonsense(type: 118, size: 16 << 20 | 1))
  }

  @Test("clients that agree to small messages cost little memory, however many they send at once")
  func smallMessages() throws {
    let first = try Served()
    first.write(String(repeating: "x", count: 60_000), to: "file")
    var all: [Served] = []
    let memory = Usage.memory
    for _ in 0..<16 {
      let served = try Served(beside: first)
      try served.client.start(messageSize: 8192)
      try served.client.done(.walk(0, 1, "file"))
      try served.client.done(.open(1))
      var frames: [UInt8] = []
      for tag: UInt16 in 0..<2000 { frames += NinePMessage.status(0).frame(tag: tag) }
      for _ in 0..<4 {
        served.client.send(frames)
        for tag: UInt16 in 0..<2000 { #expect(served.client.receive()?.tag == tag) }
      }
      _ = try served.client.done(.read(1, 0, .max))
      all.append(served)
    }
    let each = (Usage.memory - memory) / all.count
    #expect(each < 256 << 10, "\(each >> 10) KiB each")
    for served in all { #expect(served.ending() == .closed) }
  }

  @Test("set-id bits go when another than root writes, whoever does it", .enabled(if: hasRoot(), "needs root"))
  func setIDs() throws {
    let served = try Served(authority: .trusted)
    try served.client.start()
    for (user, kept): (UInt32, Bool) in [(0, true), (1000, false)] {
      let name = "file\(user)"
      served.write("text", to: name)
      chmod(served.path(name), 0o6777)
      try served.client.done(.attach(user + 1, user: user))
      try served.client.done(.walk(user + 1, user + 2, name))
      try served.client.done(.open(user + 2, 1 | synchronous))
      try served.client.done(.write(user + 2, 0, [1]))
      var status = stat()
      stat(served.path(name), &status)
      #expect(status.st_mode & 0o7777 == (kept ? 0o6777 : 0o777))
    }
  }

  @Test(
    "the threads are the user's that the connection's is, without capabilities", .enabled(if: hasRoot(), "needs root"))
  func threads() throws {
    let user = try Identity(uid: 4711, gid: 4712)
    let gate = try Gate()
    let served = try Served(authority: .one(user), gate: gate)
    served.write("text", to: "file")
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1))
    for tag: UInt16 in 10..<13 { served.client.send(NinePMessage.read(1).frame(tag: tag)) }
    try gate.wait(for: 3)
    var count = 0
    for thread in try FileList.names("/proc/self/task") {
      let text = status(thread)
      guard text.contains("Uid:\t0\t0\t0\t4711\n") else { continue }
      count += 1
      #expect(text.contains("Gid:\t0\t0\t0\t4712\n"))
      for set in ["CapInh", "CapPrm", "CapEff"] { #expect(text.contains("\(set):\t0000000000000000\n")) }
    }
    #expect(count == 4)
    gate.open()
  }

  private func status(_ thread: String) -> String {
    let file = open("/proc/self/task/\(thread)/status", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
