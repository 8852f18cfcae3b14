import CLinux
import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Sizes that a client makes up: of attributes, of link targets, of files.
  @Suite struct AttributeSizeTests {
    /// As the wire has them: negative ones have the highest bit.
    private static let absurd: [UInt32] = [0x8000_0000, 0x8000_0001, 0xffff_0000, 0xffff_fffe, 0xffff_ffff]

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.makeFile(place.export + "/file")
      try place.make(place.export + "/directory")
      return place
    }

    private func set(_ name: String, _ value: [UInt8], size: UInt32? = nil, flags: UInt32 = 0) -> Message {
      Message(.setAttribute, .s("/file"), .s(name), .s(value), .d(size ?? UInt32(value.count)), .d(flags))
    }

    private func get(_ name: String, size: UInt32) -> Message {
      Message(.getAttribute, .d(size), .s("/file"), .s(name))
    }

    private func value(_ name: String, _ peer: borrowing Peer) throws -> [UInt8]? {
      guard case .frame(0, let payload) = try peer.ask(get(name, size: UInt32(Reply.maximumValue))) else { return nil }
      return Array(payload.dropFirst(2))
    }

    /// No more is stored than the value has, whatever its size is said to be: the original stored what lay behind it.
    @Test(arguments: Start.all)
    func aSizeBeyondTheValueIsRefused(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for value in [[], [7], [UInt8](repeating: 7, count: 300)] as [[UInt8]] {
        let beyond = [1, 2, 255, 0x7fff_fff0].map { UInt32(value.count) + $0 }
        for size in beyond + Self.absurd + [UInt32(Int32.max)] {
          #expect(try peer.errno(set("user.a", value, size: size)) == EINVAL, "\(value.count) as \(size)")
        }
        #expect(try self.value("user.a", peer) == nil)
      }
      for size in 0...10 as ClosedRange<UInt32> {
        #expect(try peer.errno(set("user.a", Array("0123456789".utf8), size: size)) == 0)
        #expect(try value("user.a", peer) == Array("0123456789".utf8.prefix(Int(size))))
      }
      #expect(try peer.isWell())
    }

    @Test(arguments: Start.all)
    func aSizeOfAReplyBuysNoMemory(start: Start) throws {
      let place = try prepared(start)
      try place.makeLink("target", "link")
      let peer = try place.serve()
      let value = [UInt8](repeating: 9, count: 1000)
      #expect(try peer.errno(set("user.a", value)) == 0)
      for size in Self.absurd {
        #expect(try peer.errno(get("user.a", size: size)) == EINVAL, "\(size)")
        #expect(try peer.errno(Message(.listAttributes, .d(size), .s("/file"))) == EINVAL, "\(size)")
        #expect(try peer.errno(Message(.readLink, .s("/link"), .d(size))) == EINVAL, "\(size)")
      }
      for size in [1, 2, 999] as [UInt32] {
        #expect(try peer.errno(get("user.a", size: size)) == ERANGE, "\(size)")
      }
      #expect(try peer.errno(Message(.listAttributes, .d(1), .s("/file"))) == ERANGE)
      for size in [1000, 1001, 65_535, 65_536, 0x7fff_ffff] as [UInt32] {
        guard case .frame(0, let payload) = try peer.ask(get("user.a", size: size)) else {
          Issue.record("no value for \(size)")
          continue
        }
        #expect(Array(payload.dropFirst(2)) == value, "\(size)")
        guard case .frame(0, let names) = try peer.ask(Message(.listAttributes, .d(size), .s("/file"))) else {
          Issue.record("no names for \(size)")
          continue
        }
        #expect(Array("user.a\0".utf8).elementsEqual(names.dropFirst(2)), "\(names.readable)")
        guard case .frame(0, let target) = try peer.ask(Message(.readLink, .s("/link"), .d(size))) else {
          Issue.record("no target for \(size)")
          continue
        }
        #expect(Array("target".utf8).elementsEqual(target.dropFirst(2)))
      }
      for size in [0, 1] as [UInt32] { #expect(try peer.errno(Message(.readLink, .s("/link"), .d(size))) == EINVAL) }
      #expect(try peer.isWell())
    }

    /// Values as large as a frame has room for, and names as long as the kernel has them.
    @Test(arguments: Start.all)
    func theLargestAreStoredOrRefused(start: Start) throws {
      // In memory: there is room for them.
      let place = try Place(start, in: "/dev/shm")
      try place.makeFile(place.export + "/file")
      let peer = try place.serve()
      // What is left of a payload beside the other fields.
      let room = Frame.maximumPayload - set("user.a", []).payload.count
      for count in [room, room - 1, 32_768] {
        let large = [UInt8](repeating: 5, count: count)
        let errno = try peer.errno(set("user.a", large))
        #expect([0, ENOSPC, E2BIG].contains(errno), "\(count): \(errno)")
        if errno == 0 {
          #expect(try value("user.a", peer) == large)
          #expect(try peer.ask(get("user.a", size: 0)).length == Int32(count))
          #expect(try peer.errno(get("user.a", size: UInt32(count - 1))) == ERANGE)
        }
      }
      let prefix = "user."
      // ERANGE is the kernel's word. What isn't even a path has no chance to get to it.
      for (count, expected) in [(256, ERANGE), (4095, ERANGE), (4096, ENAMETOOLONG), (60_000, ENAMETOOLONG)] {
        let name = prefix + String(repeating: "n", count: count - prefix.utf8.count)
        let errnos = [
          try peer.errno(set(name, [1])), try peer.errno(get(name, size: 10)),
          try peer.errno(Message(.removeAttribute, .s("/file"), .s(name))),
        ]
        #expect(errnos == [expected, expected, expected], "\(count)")
      }
      let longest = prefix + String(repeating: "n", count: 255 - prefix.utf8.count)
      #expect(try peer.errno(Message(.removeAttribute, .s("/file"), .s("user.a"))) == 0)
      #expect(try peer.errno(set(longest, [1])) == 0)
      #expect(try value(longest, peer) == [1])
      #expect(try peer.isWell())
    }

    /// More than a reply can say, set by the host.
    @Test(arguments: Start.all)
    func aValueBeyondAReplyIsAnError(start: Start) throws {
      let place = try Place(start, in: "/dev/shm")
      try place.makeFile(place.export + "/file")
      let largest = [UInt8](repeating: 1, count: 65_536)
      try check(setxattr(place.export + "/file", "user.a", largest, largest.count, 0), "setxattr")
      let peer = try place.serve()
      #expect(try peer.ask(get("user.a", size: 0)).length == 65_536)
      // What would be too small for it anyway.
      #expect(try peer.errno(get("user.a", size: UInt32(Reply.maximumValue))) == ERANGE)
      for size in [65_535, 65_536, 65_537, 0x7fff_ffff] as [UInt32] {
        #expect(try peer.errno(get("user.a", size: size)) == ENOBUFS, "\(size)")
      }
      #expect(try peer.isWell())
    }

    /// XATTR_CREATE and XATTR_REPLACE are all that there is.
    @Test(arguments: Start.all)
    func everyOtherFlagIsRefused(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for bit in 0..<32 as Range<UInt32> {
        for base in [0, 1, 2] as [UInt32] where base | 1 << bit > 3 {
          #expect(try peer.errno(set("user.a", [1], flags: base | 1 << bit)) == EINVAL, "\(base) and bit \(bit)")
        }
      }
      #expect(try value("user.a", peer) == nil)
      #expect(try peer.errno(set("user.a", [1], flags: 2)) == ENODATA)
      #expect(try peer.errno(set("user.a", [1], flags: 1)) == 0)
      #expect(try peer.errno(set("user.a", [2], flags: 1)) == EEXIST)
      #expect(try peer.errno(set("user.a", [2], flags: 2)) == 0)
      #expect(try value("user.a", peer) == [2])
    }

    /// Attributes that mean something to the host's kernel are the host's to set.
    @Test(arguments: Start.all)
    func thoseThatGivePrivilegeAreRefused(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      // All capabilities, version 2.
      let capabilities: [UInt8] = [1, 0, 0, 2] + [UInt8](repeating: 0xff, count: 16)
      for (name, value) in [
        ("security.capability", capabilities), ("trusted.a", [1]), ("trusted.overlay.opaque", [0x79]),
        ("security.ima", [1]), ("security.evm", [1]), ("nonsense.a", [1]), ("user", [1]),
      ] {
        let errno = try peer.errno(set(name, value))
        #expect(errno == EPERM || errno == EOPNOTSUPP || errno == EINVAL, "\(name): \(errno)")
      }
      #expect(listxattr(place.export + "/file", nil, 0) == 0)
    }

    /// The host changes a value's size between the kernel's two looks at it: a reply has one value or the other, whole.
    @Test(arguments: Start.all)
    func aValueThatChangesIsNeverMixed(start: Start) throws {
      let place = try Place(start, in: "/dev/shm")
      let file = place.export + "/file"
      try place.makeFile(file)
      let (short, long) = ([UInt8](repeating: 1, count: 10), [UInt8](repeating: 2, count: 4000))
      try check(setxattr(file, "user.a", short, short.count, 0), "setxattr")
      let peer = try place.serve()
      var met: Set<Int> = []
      _ = try race(
        seconds: 0.3,
        against: {
          setxattr(file, "user.a", long, long.count, 0)
          setxattr(file, "user.a", short, short.count, 0)
        }
      ) { _ in
        guard let value = try value("user.a", peer) else { return true }
        #expect(value == short || value == long, "\(value.count) bytes")
        met.insert(value.count)
        let length = try peer.ask(get("user.a", size: 0)).length
        #expect(length == 10 || length == 4000)
        let errno = try peer.errno(get("user.a", size: 100))
        #expect(errno == 0 || errno == ERANGE)
        return true
      }
      #expect(met == [10, 4000])
      #expect(try peer.isWell())
    }

    @Test(arguments: Start.all)
    func aFilesSizeIsTheKernelsToRefuse(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for size in [1 << 63, 1 << 63 + 1, .max] as [UInt64] {
        #expect(try peer.errno(Message(.truncate, .s("/file"), .q(size))) == EINVAL, "\(size)")
      }
      for size in [1 << 63 - 1, 1 << 62] as [UInt64] {
        let errno = try peer.errno(Message(.truncate, .s("/file"), .q(size)))
        #expect(errno == EFBIG || errno == EINVAL, "\(size): \(errno)")
      }
      #expect(try peer.errno(Message(.truncate, .s("/directory"), .q(0))) == EISDIR)
      #expect(try peer.status("/file").size == 0)
      #expect(try peer.isWell())
    }
  }
}

extension Answer {
  /// The number that a status reply has.
  var length: Int32? {
    guard case .frame(0, let payload) = self, payload.count == 4 else { return nil }
    return payload.integer(at: 0, as: Int32.self)
  }
}
