package import Export
import Linux
import NinePProtocol
package import Serving
import SystemPackage
package import VhostUser
import Wire

// The transport of virtio-9p: each descriptor chain is a request and has room for its reply (Linux, net/9p/trans_virtio.c).
extension NinePServer {
  /// The size in bytes of an `Rlerror`, for which every chain must have room: Linux waits for ever for a reply of no bytes.
  private static let smallestRoom: UInt64 = 11
  /// The number of requests whose replies are sent together, at most.
  private static let mostTogether = 16

  /// Answers requests of a ring until its connection ends.
  package static func serve<Files: FileSystem & ~Copyable>(
    _ files: consuming Files, on queue: Virtqueue, terms: Terms
  ) -> Ending {
    do throws(Errno) {
      let replies = RingReplies(queue)
      let sender = ReplySender(
        sending: { bytes in replies.send(bytes) }, ending: { queue.fail(.request) })
      let buffer = try ChargedBuffer(uncounted: NinePInbox.capacity(for: MessageSize.beforeVersion))
      let outbox = try Outbox()
      var session = try Session(files, terms: terms, sender: sender)
      let ending = serve(&session, buffer: buffer, outbox: outbox, on: queue, replies: replies, sender: sender)
      _ = session.end(isCutOff: true)
      return ending
    } catch {
      queue.end()
      return .failed(error)
    }
  }

  private static func serve<Files: FileSystem & ~Copyable>(
    _ session: inout Session<Files>, buffer: consuming ChargedBuffer, outbox: consuming Outbox, on queue: Virtqueue,
    replies: RingReplies, sender: ReplySender
  ) -> Ending {
    var pace = RingWait()
    var together = 0
    do throws(Errno) {
      while true {
        var room = buffer.mutableSpan(0..<buffer.capacity)
        let next = queue.take(into: &room)
        if case .request(let token, let count, let readable, let writable) = next {
          guard writable >= smallestRoom, let header = header(of: buffer.span(0..<count)) else {
            queue.fail(.request)
            continue
          }
          guard header.size == readable, readable <= session.messageSize, Int(header.size) == count else {
            replies.fail(header, by: token, with: .messageTooLong)
            queue.signal()
            continue
          }
          guard
            replies.expect(header, body: buffer.span(Frame.headerSize..<count), by: token, room: writable)
          else {
            replies.fail(header, by: token, with: .resourceBusy)
            queue.signal()
            continue
          }
          session.answer(header, body: buffer.span(Frame.headerSize..<count), into: &outbox)
          if session.isLost { return .lost }
          if let larger = session.takeInboxBuffer() { buffer = larger }
          together += 1
          // The reply to a version withdraws whatever isn't answered: nothing may be taken before it is sent.
          if outbox.finish(), together < mostTogether, !mayTakeLong(header.type), header.request != .version {
            continue
          }
        }
        together = 0
        try sendAll(&session, outbox: &outbox, on: sender)
        if session.isLost { return .lost }
        switch next {
        case .request: break
        case .nothing: queue.wait(&pace)
        case .reset:
          replies.removeAll()
          session.startOver()
        case .ended: return .closed
        }
      }
    } catch {
      return Ending(error)
    }
  }

  /// Waits for the operations under way, and sends the replies.
  static func sendAll<Files: FileSystem & ~Copyable>(
    _ session: inout Session<Files>, outbox: inout Outbox, on sender: ReplySender
  ) throws(Errno) {
    while !session.unfinished.isEmpty {
      if !outbox.hasRoom { try outbox.send(on: sender) }
      session.finishOne(into: &outbox)
      _ = outbox.finish()
    }
    if !session.isLost { try outbox.send(on: sender) }
  }

  private static func header(of bytes: Span<UInt8>) -> FrameHeader? {
    do throws(Malformed) {
      return try FrameHeader(bytes)
    } catch {
      return nil
    }
  }
}
