internal import Linux
internal import Synchronization
package import SystemPackage

/// The thread that sends a session's answers to requests that were held until a lock was free.
///
/// Another client's thread may have unlocked it, and must not wait until this client reads. The session's own thread starts
/// this one when the first request is to be held, and is the only one to call functions here.
package final class LockReplies<Replies: ReplyEncoding>: Sendable {
  private let table: LockTable
  private let session: Int32
  private let sender: ReplySender
  private let thread = Mutex(OwnedArray<Thread.Running>())
  /// The thread's buffer, until it takes it.
  private let space = Mutex<Buffer?>(nil)
  private let isEnding = Atomic<Bool>(false)
  /// Tells of the answers, for the table.
  package let signal = LockSignal()

  package init(of table: LockTable, session: Int32, sender: ReplySender) {
    self.table = table
    self.session = session
    self.sender = sender
  }

  /// The thread has been started.
  package var hasThread: Bool { thread.withLock { $0.count } > 0 }

  /// Starts the thread.
  ///
  /// - Throws: `EAGAIN` or `ENOMEM` if there can't be another thread.
  package func begin() throws(Errno) {
    // Answers are short.
    var buffer: Buffer? = try Buffer(upTo: 4096)
    space.withLock { space in space = buffer.take() }
    var started: Thread.Running? = try Thread.begin { self.work() }
    thread.withLock { thread in
      if let started = started.take() { thread.append(started) }
    }
  }

  /// Ends the thread and waits for it. The session has dropped its locks.
  package func end(isCutOff: Bool) {
    guard let thread = thread.withLock({ thread in thread.count > 0 ? thread.take(0) : nil }) else { return }
    isEnding.store(true, ordering: .releasing)
    // The thread may be sending to a client that doesn't read.
    if isCutOff || sender.isCutOff { sender.cutOff() }
    signal.event.advance(wakingAll: true)
    thread.join()
  }

  private func work() {
    guard var buffer = space.withLock({ $0.take() }) else { return }
    while true {
      let value = signal.event.value
      if signal.areReady {
        do throws(Errno) {
          // An answer is taken when nothing else can be sent before it: once it is, its request can't be flushed any more.
          try sender.send(&buffer) { buffer in take(&buffer) }
        } catch {
          sender.fail(error)
        }
      } else if isEnding.load(ordering: .acquiring) {
        return
      } else {
        signal.event.wait(while: value)
      }
    }
  }

  /// Writes ready answers to a buffer.
  ///
  /// - Returns: their size.
  private func take(_ buffer: inout Buffer) -> Int {
    var end = 0
    while buffer.capacity - end >= Replies.smallestBuffer, let answer = table.takeAnswer(of: session) {
      var rest = buffer.mutableSpan(end..<buffer.capacity)
      end += Replies.locked(answer.result, to: answer.tag, into: &rest)
    }
    return end
  }
}
