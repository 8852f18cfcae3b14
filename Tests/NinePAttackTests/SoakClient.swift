import Glibc
import HelperHarness
import NinePHarness

/// A client that does anything, and knows what must come of it: in a directory of its own nobody else changes anything.
final class SoakClient: @unchecked Sendable {
  /// What a fid stands for.
  struct Held {
    let model: SoakModel
    var isOpen = false
  }

  let name: String
  let model = SoakModel(.directory)
  private(set) var steps = 0
  let client: Client
  private let user: UInt32
  var random: Random
  var fids: [UInt32: Held] = [:]

  /// Fids for its own directory: so many at a time.
  private static let own: Range<UInt32> = 1..<65
  /// The directory that is everybody's, and what is in it.
  static let common: UInt32 = 100
  static let inCommon: Range<UInt32> = 101..<108

  init(_ share: Share, _ index: Int) throws {
    name = "own-\(index)"
    user = share.way.owner
    client = try share.connect()
    random = Random(seed: UInt64(index) + 4711)
    try begin()
  }

  /// Starts over: no fid stays.
  func begin() throws {
    try client.start(messageSize: random.pick([4096, 65_536, 1 << 20]), user: user)
    try client.done(.walk(0, 1, name))
    try client.done(.walk(0, Self.common, "common"))
    fids = [1: Held(model: model)]
  }

  /// Does one thing.
  func step() throws {
    steps += 1
    if random.once(in: 5000) { return try begin() }
    if random.once(in: 3) { return try stepInCommon() }
    if fids.count == Self.own.count { return try clunk() }
    switch random.below(20) {
    case 0, 1, 2: try walk()
    case 3, 4: try create()
    case 5, 6: try make()
    case 7: try linkOrRename(links: true)
    case 8, 9: try linkOrRename(links: false)
    case 10: try unlink()
    case 11, 12, 13: try readOrWrite()
    case 14: try change()
    case 15: try setAttribute()
    case 16: try getAttribute()
    case 17: try list()
    case 18: try look()
    default: try clunk()
    }
  }

  // MARK: What the operations share

  /// Asks, and compares with what must come of it.
  ///
  /// - Returns: nil where it has failed as it must.
  @discardableResult
  func expect(_ message: NinePMessage, _ succeeds: Bool) throws -> Bytes? {
    let answer = try client.call(message, tag: UInt16(truncatingIfNeeded: steps) & 0x7fff)
    let errno = answer.type == 7 ? CInt(answer.body.u32(0) ?? 0) : 0
    let isLegal = errno == 0 ? answer.type == message.type + 1 : SoakClient.legal.contains(errno)
    guard isLegal, succeeds == (errno == 0) else {
      throw HarnessError("\(name), step \(steps): \(message) is answered with \(answer.type), errno \(errno)")
    }
    return errno == 0 ? answer.body : nil
  }

  static let legal: Set<CInt> = [
    ENOENT, EEXIST, ENOTDIR, EISDIR, EINVAL, ENOTEMPTY, ELOOP, ENODATA, EPERM, EMLINK, EBADF,
  ]

  func same(_ isSame: Bool, _ what: String) throws {
    guard isSame else { throw HarnessError("\(name), step \(steps): \(what)") }
  }

  func pick(_ condition: (Held) -> Bool) -> (fid: UInt32, held: Held)? {
    let fitting = fids.filter { condition($0.value) }.keys.sorted()
    guard !fitting.isEmpty else { return nil }
    let fid = random.pick(fitting)
    return fids[fid].map { (fid, $0) }
  }

  /// A directory; mostly one that is still there.
  func pickDirectory() -> (fid: UInt32, held: Held) {
    let some = pick { $0.model.isDirectory && !$0.isOpen }
    return some ?? (1, Held(model: model))
  }

  func free() -> UInt32 { Self.own.first { fids[$0] == nil } ?? 65 }

  func anyName(_ directory: SoakModel) -> String {
    let known = directory.children.keys.sorted()
    return known.isEmpty || random.once(in: 3) ? "n\(random.below(8))" : random.pick(known)
  }

  private func clunk() throws {
    guard let (fid, _) = pick({ $0.model !== model }) else { return }
    try expect(.clunk(fid), true)
    fids[fid] = nil
    try expect(.flush(UInt16(random.below(0x8000))), true)
  }
}
