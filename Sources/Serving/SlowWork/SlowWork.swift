package import Export
internal import Linux
import Synchronization
internal import SystemPackage

/// The threads that do a connection's slow requests, while its own thread goes on with others.
///
/// They are started when they are first needed, by the connection's own thread, so that they have its identity and
/// capabilities. Only that thread calls any function but `work()`.
package final class SlowWork<Contents: FileContents, Replies: ReplyEncoding>: Sendable {
  private let contents: Contents
  private let sender: ReplySender
  private let memory: ClientMemory
  private let budget: ThreadBudget
  private let queue = Mutex(SlowQueue())
  /// The threads that were started.
  private let threads = Mutex(OwnedArray<Thread.Running>())
  /// The number of requests and flushes that aren't answered, for reading without the mutex.
  private let pending = Atomic<Int>(0)
  /// Advances when there is something to do.
  private let toDo = EventCount()
  /// Advances when something is done.
  private let done = EventCount()

  /// The largest number of threads. A disk does several things at a time better than one, and one slow request leaves
  /// other threads.
  private static var mostThreads: Int { 8 }
  /// The size in bytes of the largest buffer that a thread keeps.
  private static var keptBuffer: Int { 256 << 10 }

  package init(_ contents: Contents, sender: ReplySender, memory: ClientMemory, threads budget: ThreadBudget) {
    self.contents = contents
    self.sender = sender
    self.memory = memory
    self.budget = budget
  }

  /// The size in bytes of a buffer for a reply of up to `size` bytes, with the replies to flushes after it.
  package static func replyCapacity(for size: Int) -> Int {
    size + SlowQueue.mostFlushes * Replies.flushedSize + Replies.smallestBuffer
  }

  /// Adds a request, to be done and answered by a thread. Waits while there are too many.
  package func add(_ request: consuming SlowRequest) {
    var request = request
    request.replySize = max(Replies.smallestBuffer, Replies.dataOffset + request.readSize)
    let size = request.dataSize
    wait { queue in queue.hasRoom(for: size) }
    var next: SlowRequest? = consume request
    let count = threads.withLock { $0.count }
    let isShort = queue.withLock { queue in
      if let request = next.take() { queue.add(request) }
      pending.store(queue.count, ordering: .relaxed)
      toDo.advance()
      // One that still sends a reply takes this next, as it would if it had sent it.
      return queue.runningCount + queue.waitingCount > count
    }
    if isShort, count < Self.mostThreads { startThread() }
  }

  /// Tells whether a tag is in use.
  package func has(_ tag: RequestTag) -> Bool {
    guard pending.load(ordering: .relaxed) > 0 else { return false }
    return queue.withLock { $0.has(tag) }
  }

  /// Cancels the request with a tag, unless a thread has begun it.
  ///
  /// - Returns: true if the flush will be answered after that request; false if it has to be answered now.
  package func flush(_ tag: RequestTag, by flush: RequestTag) -> Bool {
    guard pending.load(ordering: .relaxed) > 0 else { return false }
    var outcome = SlowQueue.Flushing.done
    wait { queue in
      outcome = queue.flush(tag, by: flush)
      pending.store(queue.count, ordering: .relaxed)
      return outcome != .full
    }
    return outcome == .later
  }

  /// Cancels all requests and their replies. Waits for writes that have begun, so that they don't overwrite what comes next.
  package func startOver() {
    guard pending.load(ordering: .relaxed) > 0 else { return }
    queue.withLock { queue in
      queue.cancel()
      pending.store(queue.count, ordering: .relaxed)
    }
    wait { queue in !queue.isChangingFiles }
  }

  /// Ends the threads and waits for them. A client that has only stopped sending gets its replies first.
  ///
  /// - Returns: true if it got all of them.
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

  /// Waits until a condition of the queue holds.
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

  /// Does requests until the queue ends: the body of each thread.
  private func work() {
    var buffer: Buffer? = nil
    while true {
      guard let value = doNext(&buffer) else { continue }
      if queue.withLock({ $0.isEnding }) { return }
      toDo.wait(while: value)
    }
  }

  /// Does the next request, and answers it.
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
        buffer = try take(&kept, room: Self.replyCapacity(for: size))
        count = request.answer(by: contents, as: Replies.self, into: &buffer)
      } catch {
        buffer = try Buffer(upTo: Self.replyCapacity(for: Replies.smallestBuffer))
        var reply = buffer.mutableSpan(0..<buffer.capacity)
        count = Replies.failed(error, to: request.tag, into: &reply)
      }
      // Whoever sees the reply may see that the file is closed.
      _ = consume request
      try sender.send(&buffer) { buffer in finish(number, count: count, in: &buffer) }
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

  private func take(_ kept: inout Buffer?, room: Int) throws(Errno) -> Buffer {
    if let buffer = kept.take(), buffer.capacity >= room { return buffer }
    return try Buffer(upTo: max(room, Self.keptBuffer))
  }

  /// Ends a request whose reply has `count` bytes, and adds the replies to flushes.
  ///
  /// - Returns: the number of bytes to send.
  private func finish(_ number: UInt64, count: Int, in buffer: inout Buffer) -> Int {
    var end = count
    let isWanted = queue.withLock { queue in
      let isWanted = queue.finish(number) { flush in
        var rest = buffer.mutableSpan(end..<buffer.capacity)
        end += Replies.flushed(to: flush, into: &rest)
      }
      pending.store(queue.count, ordering: .relaxed)
      return isWanted
    }
    return isWanted ? end : 0
  }
}
