import NinePProtocol
import Testing
import Wire

/// Each name of each request is a name, or the request is answered with its errno.
@Suite struct NameTests {
  struct Place: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let type: RequestType
    /// The answers to `.` and to `..`.
    let one: UInt32?
    let two: UInt32?
    let body: @Sendable ([UInt8]) -> Body
  }

  static let places: [Place] = [
    Place(testDescription: "Tlcreate", type: .lcreate, one: 17, two: 17) { Body().u32(1).s($0).u32(0).u32(0).u32(0) },
    Place(testDescription: "Tsymlink", type: .symlink, one: 17, two: 17) { Body().u32(1).s($0).s("t").u32(0) },
    Place(testDescription: "Tmknod", type: .mknod, one: 17, two: 17) {
      Body().u32(1).s($0).u32(0).u32(0).u32(0).u32(0)
    },
    Place(testDescription: "Tmkdir", type: .mkdir, one: 17, two: 17) { Body().u32(1).s($0).u32(0).u32(0) },
    Place(testDescription: "Tlink", type: .link, one: 17, two: 17) { Body().u32(1).u32(2).s($0) },
    Place(testDescription: "Trename", type: .rename, one: 21, two: 21) { Body().u32(1).u32(2).s($0) },
    Place(testDescription: "Trenameat, old", type: .renameat, one: 21, two: 21) {
      Body().u32(1).s($0).u32(2).s("new")
    },
    Place(testDescription: "Trenameat, new", type: .renameat, one: 21, two: 21) {
      Body().u32(1).s("old").u32(2).s($0)
    },
    Place(testDescription: "Tunlinkat", type: .unlinkat, one: 22, two: 39) { Body().u32(1).s($0).u32(0) },
    Place(testDescription: "Twalk, first", type: .walk, one: nil, two: nil) {
      Body().u32(1).u32(2).u16(2).s($0).s("b")
    },
    Place(testDescription: "Twalk, last", type: .walk, one: nil, two: nil) {
      Body().u32(1).u32(2).u16(3).s("..").s("b").s($0)
    },
  ]

  static let illegal: [(name: [UInt8], answer: UInt32)] = [
    ([], 2), (Array("/".utf8), 2), (Array("/etc".utf8), 2), (Array("a/b".utf8), 2), (Array("a/".utf8), 2),
    (Array("../x".utf8), 2), ([0], 22), (Array("a\0b".utf8), 22), (Array("a\0".utf8), 22), (Array(".\0".utf8), 22),
    ([UInt8](repeating: 0x61, count: 256), 36), ([UInt8](repeating: 0x61, count: 65535), 36),
  ]

  /// The errno that a request with a bad name is answered with, or nil when it can be decoded.
  private func answer(to type: RequestType, _ body: [UInt8]) -> UInt32? {
    do throws(Malformed) {
      _ = try Request(type, body: body.span)
      return nil
    } catch {
      guard case .name = error else { Issue.record("\(error)"); return nil }
      return error.errorNumber(for: type).rawValue
    }
  }

  @Test(arguments: places, illegal)
  func isRefused(in place: Place, _ bad: (name: [UInt8], answer: UInt32)) {
    let body = place.body(bad.name).bytes
    #expect(answer(to: place.type, body) == bad.answer)
  }

  @Test(arguments: places)
  func dotsAreNamesInAWalkOnly(_ place: Place) throws {
    for (name, answer) in [(".", place.one), ("..", place.two)] {
      let body = place.body(Array(name.utf8)).bytes
      if let answer {
        #expect(self.answer(to: place.type, body) == answer)
      } else {
        _ = try Request(place.type, body: body.span)
      }
    }
  }

  /// Any bytes are a name but these: names have no encoding.
  @Test(arguments: places)
  func mayHoldAnythingElse(_ place: Place) throws {
    var names: [[UInt8]] = ["...", "..a", ".a", "a.", " ", "~", "\\", ".virtfs_metadata", "\n"].map { Array($0.utf8) }
    names += (1...255).filter { $0 != 0x2f && $0 != 0x2e }.map { [UInt8($0)] }
    names += [[0xff, 0xfe], [0xc0, 0xaf], [UInt8](repeating: 0xff, count: 255)]
    for name in names {
      let body = place.body(name).bytes
      let request = try Request(place.type, body: body.span)
      if name.count > 1, name.allSatisfy({ $0 < 0x80 }) {
        #expect(reading(request).contains(String(decoding: name, as: UTF8.self)))
      }
    }
  }

  @Test func aTargetIsAnyPath() throws {
    func body(_ target: [UInt8]) -> [UInt8] { Body().u32(1).s("l").s(target).u32(0).bytes }
    for target in ["/", "/etc/shadow", "..", "../../x", "a//b/", "."] {
      let body = body(Array(target.utf8))
      #expect(reading(try Request(.symlink, body: body.span)) == "symlink 1 l \(target) 0")
    }
    let longest = body([UInt8](repeating: 0x61, count: 4095))
    _ = try Request(.symlink, body: longest.span)
    let refused: [([UInt8], UInt32)] = [
      ([], 2), ([UInt8](repeating: 0x61, count: 4096), 36), (Array("a\0b".utf8), 22), ([0], 22),
    ]
    for (target, answer) in refused {
      let body = body(target)
      #expect(self.answer(to: .symlink, body) == answer)
    }
  }

  @Test func anAttributesNameIsAnyName() throws {
    func walk(_ name: [UInt8]) -> [UInt8] { Body().u32(1).u32(2).s(name).bytes }
    func create(_ name: [UInt8]) -> [UInt8] { Body().u32(1).s(name).u64(0).u32(0).bytes }
    for name in [Array("user.a/b".utf8), Array("..".utf8), [UInt8](repeating: 0xff, count: 255)] {
      let (walk, create) = (walk(name), create(name))
      _ = try Request(.xattrwalk, body: walk.span)
      _ = try Request(.xattrcreate, body: create.span)
    }
    for (name, answer) in [([UInt8](repeating: 0x61, count: 256), UInt32(34)), (Array("user.a\0".utf8), 22)] {
      #expect(self.answer(to: .xattrwalk, walk(name)) == answer)
      #expect(self.answer(to: .xattrcreate, create(name)) == answer)
    }
    #expect(answer(to: .xattrcreate, create([])) == 22)
  }

  /// What isn't the name of a file may be any bytes.
  @Test func otherStringsAreLeftAlone() throws {
    let any: [UInt8] = Array("/a\0..".utf8)
    let bodies: [(RequestType, Body)] = [
      (.version, Body().u32(0).s(any)), (.attach, Body().u32(1).u32(2).s(any).s(any).u32(0)),
      (.auth, Body().u32(1).s(any).s(any).u32(0)),
      (.lock, Body().u32(1).u8(0).u32(0).u64(0).u64(0).u32(0).s(any)),
      (.getlock, Body().u32(1).u8(0).u64(0).u64(0).u32(0).s(any)),
    ]
    for (type, body) in bodies { _ = try Request(type, body: body.bytes.span) }
  }
}
