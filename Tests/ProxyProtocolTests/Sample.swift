import HelperHarness
import ProxyProtocol
import Testing

/// One request of each type: its payload, and what it must be read as.
struct Sample: CustomTestStringConvertible, Sendable {
  let type: RequestType
  let payload: [UInt8]
  let reading: String

  init(_ type: RequestType, _ payload: Payload, _ reading: String) {
    self.type = type
    self.payload = payload.bytes
    self.reading = reading
  }

  var testDescription: String { "\(type)" }

  static let all: [Sample] = [
    Sample(.open, Payload().s("//d/f\0").d(0o2001), "open //d/f 1025"),
    Sample(
      .create, Payload().s("//d/f").d(0o102).d(0o644).d(1000).d(1001), "create //d/f 66 420 1000 1001"),
    Sample(
      .makeNode, Payload().d(1).d(2).s("//n").d(0o20600).q(0x1_0000_0103), "makeNode //n 8576 4294967555 1 2"),
    Sample(.makeDirectory, Payload().d(1).d(2).s("//n").d(0o755), "makeDirectory //n 493 1 2"),
    Sample(.makeSymbolicLink, Payload().d(1).d(2).s("to/there").s("//l"), "makeSymbolicLink to/there //l 1 2"),
    Sample(.link, Payload().s("//a\0").s("//b"), "link //a //b"),
    Sample(.status, Payload().s("/\0"), "status /"),
    Sample(.readLink, Payload().s("//l\0").d(4096), "readLink //l 4096"),
    Sample(.fileSystemStatus, Payload().s("/\0"), "fileSystemStatus /"),
    Sample(.changeMode, Payload().s("//f\0").d(0o4755), "changeMode //f 2541"),
    Sample(.changeOwner, Payload().s("//f\0").d(-1).d(7), "changeOwner //f 4294967295 7"),
    Sample(.truncate, Payload().s("//f\0").q(-1), "truncate //f -1"),
    Sample(
      .setTimes, Payload().s("//f\0").q(-5).q(0x3fff_ffff).q(9).q(999_999_999), "setTimes //f -5 1073741823 9 999999999"
    ),
    Sample(.rename, Payload().s("//a").s("//b"), "rename //a //b"),
    Sample(.remove, Payload().s("//a"), "remove //a"),
    Sample(.getAttribute, Payload().d(100).s("//f\0").s("user.a"), "getAttribute //f user.a 100"),
    Sample(.listAttributes, Payload().d(0).s("//f\0"), "listAttributes //f 0"),
    Sample(
      .setAttribute, Payload().s("//f\0").s("user.a").s([1, 0, 2, 0]).d(3).d(1), "setAttribute //f user.a [1, 0, 2] 1"),
    Sample(.removeAttribute, Payload().s("//f\0").s("user.a"), "removeAttribute //f user.a"),
    Sample(.getVersion, Payload().s("//f\0"), "getVersion //f"),
  ]
}

/// What a request was read as, in words that two readings can be compared by.
func reading(_ request: borrowing Request) -> String {
  func text(_ span: Span<UInt8>) -> String { String(decoding: bytes(span), as: UTF8.self) }
  switch request {
  case .open(let path, let flags): return "open \(text(path)) \(flags)"
  case .create(let path, let flags, let mode, let uid, let gid):
    return "create \(text(path)) \(flags) \(mode) \(uid) \(gid)"
  case .makeNode(let path, let mode, let device, let uid, let gid):
    return "makeNode \(text(path)) \(mode) \(device) \(uid) \(gid)"
  case .makeDirectory(let path, let mode, let uid, let gid):
    return "makeDirectory \(text(path)) \(mode) \(uid) \(gid)"
  case .makeSymbolicLink(let target, let path, let uid, let gid):
    return "makeSymbolicLink \(text(target)) \(text(path)) \(uid) \(gid)"
  case .link(let old, let new): return "link \(text(old)) \(text(new))"
  case .status(let path): return "status \(text(path))"
  case .readLink(let path, let size): return "readLink \(text(path)) \(size)"
  case .fileSystemStatus(let path): return "fileSystemStatus \(text(path))"
  case .changeMode(let path, let mode): return "changeMode \(text(path)) \(mode)"
  case .changeOwner(let path, let uid, let gid): return "changeOwner \(text(path)) \(uid) \(gid)"
  case .truncate(let path, let size): return "truncate \(text(path)) \(size)"
  case .setTimes(let path, let access, let modification):
    return "setTimes \(text(path)) \(access.seconds) \(access.nanoseconds) "
      + "\(modification.seconds) \(modification.nanoseconds)"
  case .rename(let old, let new): return "rename \(text(old)) \(text(new))"
  case .remove(let path): return "remove \(text(path))"
  case .getAttribute(let path, let name, let size): return "getAttribute \(text(path)) \(text(name)) \(size)"
  case .listAttributes(let path, let size): return "listAttributes \(text(path)) \(size)"
  case .setAttribute(let path, let name, let value, let flags):
    return "setAttribute \(text(path)) \(text(name)) \(bytes(value)) \(flags)"
  case .removeAttribute(let path, let name): return "removeAttribute \(text(path)) \(text(name))"
  case .getVersion(let path): return "getVersion \(text(path))"
  }
}
