import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Opening, reading and writing; and what must not be opened.
@Suite("Files", .everyTransport)
struct FileTests {
  @Test("special files are never opened, and nothing waits for one")
  func special() throws {
    let served = try Served()
    mkfifo(served.path("fifo"), 0o666)
    try served.client.start()
    try served.client.done(.makeNode(0, "socket", mode: 0o140644))
    for name in ["fifo", "socket"] {
      for flags: UInt32 in [0, 1, 2, 0o1001, 0o4000] {
        try served.client.done(.walk(0, 1, name))
        #expect(try served.client.failure(.open(1, flags)) == ENXIO, "\(name) \(flags)")
        #expect(try served.client.failure(.change(1, 8, size: 0)) == EINVAL)
        try served.client.done(.clunk(1))
        try served.client.done(.walk(0, 1))
        #expect(try served.client.failure(.create(1, name, flags & 0o1003)) == ENXIO, "\(name) \(flags)")
        try served.client.done(.clunk(1))
      }
    }
  }

  @Test("every bit of the flags: what is opened is a file, and nothing is made")
  func flags() throws {
    let served = try Served()
    served.write("text", to: "file")
    try served.client.start()
    for bit in 0..<32 {
      let flags = UInt32(1) << UInt32(bit)
      try served.client.done(.walk(0, 1, "file"))
      let expected: CInt = flags == 0o200000 ? ENOTDIR : 0
      #expect(try served.client.failure(.open(1, flags)) == expected, "bit \(bit)")
      try served.client.done(.clunk(1))
      if flags == 0o1000 { served.write("text", to: "file") }
    }
    #expect(served.text(of: "file") == "text")
    try served.client.done(.walk(0, 1, "file"))
    #expect(try served.client.failure(.open(1, 3)) == EINVAL)
    // The fid is still to be opened, and then it is open.
    try served.client.done(.open(1, 0))
    #expect(try served.client.failure(.open(1, 0)) == EINVAL)
    #expect(try FileList.names(served.directory.path) == ["file"])
  }

  @Test("a directory is opened for reading only")
  func directory() throws {
    let served = try Served()
    try served.client.start()
    for flags: UInt32 in [1, 2, 0o1000] {
      try served.client.done(.walk(0, 1))
      #expect(try served.client.failure(.open(1, flags)) == EISDIR)
      try served.client.done(.clunk(1))
    }
    try served.client.done(.walk(0, 1))
    try served.client.done(.open(1, 0o200000))
    #expect(try served.client.failure(.read(1)) == EISDIR)
    #expect(try served.client.failure(.write(1, 0, [1])) == EISDIR)
    try served.client.done(.synchronize(1))
    // rm -r removes from a directory that it has open, and walks from it.
    served.write("", to: "file")
    try served.client.done(.walk(1, 2, "file"))
    try served.client.done(.unlink(1, "file"))
    #expect(try served.client.failure(.walk(1, 1, ".")) == EINVAL)
  }

  @Test("reads and writes are held to how the file was opened")
  func access() throws {
    let served = try Served()
    served.write("text", to: "file")
    try served.client.start()
    for (flags, reads, writes): (UInt32, CInt, CInt) in [(0, 0, EBADF), (1, EBADF, 0), (2, 0, 0)] {
      try served.client.done(.walk(0, 1, "file"))
      #expect(try served.client.failure(.read(1)) == EBADF, "it isn't open yet")
      try served.client.done(.open(1, flags))
      #expect(try served.client.failure(.read(1)) == reads)
      #expect(try served.client.failure(.write(1, 0, [65])) == writes)
      try served.client.done(.clunk(1))
    }
  }

  @Test("offsets and counts at their ends")
  func extremes() throws {
    let served = try Served()
    served.write(String(repeating: "x", count: 10_000), to: "file")
    try served.client.start(messageSize: 4096)
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.open(1, 2))
    for count: UInt32 in [4096, 4097, 1 << 31, .max, .max - 24, .max - 23] {
      let body = try served.client.done(.read(1, 0, count))
      #expect(body.u32(0) == 4072, "count \(count)")
      #expect(body.data.allSatisfy { $0 == UInt8(ascii: "x") })
    }
    #expect(try served.client.done(.read(1, 0, 0)).u32(0) == 0)
    #expect(try served.client.done(.read(1, 9_999, 100)).u32(0) == 1)
    #expect(try served.client.done(.read(1, 10_000, 100)).u32(0) == 0)
    for offset: UInt64 in [1 << 63, .max, .max - 1] {
      #expect(try served.client.failure(.read(1, offset, 10)) == EINVAL)
      #expect(try served.client.failure(.write(1, offset, [1])) == EINVAL)
    }
    #expect(try served.client.failure(.write(1, 1 << 62, [1])) != 0)
    #expect(try served.client.done(.write(1, 10_000, [])).u32(0) == 0)
    for size: UInt64 in [1 << 63, .max] { #expect(try served.client.failure(.change(1, 8, size: size)) == EFBIG) }
    #expect(try served.client.failure(.change(1, 8, size: 1 << 63 - 1)) != 0)
    #expect(try served.client.failure(.change(1, 0x90, accessNanoseconds: 0x3fff_ffff)) == EINVAL)
    #expect(try served.client.failure(.change(1, 0x90, accessNanoseconds: .max)) == EINVAL)
  }

  @Test("a file without a name is what it was, by fids that are open and that aren't")
  func unlinked() throws {
    let served = try Served()
    served.write("text", to: "file")
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.walk(0, 2, "file"))
    try served.client.done(.open(1, 2))
    try served.client.done(.unlink(0, "file"))
    for fid: UInt32 in [1, 2] {
      #expect(try served.client.done(.status(fid)).u64(49) == 4)
      try served.client.done(.change(fid, 1, mode: 0o600))
      try served.client.done(.change(fid, 0x70))
      try served.client.done(.change(fid, 8, size: 3))
      try served.client.done(.change(fid, 8, size: 4))
      try served.client.done(.walk(fid, 3))
      #expect(try served.client.failure(.link(0, 3, "again")) == ENOENT)
      try served.client.done(.createAttribute(3, "user.a", 1))
      try served.client.done(.write(3, 0, [UInt8(fid)]))
      try served.client.done(.clunk(3))
      #expect(try served.client.done(.walkAttribute(fid, 3, "user.a")).u64(0) == 1)
      try served.client.done(.clunk(3))
    }
    try served.client.done(.open(2, 0))
    #expect(try served.client.done(.read(2)).data == Array("tex\0".utf8))
  }

  @Test("what an export that is read only refuses")
  func readOnly() throws {
    let served = try Served(readOnly: true)
    served.write("text", to: "file")
    mkdir(served.path("empty"), 0o755)
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    let calls: [NinePMessage] = [
      .open(1, 1), .open(1, 2), .open(1, 0o1000), .create(0, "file"), .create(0, "new"), .symlink(0, "l", "t"),
      .makeNode(0, "node", mode: 0o10644), .makeDirectory(0, "new"), .link(0, 1, "hard"), .rename(0, "file", 0, "new"),
      .unlink(0, "file"), .unlink(0, "empty", 0x200), .change(1, 1, mode: 0), .change(1, 2, uid: 1), .change(1, 0x40),
      .change(1, 8), .change(1, 0x70),
    ]
    for message in calls { #expect(try served.client.failure(message) == EROFS, "\(message)") }
    try served.client.done(.walk(0, 2, "file"))
    try served.client.done(.createAttribute(2, "user.a", 1))
    try served.client.done(.write(2, 0, [1]))
    #expect(try served.client.failure(.clunk(2)) == EROFS)
    try served.client.done(.open(1, 0))
    #expect(try served.client.done(.read(1)).data == Array("text".utf8))
    #expect(try FileList.names(served.directory.path) == ["empty", "file"])
  }
}
