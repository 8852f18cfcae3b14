import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Requests that are sent without waiting for replies. With a helper several are under way at a time.
@Suite("Requests at once", .everyTransport)
struct AtOnceTests {
  /// Sends these in one piece, each with its place as tag, and returns the answers in the order in which they come.
  private func answers(_ client: Client, _ messages: [NinePMessage]) throws -> [NinePHarness.Answer] {
    client.send(messages.enumerated().flatMap { $1.frame(tag: UInt16($0)) })
    return try messages.map { _ in try #require(client.receive()) }
  }

  @Test("what is about a fid that is being opened waits for it")
  func sameFid() throws {
    let served = try Served()
    served.write("text", to: "file")
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.walk(0, 2))
    let answers = try answers(
      served.client,
      [
        .open(1, 2), .getLock(1, 0), .write(1, 0, Array("T".utf8)), .clunk(1), .create(2, "new"), .status(2), .clunk(2),
      ])
    #expect(answers.map(\.tag) == Array(0..<7))
    #expect(answers.map(\.type) == [13, 55, 119, 121, 15, 25, 121])
    let mode = answers[5].body.u32(21)
    #expect(mode.map { $0 & S_IFMT } == S_IFREG)
    #expect(served.text(of: "file") == "Text")
  }

  @Test("what a client has sent that has gone isn't all done")
  func gone() throws {
    // A ring's requests are the server's as soon as they are there.
    guard Transport.current == .socket else { return }
    let gate = try Gate(pause: 6000)
    let served = try Served(gate: gate)
    try served.client.start()
    served.client.send((0..<300).flatMap { NinePMessage.walk(0, 1, "nothing").frame(tag: UInt16($0)) })
    while gate.finds == 0 { usleep(1000) }
    served.client.hangUp()
    #expect(served.ending() == .cutShort)
    #expect(gate.finds < 20, "\(gate.finds)")
  }

  @Test("replies don't wait for long for those to the requests behind them")
  func soon() throws {
    let gate = try Gate(pause: 6000)
    let served = try Served(gate: gate)
    try served.client.start()
    served.client.send((0..<60).flatMap { NinePMessage.walk(0, 1, "nothing").frame(tag: UInt16($0)) })
    #expect(served.client.receive()?.tag == 0)
    #expect(gate.finds < 20, "\(gate.finds)")
    for tag in 1..<60 { #expect(served.client.receive()?.tag == UInt16(tag)) }
  }

  @Test("each has the answer that is its own")
  func others() throws {
    let served = try Served()
    for name in ["a", "b", "c"] { served.write(name, to: name) }
    try served.client.start()
    for (index, name) in ["a", "b", "c"].enumerated() { try served.client.done(.walk(0, UInt32(index + 1), name)) }
    let answers = try answers(
      served.client,
      [
        .open(1), .makeDirectory(0, "d"), .open(2), .makeDirectory(0, "d"), .unlink(0, "none"), .open(3),
        .makeNode(0, "n", mode: 0o10644),
      ])
    let types = Dictionary(uniqueKeysWithValues: answers.map { ($0.tag, $0.type) })
    #expect(types == [0: 13, 1: 73, 2: 13, 3: 7, 4: 7, 5: 13, 6: 19])
    let errors = answers.filter { $0.type == 7 }.map { $0.body.u32(0) }
    #expect(errors == [UInt32(EEXIST), UInt32(ENOENT)])
    for (fid, name) in [(1, "a"), (2, "b"), (3, "c")] as [(UInt32, String)] {
      #expect(try served.client.done(.read(fid)).all.dropFirst(4) == Array(name.utf8)[...])
    }
  }

  @Test("more of them than a helper is asked at a time")
  func many() throws {
    let served = try Served()
    try served.client.start()
    for fid: UInt32 in 1...200 {
      served.write("\(fid)", to: "\(fid)")
      try served.client.done(.walk(0, fid, "\(fid)"))
    }
    let answers = try answers(served.client, (1...200).map { NinePMessage.open($0) })
    #expect(answers.map(\.tag) == Array(0..<200))
    for fid: UInt32 in 1...200 {
      #expect(try served.client.done(.read(fid)).all.dropFirst(4) == Array("\(fid)".utf8)[...])
    }
  }

  @Test("who flushes one, or starts over, hears of it first")
  func flushing() throws {
    let served = try Served()
    try served.client.start()
    #expect(try answers(served.client, [.makeDirectory(0, "d"), .flush(0)]).map(\.type) == [73, 109])
    #expect(
      try answers(served.client, [.makeDirectory(0, "e"), .version(8192, "9P2000.L")]).map(\.type) == [73, 101])
    try served.client.done(.attach(0))
    #expect(try FileList.names(served.directory.path).sorted() == ["d", "e"])
  }
}
