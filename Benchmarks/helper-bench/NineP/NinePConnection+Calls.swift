import NinePProtocol

/// Requests that are made before and after what is timed, each waiting for its reply.
extension NinePConnection {
  /// The export's root, once there is an attach.
  static let root = Fid(rawValue: 0)

  /// Agrees on a version.
  ///
  /// - Returns: the server's `msize`.
  func agree() throws(Failure) -> UInt32 {
    let text = Array("9P2000.L".utf8)
    var agreed: UInt32 = 0
    try call("version", .version(messageSize: UInt32(Self.largest), version: text.span), tag: .none) { reply in
      guard case .version(let size, let version) = reply, Version(version) == .linux else { return false }
      agreed = size
      return true
    }
    return agreed
  }

  /// Makes ``root`` the root of the tree, as root.
  func attach(_ tree: String) throws(Failure) {
    let (name, tree) = (Array("root".utf8), Array(tree.utf8))
    try call(
      "attach", .attach(fid: Self.root, authentication: .none, userName: name.span, tree: tree.span, user: 0)
    ) { reply in
      if case .qid(let qid) = reply { qid.kind.contains(.directory) } else { false }
    }
  }

  /// Makes a new fid what this name in the root is.
  func walk(to name: String, _ fid: Fid) throws(Failure) {
    let frame = NinePFrame.walk(from: Self.root, to: name, fid, tag: Tag(rawValue: 0))
    try call("walk", frame, tag: Tag(rawValue: 0)) { reply in
      if case .qids(let qids) = reply { qids.count == 1 } else { false }
    }
  }

  func open(_ fid: Fid, _ access: OpenFlags.Access) throws(Failure) {
    try call("open", .lopen(fid: fid, flags: OpenFlags(access))) { reply in
      if case .opened = reply { true } else { false }
    }
  }

  func clunk(_ fid: Fid) throws(Failure) {
    try call("clunk", .clunk(fid: fid)) { reply in if case .empty = reply { true } else { false } }
  }

  private func call(
    _ name: String, _ request: borrowing Request, tag: Tag = Tag(rawValue: 0), _ check: (borrowing Reply) -> Bool
  ) throws(Failure) {
    try call(name, NinePFrame.encoded(request, tag: tag, room: 8192), tag: tag, check)
  }

  private func call(_ name: String, _ frame: [UInt8], tag: Tag, _ check: (borrowing Reply) -> Bool) throws(Failure) {
    let sent = NinePFrame(frame)
    try send(sent.bytes)
    while true {
      guard let reply = try next() else {
        try receive()
        continue
      }
      guard reply.header.tag == tag else { throw Failure("\(server) answers what wasn't asked") }
      return try reply.check(name, check)
    }
  }

  /// Has a request under way for each of these numbers, and waits for all replies, in any order.
  ///
  /// - Parameter frame: makes one, of this number and with this tag.
  /// - Returns: nanoseconds from the first byte sent to the last reply; making frames isn't in it.
  @discardableResult
  func exchange(
    _ name: String, _ numbers: some Collection<Int>, _ frame: (_ number: Int, _ tag: Tag) -> [UInt8],
    _ check: (borrowing Reply) -> Bool
  ) throws(Failure) -> Double {
    var frames: [UInt8] = []
    for (index, number) in numbers.enumerated() { frames += frame(number, Tag(rawValue: UInt16(index))) }
    let sent = NinePFrame(frames)
    let began = Script.now()
    try send(sent.bytes)
    try take(name, numbers.count, check)
    return Script.now() - began
  }

  /// Waits for so many replies, also where one of them isn't as it should be.
  func take(_ name: String, _ count: Int, _ check: (borrowing Reply) -> Bool) throws(Failure) {
    var missing = count
    var failure: Failure?
    while missing > 0 {
      guard let reply = try next() else {
        try receive()
        continue
      }
      do throws(Failure) {
        try reply.check(name, check)
      } catch {
        failure = failure ?? error
      }
      missing -= 1
    }
    if let failure { throw failure }
  }
}
