import Linux
import SystemPackage

/// A connection's slow requests: those that wait for a thread, those being done, and the flushes that wait for these.
struct SlowQueue: ~Copyable {
  private var waiting = OwnedArray<SlowRequest>()
  private var running: [Running] = []
  private var flushes: [Flush] = []
  /// The number of threads that do a request, or still send its reply.
  private var busy = 0
  /// The number of bytes that wait to be written, or are being written.
  private var data = 0
  /// The size in bytes of the busy threads' buffers.
  private var buffers = 0
  /// The number of requests so far.
  private var total: UInt64 = 0
  /// No further request comes, and the threads have to end.
  private(set) var isEnding = false

  private struct Running {
    let number: UInt64
    let tag: RequestTag
    let changesFile: Bool
    /// The reply is still to be sent.
    var isWanted = true
  }

  private struct Flush {
    let tag: RequestTag
    /// The number of the request that it is answered after.
    let number: UInt64
  }

  /// The largest number of requests that wait, each of which has a descriptor.
  static let mostWaiting = 128
  /// The largest number of flushes that wait.
  static let mostFlushes = 128
  /// The limit for bytes to be written, and for those of buffers; a single request may exceed it.
  private static let mostBytes = 16 << 20

  init() {
    running.reserveCapacity(16)
    flushes.reserveCapacity(Self.mostFlushes)
  }

  /// The number of requests and flushes that aren't answered.
  var count: Int { waiting.count + running.count + flushes.count }
  /// The number of requests that are being done.
  var runningCount: Int { running.count }
  /// The number of requests that wait for a thread.
  var waitingCount: Int { waiting.count }
  var isEmpty: Bool { waiting.count == 0 && busy == 0 }

  /// Tells whether a request with this many bytes to write may be added.
  func hasRoom(for bytes: Int) -> Bool {
    waiting.count < Self.mostWaiting && (data == 0 || data + bytes <= Self.mostBytes)
  }

  mutating func add(_ request: consuming SlowRequest) {
    total += 1
    request.number = total
    data += request.dataSize
    waiting.append(request)
  }

  /// Takes the request that has waited longest, if there is room for its reply. Otherwise a request that is being done has
  /// to be answered first.
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
        number: waiting[index].number, tag: waiting[index].tag, changesFile: waiting[index].changesFile))
    busy += 1
    buffers += size
    return waiting.take(index)
  }

  /// Ends a request that is done; its reply is sent next. Calls `flushed` with the tags of the flushes that wait for it,
  /// whose replies follow in this order.
  ///
  /// - Returns: false if the reply isn't to be sent.
  mutating func finish(_ number: UInt64, flushed: (RequestTag) -> Void) -> Bool {
    guard let index = running.firstIndex(where: { $0.number == number }) else { return false }
    guard running.remove(at: index).isWanted else { return false }
    for flush in flushes where flush.number == number { flushed(flush.tag) }
    flushes.removeAll { $0.number == number }
    return true
  }

  /// Ends a thread's use of a reply buffer of `size` bytes, for a request that wrote `written` bytes.
  mutating func rest(_ size: Int, written: Int) {
    busy -= 1
    buffers -= size
    data -= written
  }

  /// Tells whether a tag is in use.
  func has(_ tag: RequestTag) -> Bool {
    for index in 0..<waiting.count where waiting[index].tag == tag { return true }
    for request in running where request.isWanted && request.tag == tag { return true }
    for flush in flushes where flush.tag == tag { return true }
    return false
  }

  /// The result of a flush.
  enum Flushing {
    /// There is nothing to wait for: answer the flush now.
    case done
    /// The flush is answered after its request.
    case later
    /// There are too many flushes already.
    case full
  }

  /// Cancels the request with this tag if it waits for a thread; otherwise adds the flush to those that wait for it.
  mutating func flush(_ tag: RequestTag, by flush: RequestTag) -> Flushing {
    for index in 0..<waiting.count where waiting[index].tag == tag {
      let request = waiting.take(index)
      data -= request.dataSize
      return .done
    }
    guard let number = number(of: tag) else { return .done }
    guard flushes.count < Self.mostFlushes else { return .full }
    flushes.append(Flush(tag: flush, number: number))
    return .later
  }

  /// The number of the request after which a flush of this tag is answered: of this tag, or flushed by it.
  private func number(of tag: RequestTag) -> UInt64? {
    for request in running where request.isWanted && request.tag == tag { return request.number }
    for flush in flushes where flush.tag == tag { return flush.number }
    return nil
  }

  /// Cancels the requests that wait, and the replies of those being done.
  mutating func cancel() {
    for index in 0..<waiting.count { data -= waiting[index].dataSize }
    waiting.removeAll()
    flushes.removeAll(keepingCapacity: true)
    for index in running.indices { running[index].isWanted = false }
  }

  /// Cancels all requests, and accepts no further ones.
  mutating func end() {
    cancel()
    isEnding = true
  }

  /// A request is being done that writes to a file.
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
