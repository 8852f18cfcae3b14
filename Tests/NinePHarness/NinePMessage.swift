/// A message, written down from the protocol's description: fields may be anything, and so may the type.
package struct NinePMessage: CustomStringConvertible {
  package var type: UInt8
  package var body: [UInt8]

  package init(_ type: UInt8, _ fields: Field...) {
    self.type = type
    body = fields.flatMap(\.bytes)
  }

  package enum Field {
    case one(UInt8)
    case two(UInt16)
    case four(UInt32)
    case eight(UInt64)
    case text([UInt8])
    case raw([UInt8])

    package static func text(_ text: String) -> Field { .text(Array(text.utf8)) }

    package var bytes: [UInt8] {
      switch self {
      case .one(let value): [value]
      case .two(let value): Self.bytes(UInt64(value), 2)
      case .four(let value): Self.bytes(UInt64(value), 4)
      case .eight(let value): Self.bytes(value, 8)
      case .text(let text): Self.bytes(UInt64(text.count), 2) + text
      case .raw(let bytes): bytes
      }
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
  }

  package func frame(tag: UInt16 = 1) -> [UInt8] {
    Field.four(UInt32(7 + body.count)).bytes + [type] + Field.two(tag).bytes + body
  }

  package var description: String { "message \(type) \(body.prefix(40))" }

  package static func version(_ size: UInt32, _ text: String) -> NinePMessage {
    NinePMessage(100, .four(size), .text(text))
  }
  package static func attach(
    _ fid: UInt32, tree: String = "", user: UInt32 = .max, name: String = ""
  ) -> NinePMessage {
    NinePMessage(104, .four(fid), .four(.max), .text(name), .text(tree), .four(user))
  }
  package static func walk(_ fid: UInt32, _ newFid: UInt32, _ names: [String] = []) -> NinePMessage {
    var message = NinePMessage(110, .four(fid), .four(newFid), .two(UInt16(names.count)))
    for name in names { message.body += Field.text(name).bytes }
    return message
  }
  package static func walk(_ fid: UInt32, _ newFid: UInt32, _ names: String...) -> NinePMessage {
    walk(fid, newFid, names)
  }
  package static func open(_ fid: UInt32, _ flags: UInt32 = 0) -> NinePMessage {
    NinePMessage(12, .four(fid), .four(flags))
  }
  package static func create(_ fid: UInt32, _ name: String, _ flags: UInt32 = 2, mode: UInt32 = 0o644) -> NinePMessage {
    NinePMessage(14, .four(fid), .text(name), .four(flags), .four(mode), .four(0))
  }
  package static func read(_ fid: UInt32, _ offset: UInt64 = 0, _ count: UInt32 = 4096) -> NinePMessage {
    NinePMessage(116, .four(fid), .eight(offset), .four(count))
  }
  package static func write(_ fid: UInt32, _ offset: UInt64, _ data: [UInt8]) -> NinePMessage {
    NinePMessage(118, .four(fid), .eight(offset), .four(UInt32(data.count)), .raw(data))
  }
  package static func list(_ fid: UInt32, _ offset: UInt64 = 0, _ count: UInt32 = 8192) -> NinePMessage {
    NinePMessage(40, .four(fid), .eight(offset), .four(count))
  }
  package static func status(_ fid: UInt32) -> NinePMessage { NinePMessage(24, .four(fid), .eight(0x7ff)) }
  package static func change(
    _ fid: UInt32, _ valid: UInt32, mode: UInt32 = 0, uid: UInt32 = 0, gid: UInt32 = 0, size: UInt64 = 0,
    access: UInt64 = 0, accessNanoseconds: UInt64 = 0
  ) -> NinePMessage {
    NinePMessage(
      26, .four(fid), .four(valid), .four(mode), .four(uid), .four(gid), .eight(size), .eight(access),
      .eight(accessNanoseconds), .eight(0), .eight(0))
  }
  package static func clunk(_ fid: UInt32) -> NinePMessage { NinePMessage(120, .four(fid)) }
  package static func remove(_ fid: UInt32) -> NinePMessage { NinePMessage(122, .four(fid)) }
  package static func unlink(_ fid: UInt32, _ name: String, _ flags: UInt32 = 0) -> NinePMessage {
    NinePMessage(76, .four(fid), .text(name), .four(flags))
  }
  package static func rename(_ fid: UInt32, to directory: UInt32, _ name: String) -> NinePMessage {
    NinePMessage(20, .four(fid), .four(directory), .text(name))
  }
  package static func rename(_ from: UInt32, _ old: String, _ to: UInt32, _ new: String) -> NinePMessage {
    NinePMessage(74, .four(from), .text(old), .four(to), .text(new))
  }
  package static func link(_ directory: UInt32, _ fid: UInt32, _ name: String) -> NinePMessage {
    NinePMessage(70, .four(directory), .four(fid), .text(name))
  }
  package static func symlink(_ directory: UInt32, _ name: String, _ target: String) -> NinePMessage {
    NinePMessage(16, .four(directory), .text(name), .text(target), .four(0))
  }
  package static func makeDirectory(_ directory: UInt32, _ name: String, mode: UInt32 = 0o755) -> NinePMessage {
    NinePMessage(72, .four(directory), .text(name), .four(mode), .four(0))
  }
  package static func makeNode(_ directory: UInt32, _ name: String, mode: UInt32) -> NinePMessage {
    NinePMessage(18, .four(directory), .text(name), .four(mode), .four(0), .four(0), .four(0))
  }
  package static func readLink(_ fid: UInt32) -> NinePMessage { NinePMessage(22, .four(fid)) }
  package static func fileSystem(_ fid: UInt32) -> NinePMessage { NinePMessage(8, .four(fid)) }
  package static func synchronize(_ fid: UInt32) -> NinePMessage { NinePMessage(50, .four(fid), .four(0)) }
  package static func walkAttribute(_ fid: UInt32, _ newFid: UInt32, _ name: String) -> NinePMessage {
    NinePMessage(30, .four(fid), .four(newFid), .text(name))
  }
  package static func createAttribute(_ fid: UInt32, _ name: String, _ size: UInt64, _ flags: UInt32 = 0)
    -> NinePMessage
  {
    NinePMessage(32, .four(fid), .text(name), .eight(size), .four(flags))
  }
  package static func flush(_ tag: UInt16) -> NinePMessage { NinePMessage(108, .two(tag)) }
  package static func lock(
    _ fid: UInt32, _ kind: UInt8, flags: UInt32 = 0, _ start: UInt64 = 0, _ length: UInt64 = 0, process: UInt32 = 1,
    client: String = "a"
  ) -> NinePMessage {
    NinePMessage(
      52, .four(fid), .one(kind), .four(flags), .eight(start), .eight(length), .four(process), .text(client))
  }
  package static func getLock(
    _ fid: UInt32, _ kind: UInt8, _ start: UInt64 = 0, _ length: UInt64 = 0, process: UInt32 = 1, client: String = "a"
  ) -> NinePMessage {
    NinePMessage(54, .four(fid), .one(kind), .eight(start), .eight(length), .four(process), .text(client))
  }
}
