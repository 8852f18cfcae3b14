package import Export
package import Linux
import NinePProtocol
package import Serving
import SystemPackage

/// Serves a file system to the client at the other end of a socket, by 9P2000.L.
package enum NinePServer {
  /// The maximum size in bytes of a message, `msize`. Linux's clients over sockets take 1 MiB, others more. Memory is used only
  /// for as many bytes as a client sends and asks for.
  package static let largestMessage = 16 << 20

  /// The terms on which a connection is served.
  package struct Terms: Sendable {
    /// The identities that requests are performed with.
    package let authority: Authority
    /// The accounts by whose names a trusted client can give users.
    package let accounts: Accounts
    package let trees: Trees
    /// True if files on other mounts than that of their tree's root are refused.
    package let keepsToMount: Bool
    /// The budgets of all clients of the process.
    package let descriptors: DescriptorBudget
    package let memory: MemoryBudget
    package let threads: ThreadBudget
    /// The locks of all clients of the same trees.
    package let locks: LockTable
    /// The time limit for attaching, in milliseconds from the connection's start; nil if there is none.
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

  /// The time limit in milliseconds for a client's first two messages: enough for the slowest client, and short for those that
  /// connect to keep others out.
  package static let attachTimeout = 10_000
  /// The number of messages that a client may send before it has attached. A socket that nobody reads from has room for all
  /// their replies, so that sending them holds up no thread for ever.
  private static let mostBeforeAttach = 64

  /// Answers requests until the connection ends. They are answered in order, except those that wait for a disk or a lock.
  package static func serve<Files: FileSystem & ~Copyable>(
    _ files: consuming Files, on socket: borrowing Descriptor, terms: Terms
  ) -> Ending {
    do throws(Errno) {
      let inbox = try NinePInbox()
      let outbox = try Outbox()
      let sender = ReplySender(try socket.duplicate())
      var session = try Session(files, terms: terms, sender: sender)
      let ending = serve(&session, inbox: inbox, outbox: outbox, on: socket, sender: sender)
      let hasAll = session.end(isCutOff: ending != .closed)
      guard ending == .closed else { return ending }
      if let failure = sender.failure { return Ending(failure) }
      return hasAll ? .closed : .cutShort
    } catch {
      return .failed(error)
    }
  }

  private static func serve<Files: FileSystem & ~Copyable>(
    _ session: inout Session<Files>, inbox: consuming NinePInbox, outbox: consuming Outbox,
    on socket: borrowing Descriptor, sender: ReplySender
  ) -> Ending {
    var wait = RequestWait(.automatic)
    // The time when finished replies began to wait for further ones.
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
      session.answer(header, body: inbox.body(of: header), into: &outbox)
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
        try sendAll(&session, outbox: &outbox, on: sender)
        if session.isLost { return .lost }
      } catch {
        return Ending(error)
      }
    }
  }
}

extension NinePServer {
  /// Returns true for a request that may take so long that replies to earlier ones must not wait for it.
  static func mayTakeLong(_ type: UInt8) -> Bool {
    switch RequestType(rawValue: type) {
    case .read, .write, .fsync: true
    default: false
    }
  }

  /// Returns true if finished replies must not wait any longer. Sending them also tells whether the client has gone.
  fileprivate static func hasTakenLong(since start: inout UInt64?) -> Bool {
    let now = MonotonicTime.now
    guard let start else {
      start = now
      return false
    }
    return now &- start >= longestWait
  }

  /// The longest time in nanoseconds that finished replies wait.
  private static let longestWait: UInt64 = 10_000_000
}
