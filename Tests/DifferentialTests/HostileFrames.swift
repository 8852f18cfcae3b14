import HelperHarness
import ProxyProtocol

/// Makes up bytes that a broken or malicious client might send.
struct HostileFrames {
  private var generator: Generator

  /// What a helper must do with the bytes.
  enum Due {
    /// Answer once, in this form.
    case reply(ReplyForm)
    /// Close the connection: what follows can't be told apart any more.
    case end
  }

  struct Sending {
    let what: String
    let bytes: [UInt8]
    let due: Due
  }

  init(seed: UInt64) {
    generator = Generator(seed: seed)
  }

  mutating func next() -> Sending {
    switch generator.random.below(100) {
    case ..<25: randomPayload()
    case ..<60: mutated()
    case ..<96: extremeNumbers()
    default: unanswerable()
    }
  }

  /// Lets names be met again that were made.
  mutating func learn(_ path: [UInt8]) {
    let components = path.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == 0 }).map(Array.init)
    guard components.count < 5, components.count + generator.names.known.count < 60 else { return }
    generator.names.add(components)
  }

  private func sending(_ what: String, _ type: RequestType, _ payload: [UInt8]) -> Sending {
    let payload = Array(payload.prefix(Frame.maximumPayload))
    let bytes = Self.header(type.rawValue, payload.count) + payload
    return Sending(what: "\(what) \(type) \(payload.readable)", bytes: bytes, due: .reply(type.replyForm))
  }

  private static func header(_ type: UInt32, _ size: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(field: type)
    bytes.append(field: UInt32(truncatingIfNeeded: size))
    return bytes
  }

  private mutating func randomPayload() -> Sending {
    let type = generator.random.pick(RequestType.allCases)
    let most = generator.random.once(in: 40) ? Frame.maximumPayload : 120
    var payload = generator.random.bytes(generator.random.below(most + 1))
    // A length that fits makes it further in.
    if payload.count > 2, generator.random.once(in: 2) {
      payload[0] = UInt8(truncatingIfNeeded: generator.random.below(min(payload.count, 256)))
      payload[1] = 0
    }
    return sending("random", type, payload)
  }

  private mutating func mutated() -> Sending {
    let message = generator.next().message
    var payload = message.payload
    for _ in 0...generator.random.below(4) {
      let place = generator.random.below(payload.count + 1)
      switch generator.random.below(4) {
      case 0: payload.insert(contentsOf: generator.random.bytes(1 + generator.random.below(4)), at: place)
      case 1: payload.removeSubrange(place..<min(payload.count, place + 1 + generator.random.below(4)))
      case 2: payload = Array(payload.prefix(place))
      default:
        guard place < payload.count else { continue }
        payload[place] ^= 1 << UInt8(generator.random.below(8))
      }
    }
    return sending("mutated", message.type, payload)
  }

  private mutating func extremeNumbers() -> Sending {
    var message = generator.next().message
    let words: [UInt32] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffe, 0o100, 0o20200000, 0o10000000]
    let longs: [UInt64] = [0, 1, .max, 1 << 63, 1 << 63 - 1, 1 << 32, 0xffff_ffff]
    for index in message.fields.indices where generator.random.once(in: 5) {
      let isKnown = generator.random.once(in: 2)
      switch message.fields[index] {
      case .d: message.fields[index] = .d(isKnown ? generator.random.pick(words) : number())
      case .q: message.fields[index] = .q(isKnown ? generator.random.pick(longs) : UInt64(number()))
      case .s where generator.random.once(in: 8): message.fields[index] = .s(.init(repeating: 0x2f, count: 30_000))
      case .s, .lie: break
      }
    }
    return sending("extreme", message.type, message.payload)
  }

  private mutating func number() -> UInt32 {
    UInt32(truncatingIfNeeded: generator.random.next())
  }

  /// Frames whose header lies, or says what nobody knows.
  private mutating func unanswerable() -> Sending {
    let message = generator.next().message
    let (type, payload) = (message.type.rawValue, message.payload)
    switch generator.random.below(5) {
    case 0:
      let unknown = generator.random.pick([0, 1, 22, 23, 255, 256, 0x0200_0000, 0x7fff_ffff, .max] as [UInt32])
      return Sending(what: "type \(unknown)", bytes: Self.header(unknown, payload.count) + payload, due: .end)
    case 1:
      let size = generator.random.pick([65_537, 65_538, 100_000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff])
      return Sending(what: "\(message.type) of \(size) bytes", bytes: Self.header(type, size) + payload, due: .end)
    case 2:
      let size = min(Frame.maximumPayload, payload.count + 1 + generator.random.below(1000))
      guard size > payload.count else { fallthrough }
      return Sending(what: "\(message.type) that lacks bytes", bytes: Self.header(type, size) + payload, due: .end)
    case 3:
      // What is too much is the next header, and more than any frame can be.
      let surplus: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
      return Sending(
        what: "\(message) and then nonsense", bytes: Self.header(type, payload.count) + payload + surplus, due: .end)
    default:
      let bytes = generator.random.bytes(1 + generator.random.below(7))
      return Sending(what: "part of a header", bytes: bytes, due: .end)
    }
  }
}
