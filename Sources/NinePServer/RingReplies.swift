import NinePProtocol
import Synchronization
import SystemPackage
import VhostUser
import Wire

/// The replies to the requests of a ring: each goes to the descriptor chain that its request came by.
final class RingReplies: Sendable {
  private let queue: Virtqueue
  private let chains: Mutex<[Tag: Chain]>

  private struct Chain {
    let token: ChainToken
    /// The size in bytes of the largest reply that it has room for.
    let room: UInt64
    /// The request that this one flushes.
    let flushed: Tag?
  }

  init(_ queue: Virtqueue) {
    self.queue = queue
    var chains: [Tag: Chain] = [:]
    chains.reserveCapacity(2 * Int(Virtqueue.largestSize))
    self.chains = Mutex(chains)
  }

  /// Remembers the chain of a request until its reply is sent.
  ///
  /// - Returns: false when another request with this tag isn't answered yet.
  func expect(_ header: FrameHeader, body: Span<UInt8>, by token: ChainToken, room: UInt64) -> Bool {
    let flushed = header.request == .flush ? Self.tag(body) : nil
    return chains.withLock { chains in
      guard chains[header.tag] == nil else { return false }
      chains[header.tag] = Chain(token: token, room: room, flushed: flushed)
      return true
    }
  }

  private static func tag(_ body: Span<UInt8>) -> Tag? {
    do throws(Malformed) {
      guard case .flush(let tag) = try Request(.flush, body: body) else { return nil }
      return tag
    } catch {
      return nil
    }
  }

  /// Forgets all requests: the device was reset.
  func removeAll() {
    chains.withLock { $0.removeAll(keepingCapacity: true) }
  }

  /// Completes the requests whose replies these are, one after the other, and tells the guest.
  func send(_ replies: Span<UInt8>) {
    var rest = replies
    do throws(Malformed) {
      while !rest.isEmpty {
        let header = try FrameHeader(rest)
        let reply = rest.extracting(first: Int(header.size))
        rest = rest.extracting(droppingFirst: Int(header.size))
        guard let chain = chains.withLock({ $0.removeValue(forKey: header.tag) }) else { continue }
        if let flushed = chain.flushed { giveBack(flushed) }
        if header.type == RequestType.version.rawValue + 1 { giveBackAll() }
        complete(chain.token, room: chain.room, with: reply, to: header)
      }
    } catch {}
    queue.signal()
  }

  /// Completes a request with a failure, when it has no chain of its own here.
  func fail(_ header: FrameHeader, by token: ChainToken, with error: Errno) {
    var bytes = InlineArray<64, UInt8>(repeating: 0)
    var span = bytes.mutableSpan
    let count = ReplyWriter(to: header).error(ErrorNumber(error), into: &span)
    queue.complete(token, with: bytes.span.extracting(first: count))
  }

  /// Completes a request without a reply, when it was flushed before it was answered: the guest gets its descriptors back.
  private func giveBack(_ tag: Tag) {
    guard let chain = chains.withLock({ $0.removeValue(forKey: tag) }) else { return }
    queue.complete(chain.token, with: Span())
  }

  /// Completes all requests without a reply: a new version has aborted them.
  private func giveBackAll() {
    chains.withLock { chains in
      for chain in chains.values { queue.complete(chain.token, with: Span()) }
      chains.removeAll(keepingCapacity: true)
    }
  }

  private func complete(_ token: ChainToken, room: UInt64, with reply: Span<UInt8>, to header: FrameHeader) {
    // A reply is never cut.
    guard UInt64(reply.count) <= room else { return fail(header, by: token, with: .messageTooLong) }
    queue.complete(token, with: reply)
  }
}
