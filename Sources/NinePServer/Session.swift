import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

/// One client's session: what it has agreed upon, and its fids. Does what requests ask for, and puts the replies
/// together.
struct Session<Files: FileSystem & ~Copyable>: ~Copyable {
  let files: Files
  let terms: NinePServer.Terms
  var fids: FidTable
  let contents: Files.Contents
  /// Does what would hold other requests up.
  let slow: SlowWork<Files.Contents, NinePReplies>
  var known = KnownStorage()
  /// The device and inode of the root.
  let root: FileStatus
  /// Its number in the table of locks.
  let number: Int32
  /// Sends answers to requests that were held until a lock was free.
  let lockReplies: LockReplies<NinePReplies>
  /// Whether what is served has gone, so that requests can't be answered any more.
  private(set) var isLost = false
  /// Whether a version is agreed upon.
  private var hasVersion = false
  /// The most bytes of a message: `msize`.
  private(set) var messageSize = MessageSize.beforeVersion
  /// Fids that hold an extended attribute's value.
  var attributeFids = 0
  /// Requests that aren't answered yet, since what they asked for is under way.
  var unfinished: [Unfinished] = []
  /// What they take of the descriptors that there may be.
  var extras: ExtraDescriptors
  // A request has at most two names. Both live here, NUL-terminated, until the next request.
  var name = Path()
  var other = Path()
  /// For the kernel's directory entries and extended attributes, before they are put into a reply.
  var scratch: Buffer
  /// What its buffers are taken from.
  let memory: ClientMemory
  /// What the inbox is to have instead of its buffer.
  private var inboxBuffer: ChargedBuffer? = nil
  /// The size of messages that there are buffers for.
  private var bufferedSize = MessageSize.beforeVersion
  /// Room for a reply of a slow request, so that one at least can be done whatever others have.
  private var slowReply: MemoryCharge? = nil

  /// - Throws: what keeps the root from being looked at, or `ENOMEM`.
  init(_ files: consuming Files, _ terms: NinePServer.Terms, _ sender: ReplySender) throws(Errno) {
    let scratch = try Buffer(upTo: AttributeValue.largest)
    unfinished.reserveCapacity(Self.mostUnfinished)
    let contents = try files.contents()
    root = try files.status(of: files.root())
    self.contents = contents
    memory = ClientMemory(of: terms.memory)
    slow = SlowWork(contents, sender: sender, memory: memory, threads: terms.threads)
    self.scratch = scratch
    self.files = files
    self.terms = terms
    number = terms.locks.begin()
    lockReplies = LockReplies(of: terms.locks, session: number, sender: sender)
    fids = FidTable(budget: terms.descriptors)
    extras = ExtraDescriptors(terms.descriptors)
  }

  /// Answers one request, now or by ``finishOne(into:)``. Its failure is a reply as well. One that waits for a lock
  /// or for a disk is answered by another thread.
  mutating func answer(_ header: FrameHeader, _ body: Span<UInt8>, into outbox: inout Outbox) {
    let writer = ReplyWriter(to: header)
    do throws(Errno) {
      guard let type = header.request else { throw .notSupported }
      let request = try decode(type, body)
      finish(before: request, into: &outbox)
      guard hasVersion || type == .version else { throw .protocolError }
      if type != .version { try requireUnused(header.tag) }
      try answer(request, writer, into: &outbox)
    } catch {
      fail(error, writer, into: &outbox)
    }
    // It may have freed a lock that another request of the same client waits for.
    if lockReplies.signal.areReady { putLockAnswers(into: &outbox) }
  }

  /// Makes a failure the reply. Where what is served has gone there is none: nobody knows whether the request was done.
  mutating func fail(_ error: Errno, _ writer: ReplyWriter, into outbox: inout Outbox) {
    if files.isLost { isLost = true }
    if !isLost { outbox.put(error, writer) }
  }

  @_lifetime(copy body)
  private func decode(_ type: RequestType, _ body: Span<UInt8>) throws(Errno) -> Request {
    do throws(Malformed) {
      return try Request(type, body: body)
    } catch {
      throw Errno(rawValue: CInt(bitPattern: error.errorNumber(for: type).rawValue))
    }
  }

  private mutating func answer(
    _ request: borrowing Request, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    switch request {
    case .version(let size, let version):
      try agree(size, Version(version), writer, into: &outbox)
    case .attach(let fid, let authentication, let userName, let tree, let number):
      // Given by name alone, as by mounts with access=UID. Who has no name either isn't root.
      let user = number == Request.noUser ? terms.accounts.uid(of: userName) ?? number : number
      let qid = try attach(fid, authentication: authentication, tree: tree, user: user)
      outbox.put { buffer in writer.qid(qid, into: &buffer) }
    case .walk(let fid, let newFid, let names):
      try walk(fid, newFid, names, writer, into: &outbox)
    case .getattr(let fid, _):
      let attributes = try attributes(fid)
      outbox.put { buffer in writer.attributes(attributes, into: &buffer) }
    case .statfs(let fid):
      let status = try fileSystemStatus(fid)
      outbox.put { buffer in writer.fileSystemStatus(status, into: &buffer) }
    case .readlink(let fid):
      try readLink(fid, writer, into: &outbox)
    case .lopen(let fid, let flags):
      try open(fid, flags, writer, into: &outbox)
    case .lcreate(let fid, let name, let flags, let mode, let gid):
      try create(fid, name, flags, mode: mode, gid: gid, writer, into: &outbox)
    case .read(let fid, let offset, let count):
      try read(fid, offset, count, writer, into: &outbox)
    case .write(let fid, let offset, let data):
      guard let count = try write(fid, offset, data, writer) else { return }
      outbox.put { buffer in writer.count(UInt32(clamping: count), into: &buffer) }
    case .fsync(let fid, let dataOnly):
      guard try !synchronize(fid, dataOnly: dataOnly, writer) else { return }
      outbox.put { buffer in writer.empty(into: &buffer) }
    case .flush(let tag):
      withdrawLock(tag, into: &outbox)
      guard !flush(tag, writer) else { return }
      outbox.put { buffer in writer.empty(into: &buffer) }
    case .readdir(let fid, let cookie, let count):
      try readDirectory(fid, cookie, count, writer, into: &outbox)
    case .mkdir, .mknod, .symlink:
      try settle(try make(request), Unfinished(writer, .qid), into: &outbox)
    case .xattrwalk(let fid, let newFid, let name):
      let size = try walkAttribute(fid, newFid, name)
      outbox.put { buffer in writer.size(UInt64(size), into: &buffer) }
    case .lock(let fid, let flags, let lock):
      try self.lock(fid, flags, lock, writer, into: &outbox)
    case .getlock(let fid, let lock):
      try getLock(fid, lock, writer, into: &outbox)
    case .auth:
      // "No such file": diod's clients take nothing else for "there is none" (npc_auth). Linux never asks.
      throw .noSuchFileOrDirectory
    default:
      try settle(try change(request), Unfinished(writer, .empty), into: &outbox)
    }
  }

  /// The requests whose answer is that they succeeded.
  private mutating func change(_ request: borrowing Request) throws(Errno) -> Outcome {
    switch request {
    case .clunk(let fid):
      try clunk(fid)
    case .remove(let fid):
      return try remove(fid)
    case .rename(let fid, let directory, let name):
      return try rename(fid, to: directory, name)
    case .setattr(let fid, let change):
      return try setAttributes(fid, change)
    case .xattrcreate(let fid, let name, let size, let flags):
      try createAttribute(fid, name, size: size, flags)
    case .link(let directory, let fid, let name):
      return try link(directory, fid, name)
    case .renameat(let oldDirectory, let oldName, let newDirectory, let newName):
      return try rename(oldDirectory, oldName, newDirectory, newName)
    case .unlinkat(let directory, let name, let flags):
      return try unlink(directory, name, flags)
    default:
      throw .notSupported
    }
    return .done
  }

  /// Forgets the session: its fids, its locks, and the requests that aren't answered.
  mutating func startOver() {
    slow.startOver()
    fids.removeAll()
    terms.locks.drop(session: number)
    attributeFids = 0
    hasVersion = false
  }

  /// Starts over: nothing of what was before is left.
  private mutating func agree(
    _ size: UInt32, _ version: Version, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    startOver()
    guard let wanted = MessageSize.agreed(requested: size, own: UInt32(NinePServer.largestMessage)) else {
      throw .messageTooLong
    }
    let agreed = makeBuffers(for: wanted, &outbox)
    hasVersion = version == .linux
    messageSize = max(agreed, hasVersion ? 0 : MessageSize.beforeVersion)
    outbox.put { buffer in writer.version(version, messageSize: agreed, into: &buffer) }
  }

  /// Changes the connection's buffers to those for messages of up to `wanted` bytes, or of as many as there is memory for.
  ///
  /// - Returns: how many that is.
  private mutating func makeBuffers(for wanted: UInt32, _ outbox: inout Outbox) -> UInt32 {
    let smallest = MessageSize.beforeVersion
    guard max(wanted, smallest) != bufferedSize else { return wanted }
    slowReply = nil
    do throws(Errno) {
      // What it had is free for the next ones.
      outbox.change(to: try ChargedBuffer(uncounted: Outbox.capacity(for: smallest)))
      let inboxBuffer = try ChargedBuffer(uncounted: NinePInbox.capacity(for: smallest))
      self.inboxBuffer = consume inboxBuffer
      bufferedSize = smallest
    } catch {
      // The larger ones do as well.
      return min(wanted, bufferedSize)
    }
    var size = wanted
    while size > smallest {
      do throws(Errno) {
        slowReply = try MemoryCharge(SlowWork<Files.Contents, NinePReplies>.replyCapacity(for: Int(size)), of: memory)
        let larger = try ChargedBuffer(Outbox.capacity(for: size), of: memory)
        inboxBuffer = try ChargedBuffer(NinePInbox.capacity(for: size), of: memory)
        outbox.change(to: larger)
        bufferedSize = size
        return size
      } catch {
        slowReply = nil
        size /= 2
      }
    }
    return min(wanted, smallest)
  }

  /// The buffer that the inbox is to have from now on, once for each.
  mutating func takeInboxBuffer() -> ChargedBuffer? { inboxBuffer.take() }

  /// Lets go of all, and waits for the other threads.
  ///
  /// - Parameter isCutOff: whether the client gets no further reply in any case.
  /// - Returns: whether it got all that it asked for.
  mutating func end(isCutOff: Bool) -> Bool {
    terms.locks.drop(session: number)
    // Nobody would be told what became of it.
    files.queue?.discard()
    fids.removeAll()
    let hasAll = slow.end(isCutOff: isCutOff)
    lockReplies.end(isCutOff: isCutOff)
    terms.locks.end(session: number)
    return hasAll
  }
}
