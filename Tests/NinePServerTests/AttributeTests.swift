import CLinux
import Glibc
import NinePHarness
import Testing

/// Extended attributes as fids, from clients that are no kernel's.
@Suite("Extended attributes", .everyTransport)
struct AttributeTests {
  private func served() throws -> Served {
    let served = try Served()
    served.write("", to: "file")
    setxattr(served.path("file"), "user.there", "0123456789", 10, 0)
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    return served
  }

  @Test("a value is read in parts, from any offset")
  func reading() throws {
    let served = try served()
    #expect(try served.client.done(.walkAttribute(1, 2, "user.there")).u64(0) == 10)
    for offset: UInt64 in [0, 5, 9, 10, 11, 1 << 31, 1 << 32 - 1, 1 << 63, .max] {
      for count: UInt32 in [0, 1, 3, .max] {
        let expected = offset < 10 ? min(10 - Int(offset), Int(count)) : 0
        #expect(try served.client.done(.read(2, offset, count)).u32(0) == UInt32(expected), "\(offset) \(count)")
      }
    }
    #expect(try served.client.done(.read(2, 2, 3)).data == Array("234".utf8))
    #expect(try served.client.failure(.write(2, 0, [1])) == EBADF)
    #expect(try served.client.failure(.walkAttribute(1, 3, "user.none")) == ENODATA)
    #expect(try served.client.failure(.walkAttribute(1, 3, "nonsense")) == EOPNOTSUPP)
    #expect(try served.client.failure(.walkAttribute(1, 2, "user.there")) == EBADF)
    #expect(try served.client.failure(.walkAttribute(1, 1, "user.there")) == EBADF)
    #expect(try served.client.done(.walkAttribute(1, 3, "")).u64(0) == 11)
    #expect(try served.client.done(.read(3)).data == Array("user.there\0".utf8))
  }

  @Test("a value is set when all of it has come, and not before")
  func writing() throws {
    let served = try served()
    try served.client.done(.walk(1, 2))
    try served.client.done(.createAttribute(2, "user.new", 6))
    #expect(try served.client.done(.write(2, 0, Array("abc".utf8))).u32(0) == 3)
    #expect(getxattr(served.path("file"), "user.new", nil, 0) == -1)
    #expect(try served.client.done(.write(2, 3, Array("defgh".utf8))).u32(0) == 3)
    for offset: UInt64 in [7, 1 << 32, 1 << 63, .max] {
      #expect(try served.client.failure(.write(2, offset, [1])) == ENOSPC)
    }
    try served.client.done(.clunk(2))
    #expect(getxattr(served.path("file"), "user.new", nil, 0) == 6)

    try served.client.done(.walk(1, 2))
    try served.client.done(.createAttribute(2, "user.part", 6))
    // A gap is no value.
    #expect(try served.client.done(.write(2, 4, [1, 2])).u32(0) == 2)
    #expect(try served.client.failure(.clunk(2)) == EINVAL)
    #expect(getxattr(served.path("file"), "user.part", nil, 0) == -1)
    #expect(try served.client.failure(.clunk(2)) == EBADF)
  }

  @Test("a value is set when all of it has come, in whatever order, and once or twice")
  func writingInAnyOrder() throws {
    let served = try served()
    func write(_ value: [UInt8], _ pieces: [Range<Int>]) throws -> CInt {
      try served.client.done(.walk(1, 2))
      try served.client.done(.createAttribute(2, "user.new", UInt64(value.count)))
      for piece in pieces {
        #expect(
          try served.client.done(.write(2, UInt64(piece.lowerBound), Array(value[piece]))).u32(0) == UInt32(piece.count)
        )
      }
      return try served.client.failure(.clunk(2))
    }
    func value() -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = getxattr(served.path("file"), "user.new", &bytes, bytes.count)
      return Array(bytes.prefix(max(0, count)))
    }
    var random = SystemRandomNumberGenerator()
    for size in [1, 7, 8, 9, 100, 3000] {
      let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
      let single = (0..<min(size, 40)).map { $0..<$0 + 1 } + (size > 40 ? [40..<size] : [])
      let halves = [size / 2..<size, 0..<(size + 1) / 2]
      let overlapping = [size / 3..<size, 0..<size / 2, size / 4..<size]
      for pieces in [single.reversed(), single.shuffled(), halves, overlapping] as [[Range<Int>]] {
        #expect(try write(bytes, pieces) == 0, "\(size): \(pieces)")
        #expect(value() == bytes, "\(size): \(pieces)")
        removexattr(served.path("file"), "user.new")
      }
      // Without the first byte, or one in between.
      for missing in Set([0, size / 2, size - 1]) {
        let pieces = [missing + 1..<size, 0..<missing].filter { !$0.isEmpty }
        #expect(try write(bytes, pieces) == EINVAL, "\(size) without \(missing)")
        #expect(value() == [])
      }
    }
  }

  @Test("fids that were values make room for others")
  func again() throws {
    let served = try served()
    for round in 0..<300 {
      try served.client.done(.walk(1, 2))
      try served.client.done(.createAttribute(2, "user.new", 1))
      if round % 2 == 0 { try served.client.done(.write(2, 0, [1])) }
      #expect(try served.client.failure(.clunk(2)) == (round % 2 == 0 ? 0 : EINVAL))
      try served.client.done(.walkAttribute(1, 3, "user.there"))
      #expect(try served.client.failure(.remove(3)) == EBADF)
    }
  }

  @Test("nothing is set by a fid that is removed, or whose client hangs up")
  func dropping() throws {
    let served = try served()
    for fid: UInt32 in [2, 3] {
      try served.client.done(.walk(1, fid))
      try served.client.done(.createAttribute(fid, "user.\(fid)", 1))
      try served.client.done(.write(fid, 0, [1]))
    }
    #expect(try served.client.failure(.remove(2)) == EBADF)
    #expect(served.ending() == .closed)
    for fid in [2, 3] { #expect(getxattr(served.path("file"), "user.\(fid)", nil, 0) == -1) }
  }

  @Test("an empty value removes where Linux means that, and is a value otherwise")
  func empty() throws {
    let served = try served()
    try served.client.done(.walk(1, 2))
    try served.client.done(.createAttribute(2, "user.empty", 0, 1))
    try served.client.done(.clunk(2))
    #expect(getxattr(served.path("file"), "user.empty", nil, 0) == 0)
    try served.client.done(.walk(1, 2))
    try served.client.done(.createAttribute(2, "user.empty", 0, 2))
    try served.client.done(.clunk(2))
    #expect(getxattr(served.path("file"), "user.empty", nil, 0) == -1)
    try served.client.done(.walk(1, 2))
    try served.client.done(.createAttribute(2, "user.empty", 0, 2))
    #expect(try served.client.failure(.clunk(2)) == ENODATA)
    try served.client.done(.walk(1, 2))
    try served.client.done(.createAttribute(2, "system.posix_acl_access", 0))
    let code = try served.client.failure(.clunk(2))
    #expect(code == 0 || code == EOPNOTSUPP)
  }

  @Test("sizes, flags and numbers of them have limits")
  func limits() throws {
    let served = try served()
    try served.client.done(.walk(1, 2))
    for size: UInt64 in [65_537, 1 << 40, .max] {
      #expect(try served.client.failure(.createAttribute(2, "user.a", size)) == E2BIG)
    }
    for flags: UInt32 in [3, 4, 1 << 31] {
      #expect(try served.client.failure(.createAttribute(2, "user.a", 1, flags)) == EINVAL)
    }
    #expect(try served.client.failure(.createAttribute(2, "", 1)) == EINVAL)
    #expect(try served.client.failure(.createAttribute(2, String(repeating: "n", count: 256), 1)) == ERANGE)
    try served.client.done(.createAttribute(2, "user.a", 65_536))
    // It denotes no file any more.
    let calls: [NinePMessage] = [
      .status(2), .walk(2, 3), .walkAttribute(2, 3, "user.a"), .change(2, 1, mode: 0), .fileSystem(2), .synchronize(2),
      .list(2), .readLink(2), .read(2), .lock(2, 1),
    ]
    for message in calls { #expect(try served.client.failure(message) != 0, "\(message)") }
    #expect(try served.client.failure(.createAttribute(2, "user.b", 1)) == EINVAL)
    #expect(try served.client.failure(.open(2)) == EINVAL)
    var fid: UInt32 = 10
    while try served.client.failure(.walkAttribute(1, fid, "user.there")) == 0 { fid += 1 }
    #expect(fid == 10 + 255)
    #expect(try served.client.failure(.walkAttribute(1, fid, "user.there")) == EMFILE)
    try served.client.done(.clunk(10))
    try served.client.done(.walkAttribute(1, fid, "user.there"))
  }
}
