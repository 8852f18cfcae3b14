import Glibc
import HelperHarness
import Linux
import Serving
import Testing

/// Bytes of a stream socket, until they are handled.
@Suite("Receive buffer")
struct ReceiveBufferTests {
  /// Calls `body` with the receiving end of a socket, and a function that sends on the other one.
  private func withSocket(_ body: (borrowing Descriptor, (String) -> Void) throws -> Void) throws {
    var ends: [CInt] = [-1, -1]
    try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
    let peer = ends[1]
    defer { if fcntl(peer, F_GETFD) >= 0 { close(peer) } }
    try body(Descriptor(adopting: ends[0])) { text in
      if text.isEmpty { close(peer) } else { _ = write(peer, text, text.utf8.count) }
    }
  }

  private func text(_ received: borrowing ReceiveBuffer) -> String {
    let bytes = received.bytes
    return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
  }

  @Test("bytes beyond those asked for are kept for the next frame")
  func ahead() throws {
    try withSocket { socket, send in
      var received = ReceiveBuffer(try ChargedBuffer(uncounted: 8))
      var wait = RequestWait(.never)
      send("abcde")
      try received.receive(2, from: socket, waiting: &wait)
      #expect(received.count == 5 && text(received) == "abcde")
      received.discard(2)
      try received.receive(3, from: socket, waiting: &wait)
      #expect(text(received) == "cde")
      received.discard(1)
      // Not all of them have room behind what is pending.
      send("fghijk")
      try received.receive(8, from: socket, waiting: &wait)
      #expect(text(received) == "defghijk")
      received.discard(8)
      #expect(received.count == 0)
    }
  }

  @Test("no more is received ahead than wished")
  func limit() throws {
    try withSocket { socket, send in
      var received = ReceiveBuffer(try ChargedBuffer(uncounted: 64))
      var wait = RequestWait(.never)
      send("abcdefgh")
      try received.receive(1, from: socket, upTo: 4, waiting: &wait)
      #expect(text(received) == "abcd")
    }
  }

  @Test("a smaller buffer takes over when what is pending fits")
  func change() throws {
    try withSocket { socket, send in
      var received = ReceiveBuffer(try ChargedBuffer(uncounted: 64))
      var wait = RequestWait(.never)
      send("abcdefgh")
      try received.receive(8, from: socket, waiting: &wait)
      received.change(to: try ChargedBuffer(uncounted: 4))
      for left in [8, 5, 4, 2] {
        received.discard(received.count - left)
        #expect(text(received) == String("abcdefgh".suffix(left)))
      }
      send("ijkl")
      try received.receive(4, from: socket, waiting: &wait)
      #expect(text(received) == "ghij")
    }
  }

  @Test("the end of the stream is the end of the connection, within a frame or between two")
  func endings() throws {
    for (sent, ending) in [("", Ending.closed), ("a", .cutShort)] {
      try withSocket { socket, send in
        var received = ReceiveBuffer(try ChargedBuffer(uncounted: 8))
        var wait = RequestWait(.never)
        if !sent.isEmpty { send(sent) }
        send("")
        #expect(throws: ending) { try received.receive(2, from: socket, waiting: &wait) }
      }
    }
  }

  @Test("bytes now and then don't move the deadline")
  func deadline() throws {
    try withSocket { socket, send in
      var received = ReceiveBuffer(try ChargedBuffer(uncounted: 8))
      var wait = RequestWait(.never)
      send("a")
      let deadline = MonotonicTime.now + 50_000_000
      #expect(throws: Ending.notStarted) {
        try received.receive(2, from: socket, until: deadline, waiting: &wait)
      }
      #expect(text(received) == "a")
    }
  }
}
