import CLinux
import Glibc
import HelperHarness
import ProxyProtocol

// Requests that open and make.
extension Generator {
  mutating func open() -> Step {
    let path = path()
    let flags = openFlags()
    let step = Step(message: Message(.open, .s(path), .d(UInt32(bitPattern: flags))))
    switch random.below(40) {
    case 0:
      let forbidden = random.pick([O_CREAT, cl_o_tmpfile, cl_o_path])
      var alone = step
      alone.askAlone(
        step.message.replacing(1, by: .d(UInt32(bitPattern: flags | forbidden))), EINVAL, .creatingOpen)
      return alone
    case 1: return withDroppedFlag(step, field: 1, flags)
    default: return step
    }
  }

  mutating func create() -> Step {
    let new = random.once(in: 3) ? names.path(&random) : names.newPath(&random)
    let (uid, gid) = identity()
    var flags = openFlags() & ~O_DIRECTORY
    if !random.once(in: 20) { flags |= O_CREAT }
    if random.once(in: 40) { flags |= O_DIRECTORY }
    let mode = mode()
    let path = names.spell(new, &random)
    let step = Step(
      message: Message(.create, .s(path), .d(UInt32(bitPattern: flags)), .d(mode), .d(uid), .d(gid)), made: new)
    return random.once(in: 40) ? withDroppedFlag(step, field: 1, flags) : step
  }

  private mutating func withDroppedFlag(_ step: Step, field: Int, _ flags: CInt) -> Step {
    let dropped = random.pick([O_ASYNC, O_NOCTTY, O_ASYNC | O_NOCTTY])
    var reworded = step
    reworded.message = step.message.replacing(field, by: .d(UInt32(bitPattern: flags | dropped)))
    reworded.reference = .reworded(step.message, .droppedFlags)
    return reworded
  }

  private mutating func openFlags() -> CInt {
    var flags = random.pick(weighted: [(5, O_RDONLY), (2, O_WRONLY), (4, O_RDWR), (1, O_ACCMODE)])
    let others: [(times: Int, flag: CInt)] = [
      (6, O_APPEND), (8, O_TRUNC), (6, O_NONBLOCK), (60, O_SYNC), (60, O_DSYNC), (4, O_NOFOLLOW), (8, O_DIRECTORY),
      (12, cl_o_noatime), (16, cl_o_direct), (8, O_EXCL),
    ]
    for other in others where random.once(in: other.times) { flags |= other.flag }
    return flags
  }

  mutating func make(_ type: RequestType) -> Step {
    let new = random.once(in: 6) ? names.path(&random) : names.newPath(&random)
    let path = names.spell(new, &random)
    let (uid, gid) = identity()
    let message: Message
    switch type {
    case .makeDirectory: message = Message(type, .d(uid), .d(gid), .s(path), .d(mode()))
    case .makeSymbolicLink: message = Message(type, .d(uid), .d(gid), .s(names.target(&random)), .s(path))
    default:
      let (kind, device) = node()
      message = Message(.makeNode, .d(uid), .d(gid), .s(path), .d(kind | mode() & 0o7777), .q(device))
    }
    return Step(message: message, made: new)
  }

  /// A file type and a device number. The original opens devices, so they are those that don't mind.
  private mutating func node() -> (kind: UInt32, device: UInt64) {
    let null: UInt64 = 0x103
    let zero: UInt64 = 0x105
    switch random.below(20) {
    case ..<6: return (S_IFIFO, random.once(in: 3) ? random.next() : 0)
    case ..<9: return (S_IFSOCK, 0)
    case ..<12: return (S_IFCHR, random.pick([null, zero, 0]))
    // A major number for local use, which no driver has.
    case ..<14: return (S_IFBLK, 0xf000)
    case ..<17: return (S_IFREG, random.once(in: 3) ? random.next() : 0)
    case 17: return (0, 0)
    case 18: return (random.pick([S_IFDIR, S_IFLNK, S_IFMT]), 0)
    // More than the kernel has bits for.
    default: return (S_IFCHR, 1 << 32 | null)
    }
  }
}

// Extended attributes.
extension Generator {
  mutating func setAttribute() -> Step {
    var name = attributeName()
    var value = random.bytes(random.pick([0, 1, 4, 16, 16, 100, 100, 1000, 4000, 5000, 60_000]))
    if random.once(in: 10) {
      name = Array(random.pick(["system.posix_acl_access", "system.posix_acl_default"]).utf8)
      value = accessControlList()
    }
    let flags = random.pick(weighted: [(6, 0), (2, UInt32(XATTR_CREATE)), (2, UInt32(XATTR_REPLACE)), (1, 3), (1, 8)])
    var size = Int32(value.count)
    let path = path()
    if random.once(in: 12) {
      let wrong = random.pick([size + 1, size + 100, .max, -1, .min])
      let message = Message(
        .setAttribute, .s(path), .s(name), .s(value), .d(UInt32(bitPattern: wrong)), .d(flags))
      return Step(message: message, reference: .alone(EINVAL, wrong < 0 ? .negativeSize : .sizeBeyondValue))
    }
    if random.once(in: 6) { size = Int32(random.below(value.count + 1)) }
    return Step(message: Message(.setAttribute, .s(path), .s(name), .s(value), .d(UInt32(size)), .d(flags)))
  }

  mutating func attributeName() -> [UInt8] {
    let usual = ["user.a", "user.a", "user.b", "user.c", "user.käse"]
    let odd = [
      "trusted.a", "security.a", "security.capability", "system.posix_acl_access", "system.posix_acl_default",
      "nonsense.a", "user.", "user", ".", "user." + String(repeating: "n", count: 250),
      "user." + String(repeating: "n", count: 251),
    ]
    var name = Array((random.once(in: 4) ? random.pick(odd) : random.pick(usual)).utf8)
    if random.once(in: 2) { name.append(0) }
    return name
  }

  /// For the owner, the user 1000, the group, the mask and others, in the kernel's form.
  private mutating func accessControlList() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(field: UInt32(2))
    for (tag, identifier) in [(1, .max), (2, 1000), (4, .max), (0x10, .max), (0x20, .max)] as [(UInt16, UInt32)] {
      bytes.append(field: tag)
      bytes.append(field: UInt16(random.below(8)))
      bytes.append(field: identifier)
    }
    return bytes
  }
}
