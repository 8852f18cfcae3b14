import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage

/// A request that is answered when what it asked for is done.
struct Unfinished {
  let writer: ReplyWriter
  let answer: Answer
  /// The fid that it is about to change.
  let fid: Fid

  enum Answer {
    case empty
    case qid
    /// The fid's object is open then.
    case open(NinePProtocol.OpenFlags)
    /// The fid's object is the new file then.
    case create(NinePProtocol.OpenFlags)
  }

  init(_ writer: ReplyWriter, _ answer: Answer, _ fid: Fid = .none) {
    self.writer = writer
    self.answer = answer
    self.fid = fid
  }
}

// Requests whose operations are under way while others are answered: those that another process does.
extension Session where Files: ~Copyable {
  /// The most of them.
  static var mostUnfinished: Int { 32 }
  /// No reply of theirs is longer, in bytes.
  static var longestAnswer: Int { 24 }

  /// Answers a request, unless its operation is under way.
  mutating func settle(
    _ outcome: consuming Outcome, _ request: Unfinished, into outbox: inout Outbox
  ) throws(Errno) {
    switch consume outcome {
    case .underWay: unfinished.append(request)
    case .done: outbox.put { buffer in request.writer.empty(into: &buffer) }
    case .made(let status):
      let qid = qid(status)
      outbox.put { buffer in request.writer.qid(qid, into: &buffer) }
    case .opened(let opened):
      let qid = try bind(opened, request)
      outbox.put { buffer in request.writer.opened(qid, into: &buffer) }
    }
  }

  /// Makes an open file what the request's fid stands for.
  private mutating func bind(_ opened: consuming OpenedFile, _ request: Unfinished) throws(Errno) -> Qid {
    let index = try fids.index(of: request.fid)
    let status = opened.status
    switch request.answer {
    case .open(let flags):
      guard let access = flags.access else { throw .invalidArgument }
      fids.files[index].object = hold(opened.take())
      fids.files[index].use = status.kind == .directory ? .directory(position: 0) : .file(access)
      fids.files[index].writesThrough = flags.writesThrough
    case .create(let flags):
      guard let access = flags.access else { throw .invalidArgument }
      guard status.kind == .regular else { throw .isDirectory }
      var file = HeldFile(request.fid, hold(opened.take()), status, user: fids.files[index].user)
      file.use = .file(access)
      file.writesThrough = flags.writesThrough
      fids.files[index] = file
    case .empty, .qid: throw .ioError
    }
    return qid(status)
  }

  /// Waits for the first operation under way, and answers its request.
  mutating func finishOne(into outbox: inout Outbox) {
    guard !unfinished.isEmpty else { return }
    let request = unfinished.removeFirst()
    defer { if unfinished.isEmpty { extras.giveBack() } }
    do throws(Errno) {
      try settle(try files.next(), request, into: &outbox)
    } catch {
      fail(error, request.writer, into: &outbox)
    }
  }

  /// Answers what is under way where a request depends on it: it starts over, or asks whether another has been answered;
  /// or one of its fids is about to be another file's; or there can't be more at a time.
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

  /// Descriptors that a request may hold until it is answered, beside those of a connection's first: one here, and three in
  /// the process that does it, which holds no fids.
  private static var extraDescriptors: Int { 2 }
}
