import Glibc
import HelperHarness
import ProxyProtocol
import Testing

/// What a broken or malicious client can do to the helper: nothing but be refused.
extension DifferentialTests {
  @Suite(.serialized)
  struct HostileFramesTests {
    @Test(.enabled(if: hasRoot(), "needs root: the helper acts as any user"), arguments: [1, 2] as [UInt64])
    func randomFramesDoNoHarm(seed: UInt64) throws {
      let place = try HostilePlace()
      let before = place.outside()
      var frames = HostileFrames(seed: seed)
      var visit = try place.visit()
      var (made, restarts) = (0, 0)
      for index in 0..<10_000 {
        let sending = frames.next()
        do {
          switch sending.due {
          case .reply(let form):
            guard let path = try visit.exchange(sending.bytes, form) else { continue }
            frames.learn(path)
            made += 1
          case .end:
            try visit.end(by: sending.bytes)
            visit = try place.visit()
            restarts += 1
          }
        } catch {
          Issue.record("seed \(seed), frame \(index), \(sending.what): \(error)")
          return
        }
      }
      try visit.leave()
      #expect(place.outside() == before, "something outside the export has changed")
      print("seed \(seed): 10000 hostile frames, \(made) things made, \(restarts) connections ended")
    }
  }
}

/// An export, and beside it what nobody may touch.
final class HostilePlace {
  private let directory: TemporaryDirectory
  private let export: String

  init() throws {
    directory = try TemporaryDirectory()
    export = directory.path + "/export"
    let outside = directory.path + "/outside"
    guard mkdir(export, 0o777) == 0, chmod(export, 0o777) == 0, mkdir(outside, 0o777) == 0,
      mkdir(outside + "/inner", 0o777) == 0, symlink("../outside", export + "/out") == 0,
      symlink(outside, export + "/absolute") == 0
    else { throw HarnessError("mkdir: errno \(errno)") }
    // Named as the generator names things, so that an escape would find something to spoil.
    for name in ["a", "b", "file", "inner/a"] {
      let file = open(outside + "/" + name, O_WRONLY | O_CREAT, 0o666)
      guard file >= 0, write(file, "untouched", 9) == 9 else { throw HarnessError("write: errno \(errno)") }
      close(file)
    }
    mkfifo(outside + "/fifo", 0o666)
  }

  /// All that is beside the export, and in what is beside it.
  func outside() -> [String] {
    Tree.names(in: directory.path) + Tree(directory.path + "/outside").lines
  }

  func visit() throws -> HostileVisit {
    try HostileVisit(export)
  }
}

/// One helper, from its start to its end, which is checked before and afterwards.
struct HostileVisit: ~Copyable {
  private let peer: Peer
  private let descriptors: Int

  struct Wrong: Error, CustomStringConvertible {
    let description: String
  }

  init(_ export: String) throws {
    let peer = try Peer("helper", Programs.helper, serving: export)
    // It has started once it answers.
    guard try peer.ask(Message(.status, .s([0x2f]))).errno == 0 else { throw Wrong(description: "no root") }
    descriptors = peer.openDescriptors()
    self.peer = peer
  }

  /// Sends a frame and looks at what came of it.
  ///
  /// - Returns: the path of what was made.
  func exchange(_ frame: [UInt8], _ form: ReplyForm) throws -> [UInt8]? {
    let birth = try birth(frame)
    try peer.send(frame)
    let answer = try peer.receive(form)
    switch answer {
    case .frame(let type, let payload):
      guard type == 0 || type == 1 && payload.count == 4 && answer.errno > 0 else { throw wrong(answer) }
    case .word(let word, let file):
      guard word < 0 ? file == nil : word == Frame.descriptorFollows && file != nil else { throw wrong(answer) }
      if let file { try checkKind(file) }
    }
    guard answer.errno == 0, let birth else { return nil }
    try birth.check(peer)
    return birth.path
  }

  /// Sends what leaves the helper no choice but to end, and waits for that.
  func end(by bytes: [UInt8]) throws {
    try leave(sending: bytes, status: 0...1)
  }

  /// Checks that the helper is as it was, and ends it as QEMU does.
  func leave() throws {
    try leave(sending: [], status: 0...0)
  }

  private func leave(sending bytes: [UInt8], status: ClosedRange<CInt>) throws {
    guard try peer.ask(Message(.status, .s([0x2f]))).errno == 0 else { throw Wrong(description: "it serves no more") }
    let now = peer.openDescriptors()
    guard now == descriptors else { throw Wrong(description: "\(now) descriptors, and \(descriptors) at first") }
    if !bytes.isEmpty { try peer.send(bytes) }
    peer.finishSending()
    _ = try peer.drain()
    guard let ended = peer.process.wait(seconds: 5) else { throw Wrong(description: "it doesn't end") }
    guard status.contains(ended) else { throw Wrong(description: "it ended with status \(ended)") }
  }

  private func wrong(_ answer: Answer) -> Wrong {
    Wrong(description: "that is no answer: \(answer)")
  }

  private func checkKind(_ file: OpenFile) throws {
    var status = stat()
    let kind = fstat(file.descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
    guard kind == S_IFREG || kind == S_IFDIR else { throw Wrong(description: "a descriptor of kind \(kind)") }
  }

  /// What the frame will make if it succeeds; nil if that is there already, or the frame makes nothing.
  private func birth(_ frame: [UInt8]) throws -> Birth? {
    let header = frame.span.extracting(first: Frame.headerSize)
    let payload = frame.span.extracting(droppingFirst: Frame.headerSize)
    guard let type = RequestType(rawValue: try FrameHeader(header).type),
      let birth = Birth(type, payload)
    else { return nil }
    return try peer.ask(Message(.status, .s(birth.path))).errno == ENOENT ? birth : nil
  }
}

/// Something that a request makes, and whose it must be.
struct Birth {
  let path: [UInt8]
  let uid: UInt32
  let gid: UInt32

  init?(_ type: RequestType, _ payload: Span<UInt8>) {
    guard let request = try? Request(type, payload: payload) else { return nil }
    switch request {
    case .create(let path, _, _, let uid, let gid), .makeNode(let path, _, _, let uid, let gid),
      .makeDirectory(let path, _, let uid, let gid), .makeSymbolicLink(_, let path, let uid, let gid):
      self.path = path.indices.map { path[$0] }
      self.uid = uid
      self.gid = gid
    default: return nil
    }
  }

  /// Asks the helper whose it is now.
  func check(_ peer: borrowing Peer) throws {
    guard case .frame(0, let payload) = try peer.ask(Message(.status, .s(path))) else {
      throw HostileVisit.Wrong(description: "what was made isn't there")
    }
    let status = try FileStatus(payload.span)
    // A set-group-ID directory gives its group to what is made in it.
    let slash = UInt8(ascii: "/")
    let named = path.lastIndex { $0 != slash }.map { path[...$0] } ?? []
    let parent = (named.lastIndex(of: slash).map { Array(named[...$0]) } ?? []) + [UInt8(ascii: ".")]
    guard case .frame(0, let above) = try peer.ask(Message(.status, .s(parent))) else {
      throw HostileVisit.Wrong(description: "what was made is in no directory")
    }
    let directory = try FileStatus(above.span)
    let group = directory.mode & S_ISGID != 0 ? directory.gid : gid
    guard status.uid == uid, status.gid == group else {
      throw HostileVisit.Wrong(description: "made for \(uid):\(gid), and owned by \(status.uid):\(status.gid)")
    }
  }
}
