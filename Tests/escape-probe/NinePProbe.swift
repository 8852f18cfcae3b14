import CLinux
import Glibc

/// A client of `postern 9p` that looks for a way out of the share.
struct NinePProbe {
  private let server: CInt
  /// The share's root, as the server describes it.
  private let root: [UInt8]

  private enum Kind: UInt8 {
    case error = 6
    case open = 12
    case version = 100
    case attach = 104
    case walk = 110
    case clunk = 120
  }

  private static let noFid = UInt32.max
  private static let qidSize = 13

  /// Attaches as the guest's root.
  init?(_ server: CInt) {
    self.server = server
    let version = Self.ask(server, .version, Self.bytes(UInt32(8192)) + Self.string("9P2000.L"))
    let attach = Self.ask(
      server, .attach,
      Self.bytes(UInt32(0)) + Self.bytes(Self.noFid) + Self.string("root") + Self.string("") + Self.bytes(UInt32(0)))
    guard case .success = version, case .success(let qid) = attach, qid.count == Self.qidSize else { return nil }
    root = qid
  }

  /// Walks along these names and opens what is there.
  ///
  /// - Returns: whether it was opened, and the answer in words.
  func open(_ names: [String]) -> (isOpen: Bool, words: String) {
    let fid = Self.bytes(UInt32(1))
    switch walk(names) {
    case .failure(let refusal): return (false, refusal.words)
    case .success(let qids) where qids.count < names.count: return (false, "only \(qids.count) of them lead anywhere")
    case .success: break
    }
    let answer = Self.ask(server, .open, fid + Self.bytes(UInt32(bitPattern: O_RDONLY)))
    _ = Self.ask(server, .clunk, fid)
    switch answer {
    case .failure(let refusal): return (false, refusal.words)
    case .success: return (true, "opened")
    }
  }

  /// Whether walking up from the share's root stays there.
  func staysInShare(up levels: Int) -> Bool {
    guard case .success(let qids) = walk(Array(repeating: "..", count: levels)) else { return true }
    _ = Self.ask(server, .clunk, Self.bytes(UInt32(1)))
    return qids.allSatisfy { $0 == root }
  }

  /// Makes fid 1 what these names lead to from the root.
  private func walk(_ names: [String]) -> Result<[[UInt8]], Refusal> {
    var body = Self.bytes(UInt32(0)) + Self.bytes(UInt32(1)) + Self.bytes(UInt16(names.count))
    for name in names { body += Self.string(name) }
    return Self.ask(server, .walk, body).map { reply in
      stride(from: 2, to: reply.count, by: Self.qidSize).map { Array(reply[$0..<min($0 + Self.qidSize, reply.count)]) }
    }
  }

  private struct Refusal: Error {
    let words: String
  }

  /// Sends a request and waits for the reply to it, of which the body comes back.
  private static func ask(_ server: CInt, _ kind: Kind, _ body: [UInt8]) -> Result<[UInt8], Refusal> {
    let header = bytes(UInt32(7 + body.count)) + [kind.rawValue] + bytes(kind == .version ? UInt16.max : 1)
    let request = header + body
    let gone = Result<[UInt8], Refusal>.failure(Refusal(words: "the server is gone"))
    guard send(server, request, request.count, CInt(MSG_NOSIGNAL)) == request.count,
      let head = receive(7, from: server)
    else { return gone }
    let size = (0..<4).reduce(0) { $0 | Int(head[$1]) << (8 * $1) }
    guard size >= 7, let reply = receive(size - 7, from: server) else { return gone }
    if head[4] == Kind.error.rawValue + 1, reply.count == 4 {
      let number = (0..<4).reduce(0) { $0 | Int32(reply[$1]) << (8 * Int32($1)) }
      return .failure(Refusal(words: String(cString: strerror(number))))
    }
    return head[4] == kind.rawValue + 1 ? .success(reply) : .failure(Refusal(words: "reply \(head[4])"))
  }

  private static func receive(_ count: Int, from server: CInt) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return count == 0 || recv(server, &bytes, count, CInt(MSG_WAITALL)) == count ? bytes : nil
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func string(_ text: String) -> [UInt8] { bytes(UInt16(text.utf8.count)) + text.utf8 }
}
