import HelperHarness
import MonitorProtocol
import Testing
import Wire

/// One request about objects of each type: what follows the places, and what it must be read as.
struct MonitorSample: CustomTestStringConvertible, Sendable {
  let type: MonitorRequestType
  let payload: [UInt8]
  let reading: String

  init(_ type: MonitorRequestType, _ payload: Payload, _ reading: String) {
    self.type = type
    self.payload = payload.bytes
    self.reading = reading
  }

  var testDescription: String { "\(type)" }

  static let all: [MonitorSample] = [
    MonitorSample(.find, Payload().s("f"), "find f"),
    MonitorSample(.parent, Payload(), "parent"),
    MonitorSample(.open, Payload().d(0o2001).d(1), "open 1025 true"),
    MonitorSample(.create, Payload().d(0o102).d(0o644).d(1000).d(1001).s("f"), "create f 66 420 1000 1001"),
    MonitorSample(.makeDirectory, Payload().d(0o755).d(1).d(-1).s("d"), "makeDirectory d 493 1 4294967295"),
    MonitorSample(
      .makeNode, Payload().d(0o20600).q(0x1_0000_0103).d(1).d(2).s("n"), "makeNode n 8576 4294967555 1 2"),
    MonitorSample(.makeSymbolicLink, Payload().d(1).d(2).s("l").s("../to/there"), "makeSymbolicLink l ../to/there 1 2"),
    MonitorSample(.link, Payload().s("a"), "link a"),
    MonitorSample(.rename, Payload().s("a").s("...b"), "rename a ...b"),
    MonitorSample(.remove, Payload().d(0).s("a"), "remove a false"),
    MonitorSample(
      .change, Payload().d(0b11111).d(3).d(-1).d(0o4755).q(-5).q(-6).q(7).q(8).q(999_999_999),
      "change 3:4294967295 2541 -5 true -6.7 8.999999999"),
    MonitorSample(.getAttribute, Payload().d(100).s("user.a"), "getAttribute user.a 100"),
    MonitorSample(.listAttributes, Payload().d(-1), "listAttributes 4294967295"),
    MonitorSample(.setAttribute, Payload().d(1).s("user.a").w(2), "setAttribute user.a [2, 0] 1"),
    MonitorSample(.removeAttribute, Payload().s("user.a"), "removeAttribute user.a"),
    MonitorSample(.removeObject, Payload(), "removeObject"),
    MonitorSample(.renameObject, Payload().s("b"), "renameObject b"),
  ]
}

/// What a request was read as, in words that two readings can be compared by.
func reading(_ request: borrowing MonitorRequest) -> String {
  func text(_ span: Span<UInt8>) -> String { String(decoding: bytes(span), as: UTF8.self) }
  switch request {
  case .find(let name): return "find \(text(name.bytes))"
  case .parent: return "parent"
  case .open(let flags, let isRoot): return "open \(flags) \(isRoot)"
  case .create(let name, let flags, let mode, let owner):
    return "create \(text(name.bytes)) \(flags) \(mode) \(owner.uid) \(owner.gid)"
  case .makeDirectory(let name, let mode, let owner):
    return "makeDirectory \(text(name.bytes)) \(mode) \(owner.uid) \(owner.gid)"
  case .makeNode(let name, let mode, let device, let owner):
    return "makeNode \(text(name.bytes)) \(mode) \(device) \(owner.uid) \(owner.gid)"
  case .makeSymbolicLink(let name, let target, let owner):
    return "makeSymbolicLink \(text(name.bytes)) \(text(target)) \(owner.uid) \(owner.gid)"
  case .link(let name): return "link \(text(name.bytes))"
  case .rename(let old, let new): return "rename \(text(old.bytes)) \(text(new.bytes))"
  case .remove(let name, let isDirectory): return "remove \(text(name.bytes)) \(isDirectory)"
  case .change(let change): return reading(change)
  case .getAttribute(let name, let size): return "getAttribute \(text(name)) \(size)"
  case .listAttributes(let size): return "listAttributes \(size)"
  case .setAttribute(let name, let value, let flags): return "setAttribute \(text(name)) \(bytes(value)) \(flags)"
  case .removeAttribute(let name): return "removeAttribute \(text(name))"
  case .removeObject: return "removeObject"
  case .renameObject(let new): return "renameObject \(text(new.bytes))"
  }
}

private func reading(_ change: MonitorRequest.Change) -> String {
  var words = ["change"]
  words.append(change.owner.map { "\($0.uid):\($0.gid)" } ?? "-")
  words.append(change.mode.map { "\($0)" } ?? "-")
  words.append(change.size.map { "\($0)" } ?? "-")
  words.append("\(change.isRoot)")
  for time in [change.times?.access, change.times?.modification] {
    words.append(time.map { "\($0.seconds).\($0.nanoseconds)" } ?? "-")
  }
  return words.joined(separator: " ")
}
