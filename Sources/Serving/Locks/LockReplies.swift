internal import Linux
internal import NinePProtocol
import Synchronization
package import SystemPackage

/// Sends a session's answers to requests that were held until a lock was free.
///
/// Another client's thread may have freed it, and must not wait until this client reads. So the session has a thread for
/// them, from the first request on that is held. The session's own thread starts it, and calls all but ``count`` and
/// ``wake()``, which are the ``LockTable``'s.
package final class LockReplies: Sendable {
  private let table: LockTable
  private let session: Int32
  private let sender: ReplySender
  private let thread = Mutex(OwnedArray<Thread.Running>())
  /// For the thread.
  private let space = Mutex<Buffer?>(nil)
  private let answered = EventCount()
  private let held = Atomic<Int>(0)
  private let answers = Atomic<Int>(0)
  private let isEnding = Atomic<Bool>(false)

  package init(_ table: LockTable, session: Int32, _ sender: ReplySender) {
    self.table = table
    self.session = session
    self.sender = sender
  }

  /// Whether there are requests whose answers aren't sent. It takes no lock.
  package var areAwaited: Bool { held.load(ordering: .relaxed) > 0 }
  /// Whether answers are ready. It takes no lock.
  package var areReady: Bool { answers.load(ordering: .relaxed) > 0 }
  /// Whether the thread has started.
  package var hasThread: Bool { thread.withLock { $0.count } > 0 }

  /// Counts requests that aren't answered, and answers among them that are ready.
  package func count(held more: Int, answers moreAnswers: Int = 0) {
    held.add(more, ordering: .relaxed)
    if moreAnswers != 0 { answers.add(moreAnswers, ordering: .releasing) }
  }

  /// Has the thread send the answers that are ready.
  package func wake() { answered.advance() }

  /// Starts the thread.
  ///
  /// - Throws: `EAGAIN` or `ENOMEM` where there can't be one.
  package func begin() throws(Errno) {
    // Answers are short.
    var buffer: Buffer? = try Buffer(upTo: 4096)
    space.withLock { space in space = buffer.take() }
    var started: Thread.Running? = try Thread.begin { self.work() }
    thread.withLock { thread in
      if let started = started.take() { thread.append(started) }
    }
  }

  /// Ends the thread, and waits until it has ended. The session has dropped its locks.
  package func end(isCutOff: Bool) {
    guard let thread = thread.withLock({ thread in thread.count > 0 ? thread.take(0) : nil }) else { return }
    isEnding.store(true, ordering: .releasing)
    // It may be sending to a client that doesn't read.
    if isCutOff || sender.isCutOff { sender.cutOff() }
    answered.advance(wakingAll: true)
    thread.join()
  }

  private func work() {
    guard var buffer = space.withLock({ $0.take() }) else { return }
    while true {
      let value = answered.value
      if answers.load(ordering: .acquiring) > 0 {
        do throws(Errno) {
          // An answer is taken when nothing else can come before it: once it is, its request can't be flushed any more.
          try sender.send(&buffer) { buffer in take(&buffer) }
        } catch {
          sender.fail(error)
        }
      } else if isEnding.load(ordering: .acquiring) {
        return
      } else {
        answered.wait(while: value)
      }
    }
  }

  /// Puts answers into a buffer.
  ///
  /// - Returns: bytes.
  private func take(_ buffer: inout Buffer) -> Int {
    var end = 0
    while buffer.capacity - end >= ReplyWriter.smallestBuffer, let answer = table.takeAnswer(of: session) {
      var rest = buffer.mutableSpan(end..<buffer.capacity)
      end += answer.put(into: &rest)
    }
    return end
  }
}
