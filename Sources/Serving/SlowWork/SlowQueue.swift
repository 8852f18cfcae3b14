import Linux
import NinePProtocol
import SystemPackage

/// A connection's slow requests: those that wait for a thread, those that one has, and the flushes that wait for these.
struct SlowQueue: ~Copyable {
  private var waiting = OwnedArray<SlowRequest>()
  private var running: [Running] = []
  private var flushes: [Flush] = []
  /// Threads that have a request, or still send its reply.
  private var busy = 0
  /// Bytes that wait to be written, or are being written.
  private var data = 0
  /// Bytes of the busy threads' buffers.
  private var buffers = 0
  /// How many requests there were.
  private var total: UInt64 = 0
  /// Whether there is no further one, and the threads are to end.
  private(set) var isEnding = false

  private struct Running {
    let number: UInt64
    let tag: Tag
    let changesFile: Bool
    /// Whether there is still somebody to answer.
    var isWanted = true
  }

  private struct Flush {
    let writer: ReplyWriter
    /// The request that it is to be answered after.
    let number: UInt64
  }

  /// The most requests that wait, each of which has a descriptor.
  static let mostWaiting = 128
  /// The most flushes that wait.
  static let mostFlushes = 128
  /// The most bytes that are to be written, and the most that all buffers have, unless one request alone has more.
  private static let mostBytes = 16 << 20

  init() {
    running.reserveCapacity(16)
    flushes.reserveCapacity(Self.mostFlushes)
  }

  /// Requests and flushes that aren't answered.
  var count: Int { waiting.count + running.count + flushes.count }
  /// Requests that are being done.
  var runningCount: Int { running.count }
  /// Requests that wait for a thread.
  var waitingCount: Int { waiting.count }
  var isEmpty: Bool { waiting.count == 0 && busy == 0 }

  /// Whether a request with so many bytes to write may be added.
  func hasRoom(for bytes: Int) -> Bool {
    waiting.count < Self.mostWaiting && (data == 0 || data + bytes <= Self.mostBytes)
  }

  mutating func add(_ request: consuming SlowRequest) {
    total += 1
    request.number = total
    data += request.dataSize
    waiting.append(request)
  }

  /// Takes the request that has waited longest, where there is room for its reply. Where there isn't, one that is being done
  /// has to be answered first.
  mutating func begin(_ memory: ClientMemory) -> SlowRequest? {
    guard let index = oldest else { return nil }
    let size = waiting[index].replySize
    if buffers > 0 {
      guard buffers + size <= Self.mostBytes else { return nil }
      do throws(Errno) {
        waiting[index].room = try MemoryCharge(size, of: memory)
      } catch {
        return nil
      }
    }
    running.append(
      Running(
        number: waiting[index].number, tag: waiting[index].writer.tag, changesFile: waiting[index].changesFile))
    busy += 1
    buffers += size
    return waiting.take(index)
  }

  /// Says that a request is done, and is sent next, unless nobody wants its reply. `flushed` is called with the replies to
  /// those who flush it, which come behind, in their order.
  ///
  /// - Returns: whether the reply is wanted.
  mutating func finish(_ number: UInt64, flushed: (ReplyWriter) -> Void) -> Bool {
    guard let index = running.firstIndex(where: { $0.number == number }) else { return false }
    guard running.remove(at: index).isWanted else { return false }
    for flush in flushes where flush.number == number { flushed(flush.writer) }
    flushes.removeAll { $0.number == number }
    return true
  }

  /// Says that a thread has no request any more, whose reply had so much room, and which wrote so many bytes.
  mutating func rest(_ size: Int, written: Int) {
    busy -= 1
    buffers -= size
    data -= written
  }

  /// Whether a tag can't be another request's.
  func has(_ tag: Tag) -> Bool {
    for index in 0..<waiting.count where waiting[index].writer.tag == tag { return true }
    for request in running where request.isWanted && request.tag == tag { return true }
    for flush in flushes where flush.writer.tag == tag { return true }
    return false
  }

  /// What a flush comes to.
  enum Flushing {
    /// There is nothing to wait for, any more.
    case done
    /// It is answered behind what it names.
    case later
    /// There are too many already.
    case full
  }

  /// Cancels what waits with this tag, or has the flush wait for it.
  mutating func flush(_ tag: Tag, _ writer: ReplyWriter) -> Flushing {
    for index in 0..<waiting.count where waiting[index].writer.tag == tag {
      let request = waiting.take(index)
      data -= request.dataSize
      return .done
    }
    guard let number = number(of: tag) else { return .done }
    guard flushes.count < Self.mostFlushes else { return .full }
    flushes.append(Flush(writer: writer, number: number))
    return .later
  }

  /// The request behind which the answer to what has this tag comes: it, or the one that it flushes.
  private func number(of tag: Tag) -> UInt64? {
    for request in running where request.isWanted && request.tag == tag { return request.number }
    for flush in flushes where flush.writer.tag == tag { return flush.number }
    return nil
  }

  /// Has nothing be begun any more, and nothing of what was asked for be answered.
  mutating func cancel() {
    for index in 0..<waiting.count { data -= waiting[index].dataSize }
    waiting.removeAll()
    flushes.removeAll(keepingCapacity: true)
    for index in running.indices { running[index].isWanted = false }
  }

  /// As above, for good.
  mutating func end() {
    cancel()
    isEnding = true
  }

  /// Whether a file is being written to.
  var isChangingFiles: Bool {
    for request in running where request.changesFile { return true }
    return false
  }

  private var oldest: Int? {
    guard waiting.count > 0 else { return nil }
    var oldest = 0
    for index in 1..<waiting.count where waiting[index].number < waiting[oldest].number { oldest = index }
    return oldest
  }
}
