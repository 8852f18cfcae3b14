import CLinux
import Glibc
import HelperHarness
import ProxyProtocol

/// Makes up requests.
struct Generator {
  var random: Random
  var names = Names()

  init(seed: UInt64) {
    random = Random(seed: seed)
  }

  mutating func next() -> Step {
    // What removes is asked for more often the more there is.
    let crowded = names.known.count > 60
    let kinds: [(weight: Int, value: RequestType)] = [
      (12, .create), (9, .makeDirectory), (6, .makeNode), (8, .makeSymbolicLink), (5, .link),
      (crowded ? 40 : 9, .remove), (7, .rename), (8, .open), (12, .status), (4, .readLink), (2, .fileSystemStatus),
      (5, .changeMode), (5, .changeOwner), (5, .truncate), (6, .setTimes), (4, .getAttribute), (4, .listAttributes),
      (7, .setAttribute), (3, .removeAttribute), (2, .getVersion),
    ]
    var step = step(random.pick(weighted: kinds))
    step.twist(&random)
    return step
  }

  /// Takes note of how it went.
  mutating func learn(from step: Step, errno: Int32) {
    switch errno {
    case 0:
      if let gone = step.gone { names.forget(gone) }
      if let made = step.made { names.add(made) }
    case ENOENT:
      // What was believed to exist has gone with a directory above it.
      if let gone = step.gone { names.forget(gone) }
    default: break
    }
  }

  mutating func path() -> [UInt8] {
    let path = names.path(&random)
    return names.spell(path, &random)
  }

  private mutating func step(_ type: RequestType) -> Step {
    switch type {
    case .create: create()
    case .makeDirectory, .makeNode, .makeSymbolicLink: make(type)
    case .open: open()
    case .link, .rename: pair(type)
    case .remove, .status: single(type)
    case .setAttribute: setAttribute()
    case .getVersion: getVersion()
    default: other(type)
    }
  }

  private mutating func single(_ type: RequestType) -> Step {
    let path = names.path(&random)
    return Step(message: Message(type, .s(names.spell(path, &random))), gone: path)
  }

  private mutating func pair(_ type: RequestType) -> Step {
    let (old, new) = (names.path(&random), random.once(in: 3) ? names.path(&random) : names.newPath(&random))
    let message = Message(type, .s(names.spell(old, &random)), .s(names.spell(new, &random)))
    return Step(message: message, made: new, gone: type == .rename && old != new ? old : nil)
  }

  private mutating func other(_ type: RequestType) -> Step {
    let path = path()
    switch type {
    case .readLink:
      let size = random.pick([4096, 4096, 4097, 2, 5, 1, 0, 100_000, -1, .min] as [Int32])
      return sized(Message(type, .s(path), .d(UInt32(bitPattern: size))), size)
    case .fileSystemStatus: return Step(message: Message(type, .s(path)))
    case .changeMode: return Step(message: Message(type, .s(path), .d(mode())))
    case .changeOwner:
      let (uid, gid) = (random.once(in: 4) ? .max : identifier(), random.once(in: 4) ? .max : identifier())
      return Step(message: Message(type, .s(path), .d(uid), .d(gid)))
    case .truncate:
      let sizes = [0, 0, 1, 100, 4096, 5000, 70_000, 1 << 32, -1, .min, .max, 1 << 45] as [Int64]
      return Step(message: Message(type, .s(path), .q(UInt64(bitPattern: random.pick(sizes)))))
    case .setTimes:
      let (access, modification) = (time(), time())
      return Step(
        message: Message(
          type, .s(path), .q(access.seconds), .q(access.nanoseconds), .q(modification.seconds),
          .q(modification.nanoseconds)))
    case .getAttribute:
      let size = valueSize()
      return sized(Message(type, .d(UInt32(bitPattern: size)), .s(path), .s(attributeName())), size)
    case .listAttributes:
      let size = valueSize()
      return sized(Message(type, .d(UInt32(bitPattern: size)), .s(path)), size)
    default: return Step(message: Message(.removeAttribute, .s(path), .s(attributeName())))
    }
  }

  /// Where there is no such thing as a negative size.
  private func sized(_ message: Message, _ size: Int32) -> Step {
    guard size < 0 else { return Step(message: message) }
    return Step(message: message, reference: .alone(EINVAL, .negativeSize))
  }

  private mutating func valueSize() -> Int32 {
    random.pick([0, 0, 1, 4, 16, 100, 4096, 65_534, 65_536, 70_000, -1, .min] as [Int32])
  }

  /// Never about the present: a time that a request set must be told from one that the kernel set.
  private mutating func time() -> (seconds: UInt64, nanoseconds: UInt64) {
    let seconds: [Int64] = [
      0, 1, 1_000_000_000, 1_234_567_890, 4_102_444_800, -1, -315_360_000, 0x7fff_ffff, 0x8000_0000, -0x8000_0000,
      0x3_7fff_ffff, 1 << 34, 1 << 40, .max, .min,
    ]
    let nanoseconds: [Int64] = [0, 1, 999_999_999, Int64(random.below(1_000_000_000)), 0x3fff_ffff, 0x3fff_fffe]
    let wrong: [Int64] = [1_000_000_000, -1, .max, 1 << 32, 0x4000_0000]
    let fraction = random.once(in: 10) ? random.pick(wrong) : random.pick(nanoseconds)
    return (UInt64(bitPattern: random.pick(seconds)), UInt64(bitPattern: fraction))
  }

  mutating func identifier() -> UInt32 {
    random.pick([0, 1000, 1000, 1001, 65534, 0xffff_fffe, UInt32(random.below(100_000))])
  }

  /// As whom something is made. Root is always of the group 0 (``KnownDifference/rootWithAnotherGroup``).
  mutating func identity() -> (uid: UInt32, gid: UInt32) {
    let uid = identifier()
    return (uid, uid == 0 ? 0 : identifier())
  }

  mutating func mode() -> UInt32 {
    let usual: [UInt32] = [0o644, 0o600, 0o755, 0o777, 0o700, 0, 0o4755, 0o2755, 0o2775, 0o1777, 0o6711, 0o7777]
    switch random.below(20) {
    case 0: return UInt32(truncatingIfNeeded: random.next())
    case ..<5: return UInt32(random.below(0o10000))
    default: return random.pick(usual)
    }
  }

  private mutating func getVersion() -> Step {
    let path = path()
    let open = Message(.open, .s(path), .d(UInt32(O_RDONLY | O_NONBLOCK)))
    return Step(message: Message(.getVersion, .s(path)), reference: .reworded(open, .generation))
  }
}
