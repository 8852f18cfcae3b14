/// Messages that look random, the same for the same seed: mostly of use, on few fids and names.
package struct RandomMessages {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  private static let types: [UInt8] = [
    8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 102, 104, 108, 110, 110, 110, 116, 118,
    120, 122,
  ]

  /// Of any type but that which starts over.
  package mutating func next() -> NinePMessage {
    message(Self.types[below(Self.types.count)])
  }

  private mutating func bits() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x9e37_79b9_7f4a_7c15 >> 7
  }

  private mutating func below(_ limit: Int) -> Int { Int(bits() % UInt64(limit)) }

  private mutating func number(_ bits: UInt64) -> UInt64 {
    switch below(4) {
    case 0: UInt64(below(16))
    case 1: UInt64(below(5000))
    case 2: (bits < 64 ? (1 << bits) - 1 : .max) &- UInt64(below(3))
    default: self.bits() & (bits < 64 ? (1 << bits) - 1 : .max)
    }
  }

  private mutating func name() -> String {
    ["a", "b", "c", "d", "l", "m", "p", "..", ".", "", "a/b", "user.a", "user.b", String(repeating: "n", count: 255)][
      below(14)]
  }

  private mutating func fid() -> UInt32 { below(20) == 0 ? UInt32(truncatingIfNeeded: bits()) : UInt32(below(12)) }

  /// A message of this type whose fields are mostly of use.
  private mutating func message(_ type: UInt8) -> NinePMessage {
    func flags(_ value: UInt64) -> UInt32 { UInt32(value & 3) | (value & 4 == 0 ? 0 : 0o1000) }
    let (fid, other) = (fid(), fid())
    var message: NinePMessage
    switch type {
    case 12: message = .open(fid, below(8) == 0 ? UInt32(number(32)) : flags(bits()))
    case 14: message = .create(fid, name(), flags(bits()), mode: UInt32(number(32)))
    case 16: message = .symlink(fid, name(), name())
    case 18: message = .makeNode(fid, name(), mode: [0o10644, 0o100644, 0o140600, 0, 0o170777][below(5)])
    case 20: message = NinePMessage(20, .four(fid), .four(other), .text(name()))
    case 24: message = .status(fid)
    case 26:
      message = .change(
        fid, UInt32(below(0x200)), mode: UInt32(number(32)), uid: .max, gid: .max, size: number(20),
        accessNanoseconds: number(64))
    case 30: message = .walkAttribute(fid, other, name())
    case 32: message = .createAttribute(fid, name(), number(64), UInt32(below(5)))
    case 40: message = .list(fid, number(64), UInt32(number(32)))
    case 52: message = .lock(fid, UInt8(below(4)), flags: UInt32(below(4)), number(64), number(64))
    case 54: message = .getLock(fid, UInt8(below(4)), number(64), number(64))
    case 70: message = .link(fid, other, name())
    case 72: message = .makeDirectory(fid, name(), mode: UInt32(number(12)))
    case 74: message = .rename(fid, name(), other, name())
    case 76: message = .unlink(fid, name(), below(2) == 0 ? 0 : 0x200)
    case 102: message = NinePMessage(102, .four(fid), .text(name()), .text(name()), .four(0))
    case 104: message = .attach(fid, user: UInt32(number(32)))
    case 108: message = .flush(UInt16(number(16)))
    case 110: message = .walk(fid, other, (0..<below(5)).map { _ in name() })
    case 116: message = .read(fid, number(64), UInt32(number(32)))
    case 118: message = .write(fid, number(20), Array(repeating: 1, count: below(200)))
    default: message = NinePMessage(type, .four(fid))
    }
    if below(40) == 0, !message.body.isEmpty { message.body.removeLast(1 + below(message.body.count)) }
    return message
  }
}
