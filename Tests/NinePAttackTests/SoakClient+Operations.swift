import Glibc
import HelperHarness
import NinePHarness

// What a client does in its own directory.
extension SoakClient {
  func walk() throws {
    let (fid, held) = pickDirectory()
    let new = free()
    if random.once(in: 5), let (other, held) = pick({ _ in true }) {
      try expect(.walk(other, new), true)
      fids[new] = Held(model: held.model)
      return
    }
    let name = anyName(held.model)
    let child = held.model.children[name]
    guard try expect(.walk(fid, new, name), child != nil) != nil, let child else { return }
    fids[new] = Held(model: child)
    // And on, by what may not be there.
    guard child.isDirectory, child.takesNames else { return }
    let inner = anyName(child)
    let qids = try expect(.walk(fid, 66, name, inner, "..", inner), true)?.u16(0)
    let found = child.children[inner]
    let expected: UInt16 = found == nil ? 1 : found?.isDirectory == true ? 4 : 2
    try same(qids == expected, "\(qids ?? 0) of \(expected) names")
    if expected == 4 { try expect(.clunk(66), true) }
  }

  func create() throws {
    let (fid, held) = pickDirectory()
    let (new, name, mode) = (free(), anyName(held.model), UInt32(random.below(0o200) | 0o600))
    try expect(.walk(fid, new), true)
    let succeeds = held.model.takesNames && held.model.children[name] == nil
    guard try expect(.create(new, name, 0o202, mode: mode), succeeds) != nil else {
      try expect(.clunk(new), true)
      return
    }
    let child = SoakModel(.file, mode: mode)
    held.model.add(child, name)
    fids[new] = Held(model: child, isOpen: true)
  }

  func make() throws {
    let (fid, held) = pickDirectory()
    let name = anyName(held.model)
    let succeeds = held.model.takesNames && held.model.children[name] == nil
    let child: SoakModel
    if random.once(in: 3) {
      child = SoakModel(.link, target: "target \(random.below(1000))")
      try expect(.symlink(fid, name, child.target), succeeds)
    } else {
      child = SoakModel(.directory, mode: UInt32(random.below(0o100) | 0o700))
      try expect(.makeDirectory(fid, name, mode: child.mode), succeeds)
    }
    if succeeds { held.model.add(child, name) }
  }

  func linkOrRename(links: Bool) throws {
    let (fid, held) = pickDirectory()
    let (other, target) = pickDirectory()
    let (old, new) = (anyName(held.model), anyName(target.model))
    if links {
      guard let (file, linked) = pick({ !$0.model.isDirectory }) else { return }
      let succeeds = held.model.takesNames && held.model.children[old] == nil && linked.model.links > 0
      try expect(.link(fid, file, old), succeeds)
      if succeeds { held.model.link(linked.model, old) }
    } else {
      let succeeds = held.model.mayRename(old, to: target.model, new)
      try expect(.rename(fid, old, other, new), succeeds)
      if succeeds { held.model.rename(old, to: target.model, new) }
    }
  }

  func unlink() throws {
    let (fid, held) = pickDirectory()
    let (name, removesDirectory) = (anyName(held.model), random.once(in: 2))
    let child = held.model.children[name]
    let succeeds = child.map { $0.isDirectory == removesDirectory && $0.children.isEmpty } ?? false
    try expect(.unlink(fid, name, removesDirectory ? 0x200 : 0), succeeds)
    if succeeds { held.model.remove(name) }
  }

  func readOrWrite() throws {
    guard let (fid, held) = pick({ $0.model.kind == .file }) else { return }
    guard held.isOpen else {
      try expect(.read(fid), false)
      try expect(.open(fid, 2), true)
      fids[fid]?.isOpen = true
      return
    }
    let offset = random.below(6000)
    switch random.below(4) {
    case 0, 1:
      let data = random.bytes(random.below(2000))
      try same(try expect(.write(fid, UInt64(offset), data), true)?.u32(0) == UInt32(data.count), "a short write")
      if data.isEmpty { return }
      let missing = offset + data.count - held.model.content.count
      if missing > 0 { held.model.content += Array(repeating: 0, count: missing) }
      held.model.content.replaceSubrange(offset..<offset + data.count, with: data)
    case 2:
      let count = random.below(3000)
      let data = try expect(.read(fid, UInt64(offset), UInt32(count)), true)?.data
      try same(data == Array(held.model.content.dropFirst(offset).prefix(count)), "read at \(offset)")
    default:
      try same(try expect(.lock(fid, 1, UInt64(offset), 100), true)?.all == [0], "a lock")
      try same(try expect(.getLock(fid, 1), true)?.all.first == 2, "somebody's lock")
      try same(try expect(.lock(fid, 2), true)?.all == [0], "an unlocking")
    }
  }

  func change() throws {
    guard let (fid, held) = pick({ $0.model.kind != .link }) else { return }
    if held.model.kind == .file, random.once(in: 2) {
      let size = random.below(7000)
      try expect(.change(fid, 0x68, size: UInt64(size)), true)
      let content = held.model.content.prefix(size)
      held.model.content = Array(content) + Array(repeating: 0, count: size - content.count)
    } else if held.model !== model {
      held.model.mode = UInt32(random.below(0o200) | (held.model.isDirectory ? 0o700 : 0o600))
      try expect(.change(fid, 0x41, mode: held.model.mode), true)
    }
  }

  func setAttribute() throws {
    guard let (fid, held) = pick({ $0.model.kind != .link }) else { return }
    let (new, name) = (free(), "user.a\(random.below(3))")
    let removes = random.once(in: 4)
    let value = removes ? [] : random.bytes(1 + random.below(100))
    try expect(.walk(fid, new), true)
    try expect(.createAttribute(new, name, UInt64(value.count), removes ? 2 : 0), true)
    if !removes { try expect(.write(new, 0, value), true) }
    try expect(.clunk(new), !removes || held.model.attributes[name] != nil)
    held.model.attributes[name] = removes ? nil : value
  }

  func getAttribute() throws {
    guard let (fid, held) = pick({ $0.model.kind != .link }) else { return }
    let (new, name) = (free(), "user.a\(random.below(3))")
    let value = held.model.attributes[name]
    if try expect(.walkAttribute(fid, new, name), value != nil) != nil {
      try same(try expect(.read(new), true)?.data == value, name)
      try expect(.clunk(new), true)
    }
    let size = try expect(.walkAttribute(fid, new, ""), true)?.u64(0)
    try same(size == held.model.attributes.keys.reduce(0) { $0 + UInt64($1.utf8.count) + 1 }, "attributes' names")
    try expect(.clunk(new), true)
  }

  func list() throws {
    let (fid, held) = pickDirectory()
    guard held.model.takesNames else { return }
    let new = free()
    try expect(.walk(fid, new), true)
    try expect(.open(new), true)
    let names = try expect(.list(new, 0, 4000), true)?.entries.map(\.name) ?? []
    try same(names.sorted() == ([".", ".."] + held.model.children.keys).sorted(), "listed: \(names)")
    try expect(.clunk(new), true)
  }

  func look() throws {
    guard let (fid, held) = pick({ _ in true }), let status = try expect(.status(fid), true) else { return }
    let type: UInt32 = held.model.isDirectory ? 0o40000 : held.model.kind == .link ? 0o120000 : 0o100000
    try same(status.u32(21) == type | held.model.mode, "mode")
    try same(status.u64(33) == UInt64(held.model.linkCount), "links: \(status.u64(33) ?? 0)")
    if held.model.kind == .file { try same(status.u64(49) == UInt64(held.model.content.count), "size") }
    if held.model.kind == .link {
      try same(
        try expect(.readLink(fid), true)?.all.dropFirst(2).elementsEqual(held.model.target.utf8) == true, "target")
    }
  }

  /// In the directory that is everybody's: anything may have happened, but only what can.
  func stepInCommon() throws {
    func any() -> UInt32 { random.once(in: 3) ? Self.common : Self.inCommon.randomElement(using: &random) ?? 101 }
    func some() -> UInt32 { Self.inCommon.randomElement(using: &random) ?? 101 }
    func name() -> String { "c\(random.below(5))" }
    let message: NinePMessage
    switch random.below(21) {
    case 0, 1, 2: message = .walk(any(), some(), name())
    case 3: message = .walk(any(), some(), name(), name(), "..", name())
    case 4: message = .create(some(), name(), random.pick([2, 0o1002, 0o202, 0o2001]), mode: 0o666)
    case 5: message = .makeDirectory(any(), name(), mode: 0o777)
    case 6: message = .symlink(any(), name(), "../../outside/x")
    case 7: message = .makeNode(any(), name(), mode: 0o10666)
    case 8: message = .link(any(), some(), name())
    case 9, 10: message = .rename(any(), name(), any(), name())
    case 11: message = .unlink(any(), name(), random.pick([0, 0x200]))
    case 12: message = .open(some(), random.pick([0, 1, 2, 0o1001]))
    case 13: message = .read(some(), UInt64(random.below(100)), 5000)
    case 14: message = .write(some(), UInt64(random.below(5000)), random.bytes(50))
    case 15: message = .change(some(), random.pick([8, 0x41, 0x30]), mode: 0o777, size: UInt64(random.below(5000)))
    case 16: message = .list(some(), 0, 4000)
    case 17: message = .lock(some(), random.pick([0, 1, 2]), UInt64(random.below(10)), 5, process: 3)
    case 18: message = .walkAttribute(any(), some(), random.pick(["", "user.a"]))
    case 19: message = .createAttribute(some(), "user.a", UInt64(random.below(3)))
    default: message = .clunk(some())
    }
    let answer = try client.call(message)
    let errno = answer.type == 7 ? CInt(answer.body.u32(0) ?? 0) : 0
    // Those that only FIFOs, links and full values have.
    let isLegal =
      answer.type == message.type + 1 || SoakClient.legal.contains(errno)
      || [ENXIO, ENOSPC, EOPNOTSUPP].contains(errno)
    try same(isLegal, "\(message) is answered with \(answer.type), errno \(errno)")
  }
}
