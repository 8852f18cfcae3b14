package import Export
internal import Linux
package import NinePProtocol
import Synchronization
internal import SystemPackage

/// The threads that do a connection's slow requests, beside its own, which goes on with others meanwhile.
///
/// There are none until there is such a request. The connection's own thread starts them, so that they are the same
/// user's, and with the same capabilities. All but ``work()`` is that thread's to call.
package final class SlowWork<Contents: FileContents>: Sendable {
  private let contents: Contents
  private let sender: ReplySender
  private let memory: ClientMemory
  private let budget: ThreadBudget
  private let queue = Mutex(SlowQueue())
  /// Threads that were started.
  private let threads = Mutex(OwnedArray<Thread.Running>())
  /// Requests and flushes that aren't answered, to be asked without the mutex.
  private let pending = Atomic<Int>(0)
  /// Advances when there is something to do.
  private let toDo = EventCount()
  /// Advances when something is done.
  private let done = EventCount()

  /// The most threads. Disks do some things at a time better than one; and one who waits long leaves others.
  private static var mostThreads: Int { 8 }
  /// What a thread keeps of a buffer.
  private static var keptBuffer: Int { 256 << 10 }

  package init(_ contents: Contents, _ sender: ReplySender, _ memory: ClientMemory, _ budget: ThreadBudget) {
    self.contents = contents
    self.sender = sender
    self.memory = memory
    self.budget = budget
  }

  /// Bytes of a buffer for a reply of up to `size` bytes. Replies to flushes come behind it.
  package static func replyCapacity(for size: Int) -> Int {
    size + SlowQueue.mostFlushes * Frame.headerSize + ReplyWriter.smallestBuffer
  }

  /// Has a request done and answered. Waits where there are too many.
  package func add(_ request: consuming SlowRequest) {
    let size = request.dataSize
    wait { queue in queue.hasRoom(for: size) }
    var request: SlowRequest? = consume request
    let count = threads.withLock { $0.count }
    let isShort = queue.withLock { queue in
      if let request = request.take() { queue.add(request) }
      pending.store(queue.count, ordering: .relaxed)
      toDo.advance()
      // One that still sends a reply takes this next, as it would if it had sent it.
      return queue.runningCount + queue.waitingCount > count
    }
    if isShort, count < Self.mostThreads { startThread() }
  }

  /// Whether a tag is in use, so that it can't be another request's.
  package func has(_ tag: Tag) -> Bool {
    guard pending.load(ordering: .relaxed) > 0 else { return false }
    return queue.withLock { $0.has(tag) }
  }

  /// Cancels what has a tag, if that hasn't begun.
  ///
  /// - Returns: whether the flush is answered when what it names is, rather than at once.
  package func flush(_ tag: Tag, _ writer: ReplyWriter) -> Bool {
    guard pending.load(ordering: .relaxed) > 0 else { return false }
    var outcome = SlowQueue.Flushing.done
    wait { queue in
      outcome = queue.flush(tag, writer)
      pending.store(queue.count, ordering: .relaxed)
      return outcome != .full
    }
    return outcome == .later
  }

  /// Forgets all that was asked for: no reply comes to that any more. What is being written is waited for, so that it
  /// isn't written later over what comes next.
  package func startOver() {
    guard pending.load(ordering: .relaxed) > 0 else { return }
    queue.withLock { queue in
      queue.cancel()
      pending.store(queue.count, ordering: .relaxed)
    }
    wait { queue in !queue.isChangingFiles }
  }

  /// Ends the threads, and waits until they have ended. A client that has only said that no further request comes gets
  /// its replies before.
  ///
  /// - Returns: whether it got all.
  package func end(isCutOff: Bool) -> Bool {
    guard threads.withLock({ $0.count }) > 0 else { return true }
    if !isCutOff && !sender.isCutOff { wait { queue in queue.isEmpty } }
    let isDone = queue.withLock { queue in
      // A thread whose reply has been sent may not have come to rest yet.
      let isDone = queue.count == 0
      queue.end()
      // One may be sending to a client that doesn't read.
      if !queue.isEmpty { sender.cutOff() }
      toDo.advance(wakingAll: true)
      return isDone
    }
    while let thread = threads.withLock({ threads in threads.count > 0 ? threads.take(threads.count - 1) : nil }) {
      thread.join()
      budget.giveBack()
    }
    return isDone
  }

  /// Waits until something is so.
  private func wait(until condition: (inout SlowQueue) -> Bool) {
    while true {
      let value: UInt32? = queue.withLock { queue in condition(&queue) ? nil : done.value }
      guard let value else { return }
      done.wait(while: value)
    }
  }

  private func startThread() {
    do throws(Errno) {
      guard budget.take(beside: threads.withLock { $0.count }) else { throw .resourceTemporarilyUnavailable }
      var isStarted = false
      defer { if !isStarted { budget.giveBack() } }
      let thread = try Thread.begin { self.work() }
      isStarted = true
      var started: Thread.Running? = consume thread
      threads.withLock { threads in
        if let thread = started.take() { threads.append(thread) }
      }
    } catch {
      // Those that there are will do. Where there is none, this one has to.
      guard threads.withLock({ $0.count }) == 0 else { return }
      var buffer: Buffer? = nil
      while doNext(&buffer) == nil {}
    }
  }

  /// What a thread does, until there is no more to come.
  private func work() {
    var buffer: Buffer? = nil
    while true {
      guard let value = doNext(&buffer) else { continue }
      if queue.withLock({ $0.isEnding }) { return }
      toDo.wait(while: value)
    }
  }

  /// Does the next request and answers it.
  ///
  /// - Returns: nil if it did one; otherwise the event count to wait on.
  private func doNext(_ kept: inout Buffer?) -> UInt32? {
    var value: UInt32 = 0
    let next = queue.withLock { queue in
      value = toDo.value
      let next = queue.begin(memory)
      // There may be room for another.
      if next != nil, queue.waitingCount > 0 { toDo.advance() }
      return next
    }
    guard let request = next else { return value }
    let (number, size, written) = (request.number, request.replySize, request.dataSize)
    do throws(Errno) {
      var buffer: Buffer
      let count: Int
      do throws(Errno) {
        buffer = try take(&kept, Self.replyCapacity(for: size))
        count = request.answer(by: contents, into: &buffer)
      } catch {
        buffer = try Buffer(upTo: Self.replyCapacity(for: ReplyWriter.smallestBuffer))
        count = request.fail(error, into: &buffer)
      }
      // Whoever sees the reply may see that the file is closed.
      _ = consume request
      try sender.send(&buffer) { buffer in finish(number, count, &buffer) }
      if buffer.capacity <= Self.keptBuffer { kept = consume buffer }
    } catch {
      // The client has gone, or has to.
      sender.fail(error)
      queue.withLock { queue in
        _ = queue.finish(number) { _ in }
        queue.cancel()
        pending.store(queue.count, ordering: .relaxed)
      }
    }
    queue.withLock { queue in
      queue.rest(size, written: written)
      done.advance()
    }
    return nil
  }

  private func take(_ kept: inout Buffer?, _ room: Int) throws(Errno) -> Buffer {
    if let buffer = kept.take(), buffer.capacity >= room { return buffer }
    return try Buffer(upTo: max(room, Self.keptBuffer))
  }

  /// Says that a request is done, whose reply has so many bytes.
  ///
  /// - Returns: the bytes to send, with replies to flushes.
  private func finish(_ number: UInt64, _ count: Int, _ buffer: inout Buffer) -> Int {
    var end = count
    let isWanted = queue.withLock { queue in
      let isWanted = queue.finish(number) { writer in
        var rest = buffer.mutableSpan(end..<buffer.capacity)
        end += writer.empty(into: &rest)
      }
      pending.store(queue.count, ordering: .relaxed)
      return isWanted
    }
    return isWanted ? end : 0
  }
}
