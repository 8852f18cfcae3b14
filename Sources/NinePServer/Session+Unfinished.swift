import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage

/// A request whose operation is under way. It is answered when the operation is done.
struct Unfinished {
  let writer: ReplyWriter
  let answer: Answer
  /// The fid that the operation changes.
  let fid: Fid

  enum Answer {
    case empty
    case qid
    /// The fid's object is the open file.
    case open(NinePProtocol.OpenFlags)
    /// The fid's object is the new file.
    case create(NinePProtocol.OpenFlags)
  }

  init(reply writer: ReplyWriter, answer: Answer = .empty, fid: Fid = .none) {
    self.writer = writer
    self.answer = answer
    self.fid = fid
  }
}

// Requests whose operations another process performs while others are answered.
extension Session where Files: ~Copyable {
  /// The maximum number of operations under way.
  static var mostUnfinished: Int { 32 }
  /// The size in bytes of their longest reply.
  static var longestAnswer: Int { 24 }

  /// Answers a request, unless its operation is under way.
  mutating func settle(
    _ outcome: consuming Outcome, of request: Unfinished, into outbox: inout Outbox
  ) throws(Errno) {
    switch consume outcome {
    case .underWay: unfinished.append(request)
    case .done: outbox.put { buffer in request.writer.empty(into: &buffer) }
    case .made(let status):
      let qid = qid(status)
      outbox.put { buffer in request.writer.qid(qid, into: &buffer) }
    case .opened(let opened):
      let qid = try bind(opened, to: request)
      outbox.put { buffer in request.writer.opened(qid, into: &buffer) }
    }
  }

  /// Binds the request's fid to an open file.
  private mutating func bind(_ opened: consuming OpenedFile, to request: Unfinished) throws(Errno) -> Qid {
    let handle = try fids.handle(of: request.fid)
    let status = opened.status
    switch request.answer {
    case .open(let flags):
      guard let access = flags.access else { throw .invalidArgument }
      fids[handle].object = hold(opened.take())
      fids[handle].use = status.kind == .directory ? .directory(position: 0) : .file(access)
      fids[handle].writesThrough = flags.writesThrough
    case .create(let flags):
      guard let access = flags.access else { throw .invalidArgument }
      guard status.kind == .regular else { throw .isDirectory }
      var file = HeldFile(request.fid, object: hold(opened.take()), status: status, user: fids[handle].user)
      file.use = .file(access)
      file.writesThrough = flags.writesThrough
      fids[handle] = file
    case .empty, .qid: throw .ioError
    }
    return qid(status)
  }

  /// Waits for the first operation under way and answers its request.
  mutating func finishOne(into outbox: inout Outbox) {
    guard !unfinished.isEmpty else { return }
    let request = unfinished.removeFirst()
    defer { if unfinished.isEmpty { extras.giveBack() } }
    do throws(Errno) {
      try settle(try files.next(), of: request, into: &outbox)
    } catch {
      fail(error, reply: request.writer, into: &outbox)
    }
  }

  /// Answers all unfinished requests if the next one depends on them: it starts a session, or flushes; or names a fid that one
  /// of them changes; or exceeds the maximum number, or the descriptors.
  mutating func finish(before request: borrowing Request, into outbox: inout Outbox) {
    guard !unfinished.isEmpty, depends(request) || !extras.have(unfinished.count * Self.extraDescriptors) else {
      return
    }
    while !unfinished.isEmpty {
      finishOne(into: &outbox)
      _ = outbox.finish()
    }
  }

  private func depends(_ request: borrowing Request) -> Bool {
    switch request {
    case .version, .flush: return true
    default: break
    }
    guard unfinished.count < Self.mostUnfinished else { return true }
    let (first, second) = request.fids
    for other in unfinished where other.fid != .none {
      if other.fid == first || other.fid == second { return true }
    }
    return false
  }

  /// The number of descriptors that a request may hold until it is answered, beside those of a connection's first request:
  /// one here, and three in the monitor, which holds no fids.
  private static var extraDescriptors: Int { 2 }
}
