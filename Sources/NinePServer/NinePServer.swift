package import Export
package import Linux
import NinePProtocol
package import Serving
import SystemPackage

/// Serves a file system to the client at the other end of a socket, by 9P2000.L.
package enum NinePServer {
  /// The most bytes of a message, `msize`. Linux's clients over sockets take 1 MiB, others more. Memory is only used for
  /// as many as a client sends and asks for.
  package static let largestMessage = 16 << 20

  /// What a connection is served.
  package struct Terms: Sendable {
    /// As whom requests are done.
    package let authority: Authority
    /// The accounts that users can be given by name of, where users are believed.
    package let accounts: Accounts
    package let trees: Trees
    /// Whether files are kept out that aren't on the mount of their tree's root.
    package let keepsToMount: Bool
    /// What all clients of the process may have.
    package let descriptors: DescriptorBudget
    package let memory: MemoryBudget
    package let threads: ThreadBudget
    /// The locks of all clients of the same tree.
    package let locks: LockTable
    /// Until when a connection must have attached, in milliseconds from its start; nil where it may take its time.
    package let attachTimeout: Int?

    package init(
      authority: Authority, accounts: Accounts = Accounts(), trees: Trees, keepsToMount: Bool = false,
      descriptors: DescriptorBudget,
      memory: MemoryBudget,
      threads: ThreadBudget, locks: LockTable, attachTimeout: Int? = NinePServer.attachTimeout
    ) {
      self.authority = authority
      self.accounts = accounts
      self.trees = trees
      self.keepsToMount = keepsToMount
      self.descriptors = descriptors
      self.memory = memory
      self.threads = threads
      self.locks = locks
      self.attachTimeout = attachTimeout
    }
  }

  /// Milliseconds for the first two messages of a client: enough for the slowest, and no more than that for those who
  /// connect to keep others out.
  package static let attachTimeout = 10_000
  /// Messages that a client may send before it has attached. All their replies have room in a socket that nobody reads
  /// from, so that sending them holds up no thread for ever.
  private static let mostBeforeAttach = 64

  /// Answers requests until there can be no further one: each in its turn, but those that wait for a disk, which don't
  /// hold up the others.
  package static func serve<Files: FileSystem & ~Copyable>(
    _ files: consuming Files, on socket: borrowing Descriptor, _ terms: Terms
  ) -> Ending {
    do throws(Errno) {
      let inbox = try NinePInbox()
      let outbox = try Outbox()
      let sender = ReplySender(try socket.duplicate())
      var session = try Session(files, terms, sender)
      let ending = serve(&session, inbox, outbox, socket, sender)
      let hasAll = session.end(isCutOff: ending != .closed)
      guard ending == .closed else { return ending }
      if let failure = sender.failure { return Ending(failure) }
      return hasAll ? .closed : .cutShort
    } catch {
      return .failed(error)
    }
  }

  private static func serve<Files: FileSystem & ~Copyable>(
    _ session: inout Session<Files>, _ inbox: consuming NinePInbox, _ outbox: consuming Outbox,
    _ socket: borrowing Descriptor, _ sender: ReplySender
  ) -> Ending {
    var wait = RequestWait(.automatic)
    // Since when replies wait for further ones.
    var waitingSince: UInt64? = nil
    var deadline = session.terms.attachTimeout.map { MonotonicTime.now + UInt64(clamping: $0) * 1_000_000 }
    var hasAttached = false
    var early = 0
    while true {
      let header: FrameHeader
      do throws(Ending) {
        header = try inbox.receiveFrame(from: socket, limit: session.messageSize, until: deadline, waiting: &wait)
      } catch {
        return error
      }
      session.answer(header, inbox.body(of: header), into: &outbox)
      inbox.discardFrame(header)
      if session.isLost { return .lost }
      if let buffer = session.takeInboxBuffer() { inbox.change(to: buffer) }
      if !hasAttached {
        early += 1
        if session.isAttached {
          hasAttached = true
          deadline = nil
        } else if early == mostBeforeAttach {
          return .notStarted
        }
      }
      // A client that has several requests under way gets several replies at once: sending is much of what one costs.
      if outbox.finish(), let type = inbox.next(limit: session.messageSize), !mayTakeLong(type),
        !hasTakenLong(since: &waitingSince)
      {
        continue
      }
      waitingSince = nil
      do throws(Errno) {
        try sendAll(&session, &outbox, sender)
        if session.isLost { return .lost }
      } catch {
        return Ending(error)
      }
    }
  }
}

extension NinePServer {
  /// Whether replies to earlier requests had better not wait for this one's.
  static func mayTakeLong(_ type: UInt8) -> Bool {
    switch RequestType(rawValue: type) {
    case .read, .write, .fsync: true
    default: false
    }
  }

  /// Whether earlier replies must wait no longer. To send them is also to see whether the client has gone.
  fileprivate static func hasTakenLong(since start: inout UInt64?) -> Bool {
    let now = MonotonicTime.now
    guard let start else {
      start = now
      return false
    }
    return now &- start >= longestWait
  }

  /// Nanoseconds.
  private static let longestWait: UInt64 = 10_000_000
}
