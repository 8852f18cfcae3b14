import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

@Suite struct AttributeTests {
  @Test func modesSizesAndTimes() throws {
    try withExport { export in
      write("12345", to: "f")
      symlink("f", "l")
      try export.truncate(try path("l"), to: 1 << 33)
      // Afterwards, since truncating takes the set-user-ID bit away.
      try export.changeMode(try path("l"), to: 0o4710)
      try export.setTimes(
        try path("f"), access: Time(seconds: 5, nanoseconds: 6),
        modification: Time(seconds: -7, nanoseconds: 8))
      let status = try export.status(of: try path("f"))
      #expect(status.mode & 0o7777 == 0o4710)
      #expect(status.size == 1 << 33)
      #expect(status.access == Time(seconds: 5, nanoseconds: 6))
      #expect(status.modification == Time(seconds: -7, nanoseconds: 8))
      try export.setTimes(
        try path("l"), access: Time(seconds: 1, nanoseconds: 1),
        modification: Time(seconds: 0, nanoseconds: Time.unchanged))
      let link = try export.status(of: try path("l"))
      #expect(link.access.seconds == 1, "the link's own time")
      #expect(try export.status(of: try path("f")).access.seconds == 5)
      #expect(throws: Errno.invalidArgument) { try export.truncate(try path("f"), to: -1) }
      #expect(throws: Errno.isDirectory) { try export.truncate(try path("."), to: 0) }
      #expect(throws: Errno.invalidArgument) {
        try export.setTimes(
          try path("f"), access: Time(seconds: 0, nanoseconds: 1_000_000_000),
          modification: Time(seconds: 0, nanoseconds: 0))
      }
    }
  }

  @Test(.enabled(if: hasRoot(), "needs root: gives files away"))
  func ownersOfLinksThemselves() throws {
    try withExport { export in
      write("", to: "f")
      symlink("f", "l")
      try export.changeOwner(try path("l"), uid: 5, gid: 6)
      try export.changeOwner(try path("l"), uid: .max, gid: 7)
      let link = try export.status(of: try path("l"))
      #expect(link.uid == 5 && link.gid == 7)
      #expect(try export.status(of: try path("f")).uid == 0)
    }
  }

  @Test func extendedAttributes() throws {
    try withExport { export in
      write("", to: "f")
      let value: [UInt8] = [1, 0, 255]
      try set(export, "user.a", value, flags: 0)
      #expect(try attribute(export, "user.a", room: 100) == value)
      #expect(try attribute(export, "user.a", room: 3) == value)
      #expect(throws: Errno.outOfRange) { _ = try attribute(export, "user.a", room: 2) }
      #expect(throws: Errno.noData) { _ = try attribute(export, "user.b", room: 100) }
      let create: Int32 = 1
      #expect(throws: Errno.fileExists) { try set(export, "user.a", value, flags: create) }
      #expect(try list(export).contains("user.a"))
      try export.removeAttribute(try path("user.a"), of: try path("f"))
      #expect(throws: Errno.noData) { _ = try attribute(export, "user.a", room: 100) }
    }
  }

  @Test func generationsAreThoseOfTheFileSystem() throws {
    try withExport { export in
      write("", to: "f")
      let file = open("f", O_RDONLY)
      defer { close(file) }
      let own = try Descriptor(adopting: dup(file)).generation()
      let generation = try export.generation(of: try path("f"))
      #expect(generation == UInt64(own ?? 0))
    }
  }
}

func attribute(_ export: borrowing PathExport, _ name: String, room: Int) throws -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: room)
  var span = buffer.mutableSpan
  let count = try export.attribute(try path(name), of: try path("f"), into: &span)
  return Array(buffer.prefix(count))
}

func set(_ export: borrowing PathExport, _ name: String, _ value: [UInt8], flags: Int32) throws {
  try export.setAttribute(try path(name), of: try path("f"), to: value.span, flags: flags)
}

func list(_ export: borrowing PathExport) throws -> [String] {
  var buffer = [UInt8](repeating: 0, count: 1000)
  var span = buffer.mutableSpan
  let count = try export.attributes(of: try path("f"), into: &span)
  return buffer.prefix(count).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
}
