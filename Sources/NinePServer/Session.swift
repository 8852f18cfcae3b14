import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

/// One client's session: its version, message size and fids. It performs requests and encodes the replies.
struct Session<Files: FileSystem & ~Copyable>: ~Copyable {
  let files: Files
  let terms: NinePServer.Terms
  var fids: FidTable
  let contents: Files.Contents
  /// Performs the requests that would hold up others.
  let slow: SlowWork<Files.Contents, NinePReplies>
  var known = KnownStorage()
  /// The device and inode of the root.
  let root: FileStatus
  /// The session's number in the lock table.
  let number: Int32
  /// Sends the answers to requests that waited for a lock.
  let lockReplies: LockReplies<NinePReplies>
  /// True if the file system is lost, so that requests can't be answered any more.
  private(set) var isLost = false
  /// True if a version is agreed upon.
  private var hasVersion = false
  /// The maximum size in bytes of a message: `msize`.
  private(set) var messageSize = MessageSize.beforeVersion
  /// The number of fids that hold an extended attribute's value.
  var attributeFids = 0
  /// The requests whose operations are under way.
  var unfinished: [Unfinished] = []
  /// The descriptors that they take of the budget.
  var extras: ExtraDescriptors
  /// A buffer for the kernel's directory entries and extended attributes, before they are encoded.
  var scratch: Buffer
  /// The memory that the session's buffers are charged to.
  let memory: ClientMemory
  /// The next buffer of the inbox.
  private var inboxBuffer: ChargedBuffer? = nil
  /// The message size that the buffers are for.
  private var bufferedSize = MessageSize.beforeVersion
  /// Memory for one reply to a slow request, so that at least one can be performed whatever others have.
  private var slowReply: MemoryCharge? = nil

  /// Creates a session without a version.
  ///
  /// - Throws: the error of reading the root's status, or `ENOMEM`.
  init(_ files: consuming Files, terms: NinePServer.Terms, sender: ReplySender) throws(Errno) {
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

  /// Answers one request, now or by ``finishOne(into:)``. Its failure is a reply as well. A request that waits for a lock
  /// or for a disk is answered by another thread.
  mutating func answer(_ header: FrameHeader, body: Span<UInt8>, into outbox: inout Outbox) {
    let writer = ReplyWriter(to: header)
    do throws(Errno) {
      guard let type = header.request else { throw .notSupported }
      let request = try decode(type, body: body)
      finish(before: request, into: &outbox)
      guard hasVersion || type == .version else { throw .protocolError }
      if type != .version { try requireUnused(header.tag) }
      try answer(request, reply: writer, into: &outbox)
    } catch {
      fail(error, reply: writer, into: &outbox)
    }
    // The request may have freed a lock that another one of the same client waits for.
    if lockReplies.signal.areReady { putLockAnswers(into: &outbox) }
  }

  /// Encodes a failure as the reply. There is none if the file system is lost: nobody knows whether the request was performed.
  mutating func fail(_ error: Errno, reply writer: ReplyWriter, into outbox: inout Outbox) {
    if files.isLost { isLost = true }
    if !isLost { outbox.put(error, reply: writer) }
  }

  @_lifetime(copy body)
  private func decode(_ type: RequestType, body: Span<UInt8>) throws(Errno) -> Request {
    do throws(Malformed) {
      return try Request(type, body: body)
    } catch {
      throw Errno(rawValue: CInt(bitPattern: error.errorNumber(for: type).rawValue))
    }
  }

  /// Performs a request: the one place that leads from each request to its function.
  private mutating func answer(
    _ request: borrowing Request, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    switch request {
    case .version(let size, let version):
      try agree(on: Version(version), messageSize: size, reply: writer, into: &outbox)
    case .auth:
      // "No such file": diod's clients take nothing else for "there is none" (npc_auth). Linux never asks.
      throw .noSuchFileOrDirectory
    case .attach(let fid, let authentication, let userName, let tree, let number):
      // Given by name alone, as by mounts with access=UID. Who has no name either isn't root.
      let user = number == Request.noUser ? terms.accounts.uid(of: userName) ?? number : number
      let qid = try attach(fid, authentication: authentication, tree: tree, user: user)
      outbox.put { buffer in writer.qid(qid, into: &buffer) }
    case .flush(let tag):
      withdrawLock(tag, into: &outbox)
      guard !flush(tag, reply: writer) else { return }
      outbox.put { buffer in writer.empty(into: &buffer) }
    case .walk(let fid, let newFid, let names):
      try walk(fid, to: newFid, names: names, reply: writer, into: &outbox)
    case .clunk(let fid):
      try clunk(fid)
      outbox.put { buffer in writer.empty(into: &buffer) }
    case .getattr(let fid, _):
      let attributes = try attributes(fid)
      outbox.put { buffer in writer.attributes(attributes, into: &buffer) }
    case .setattr(let fid, let change):
      try settle(try setAttributes(fid, to: change), of: Unfinished(reply: writer), into: &outbox)
    case .statfs(let fid):
      let status = try fileSystemStatus(fid)
      outbox.put { buffer in writer.fileSystemStatus(status, into: &buffer) }
    case .lopen(let fid, let flags):
      try open(fid, flags: flags, reply: writer, into: &outbox)
    case .lcreate(let fid, let name, let flags, let mode, let gid):
      try create(name, in: fid, flags: flags, mode: mode, gid: gid, reply: writer, into: &outbox)
    case .read(let fid, let offset, let count):
      try read(fid, at: offset, count: count, reply: writer, into: &outbox)
    case .write(let fid, let offset, let data):
      guard let count = try write(data, to: fid, at: offset, reply: writer) else { return }
      outbox.put { buffer in writer.count(UInt32(clamping: count), into: &buffer) }
    case .fsync(let fid, let dataOnly):
      guard try !synchronize(fid, dataOnly: dataOnly, reply: writer) else { return }
      outbox.put { buffer in writer.empty(into: &buffer) }
    case .readdir(let fid, let cookie, let count):
      try readDirectory(fid, after: cookie, count: count, reply: writer, into: &outbox)
    case .readlink(let fid):
      try readLink(fid, reply: writer, into: &outbox)
    case .mkdir(let directory, let name, let mode, let gid):
      let outcome = try makeDirectory(name, in: directory, mode: mode, gid: gid)
      try settle(outcome, of: Unfinished(reply: writer, answer: .qid), into: &outbox)
    case .mknod(let directory, let name, let mode, let major, let minor, let gid):
      let outcome = try makeNode(name, in: directory, mode: mode, major: major, minor: minor, gid: gid)
      try settle(outcome, of: Unfinished(reply: writer, answer: .qid), into: &outbox)
    case .symlink(let directory, let name, let target, let gid):
      let outcome = try makeSymbolicLink(name, in: directory, target: target, gid: gid)
      try settle(outcome, of: Unfinished(reply: writer, answer: .qid), into: &outbox)
    case .link(let directory, let fid, let name):
      try settle(try link(fid, as: name, in: directory), of: Unfinished(reply: writer), into: &outbox)
    case .rename(let fid, let directory, let name):
      try settle(try rename(fid, to: name, in: directory), of: Unfinished(reply: writer), into: &outbox)
    case .renameat(let oldDirectory, let oldName, let newDirectory, let newName):
      let outcome = try rename(oldName, in: oldDirectory, to: newName, in: newDirectory)
      try settle(outcome, of: Unfinished(reply: writer), into: &outbox)
    case .remove(let fid):
      try settle(try remove(fid), of: Unfinished(reply: writer), into: &outbox)
    case .unlinkat(let directory, let name, let flags):
      try settle(try unlink(name, in: directory, flags: flags), of: Unfinished(reply: writer), into: &outbox)
    case .xattrwalk(let fid, let newFid, let name):
      let size = try walkAttribute(fid, to: newFid, name: name)
      outbox.put { buffer in writer.size(UInt64(size), into: &buffer) }
    case .xattrcreate(let fid, let name, let size, let flags):
      try createAttribute(fid, name: name, size: size, flags: flags)
      outbox.put { buffer in writer.empty(into: &buffer) }
    case .lock(let fid, let flags, let lock):
      try self.lock(fid, flags: flags, lock: lock, reply: writer, into: &outbox)
    case .getlock(let fid, let lock):
      try getLock(fid, lock: lock, reply: writer, into: &outbox)
    }
  }

  /// Ends the session: removes its fids and locks, and discards the requests that aren't answered.
  mutating func startOver() {
    slow.startOver()
    fids.removeAll()
    terms.locks.drop(session: number)
    attributeFids = 0
    hasVersion = false
  }

  /// Starts a new session of this version, with messages of at most the size that the client requests.
  private mutating func agree(
    on version: Version, messageSize size: UInt32, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    startOver()
    guard let wanted = MessageSize.agreed(requested: size, own: UInt32(NinePServer.largestMessage)) else {
      throw .messageTooLong
    }
    let agreed = makeBuffers(for: wanted, outbox: &outbox)
    hasVersion = version == .linux
    messageSize = max(agreed, hasVersion ? 0 : MessageSize.beforeVersion)
    outbox.put { buffer in writer.version(version, messageSize: agreed, into: &buffer) }
  }

  /// Replaces the connection's buffers by those for messages of up to `wanted` bytes, or of as many as there is memory for.
  ///
  /// - Returns: the size in bytes that they are for.
  private mutating func makeBuffers(for wanted: UInt32, outbox: inout Outbox) -> UInt32 {
    let smallest = MessageSize.beforeVersion
    guard max(wanted, smallest) != bufferedSize else { return wanted }
    slowReply = nil
    do throws(Errno) {
      // The memory of the old buffers is free for the new ones.
      outbox.change(to: try ChargedBuffer(uncounted: Outbox.capacity(for: smallest)))
      let inboxBuffer = try ChargedBuffer(uncounted: NinePInbox.capacity(for: smallest))
      self.inboxBuffer = consume inboxBuffer
      bufferedSize = smallest
    } catch {
      // The old buffers are larger than that, and stay.
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

  /// Takes the next buffer of the inbox, if it is to be replaced.
  mutating func takeInboxBuffer() -> ChargedBuffer? { inboxBuffer.take() }

  /// Ends the session for good, and waits for its threads.
  ///
  /// - Parameter isCutOff: true if the client can get no further reply.
  /// - Returns: true if all replies were sent.
  mutating func end(isCutOff: Bool) -> Bool {
    terms.locks.drop(session: number)
    // Nobody would get the replies.
    files.queue?.discard()
    fids.removeAll()
    let hasAll = slow.end(isCutOff: isCutOff)
    lockReplies.end(isCutOff: isCutOff)
    terms.locks.end(session: number)
    return hasAll
  }
}
