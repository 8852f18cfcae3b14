import Glibc
import HelperHarness
import NinePHarness
import Testing

/// Requests about a fid that an earlier request changes, or that a later one takes away, sent at once.
@Suite("Requests at once that depend on each other", .everyTransport)
struct DependentTests {
  /// Fid 1 is a directory with the files f, g and h; fid 2 is f, 3 the directory again, and 4 h.
  private func served() throws -> Served {
    let served = try Served()
    mkdir(served.path("d"), 0o777)
    for name in ["f", "g", "h"] { served.write(name, to: "d/" + name) }
    try served.client.start()
    try served.client.done(.walk(0, 1, "d"))
    try served.client.done(.walk(1, 2, "f"))
    try served.client.done(.walk(1, 3))
    try served.client.done(.walk(1, 4, "h"))
    return served
  }

  /// What each request is answered with: 0, or an errno.
  private func failures(_ client: Client, _ messages: [NinePMessage], atOnce: Bool) throws -> [UInt32] {
    var failures = [UInt32](repeating: .max, count: messages.count)
    if atOnce { client.send(messages.enumerated().flatMap { $1.frame(tag: UInt16($0)) }) }
    for (tag, message) in messages.enumerated() {
      if !atOnce { client.send(message.frame(tag: UInt16(tag))) }
      let answer = try #require(client.receive(), "\(messages)")
      try #require(Int(answer.tag) < failures.count)
      failures[Int(answer.tag)] = answer.type == 7 ? try #require(answer.body.u32(0)) : 0
    }
    return failures
  }

  /// The texts of all files in the directory, and of all that fids 2 to 4 have open.
  private func state(_ served: Served) throws -> [String: String] {
    var state: [String: String] = [:]
    for name in try FileList.names(served.path("d")) {
      state[name] = served.text(of: "d/" + name) ?? "none"
    }
    for fid: UInt32 in 2...4 {
      let answer = try served.client.call(.read(fid))
      state["fid \(fid)"] = answer.type == 117 ? "read \(answer.body.data)" : "errno \(answer.body.u32(0) ?? 0)"
    }
    return state
  }

  /// Each of these, with one between whose reply brings the earlier replies along, does what it does alone.
  @Test("do what they do one after the other")
  func batches() throws {
    let first: [[NinePMessage]] = [
      [.open(2, 2)], [.create(3, "made")], [.makeDirectory(1, "new")], [.link(1, 2, "early")],
      [.open(2), .open(4)],
    ]
    let later: [NinePMessage] = [
      .link(1, 2, "n"), .link(1, 3, "n"), .rename(2, to: 1, "n"), .rename(3, to: 1, "n"), .rename(2, to: 3, "n"),
      .rename(1, "f", 3, "n"), .rename(3, "f", 1, "n"), .walk(1, 1, "g"), .walk(2, 2), .walk(3, 3, "g"), .clunk(1),
      .clunk(2), .clunk(3), .remove(2), .remove(3), .unlink(3, "h"), .walk(1, 2, "g"), .attach(2),
    ]
    for first in first {
      for later in later {
        let messages = first + [.walk(0, 9, "d", "g"), later, .walk(0, 10, "d", "g"), .status(2), .status(3)]
        let (one, other) = (try served(), try served())
        let expected = try failures(one.client, messages, atOnce: false)
        #expect(try failures(other.client, messages, atOnce: true) == expected, "\(messages)")
        #expect(try state(other) == state(one), "\(messages)")
        #expect(try other.client.failure(.makeDirectory(0, "after")) == 0)
        #expect(other.ending() == .closed)
      }
    }
  }

  @Test("a file is linked, and not what its descriptor's number belongs to when the reply has come")
  func linked() throws {
    let served = try served()
    var before = stat()
    #expect(lstat(served.path("d/f"), &before) == 0)
    let answers = try failures(
      served.client, [.open(2, 2), .walk(1, 9, "g"), .link(1, 2, "n")], atOnce: true)
    #expect(answers == [0, 0, 0])
    var after = stat()
    #expect(lstat(served.path("d/n"), &after) == 0)
    #expect(before.st_ino == after.st_ino)
  }

  /// Fids come and go at random, are opened, and are linked in between. The names that they come by stay, so that each link
  /// must be what its fid stood for at its turn.
  @Test("whatever the order, each is about what its fid stood for", arguments: [1, 2, 3] as [UInt64])
  func random(seed: UInt64) throws {
    let served = try Served()
    let names = (0..<8).map { "file\($0)" }
    for name in names { served.write(name, to: name) }
    try served.client.start()
    var numbers = Xorshift(state: seed)
    var fids: [UInt32: (name: String, isOpen: Bool)] = [:]
    var expected: [(link: String, name: String)] = []
    for round in 0..<80 {
      var messages: [NinePMessage] = []
      for step in 0..<24 {
        let fid = UInt32(10 + numbers.next() % 5)
        guard let file = fids[fid] else {
          let name = names[Int(numbers.next() % 8)]
          messages.append(.walk(0, fid, name))
          fids[fid] = (name, false)
          continue
        }
        switch numbers.next() % 4 {
        case 0 where !file.isOpen:
          messages.append(.open(fid))
          fids[fid] = (file.name, true)
        case 1:
          messages.append(.clunk(fid))
          fids[fid] = nil
        default:
          let link = "link\(round).\(step)"
          messages.append(.link(0, fid, link))
          expected.append((link, file.name))
        }
      }
      #expect(try failures(served.client, messages, atOnce: true).allSatisfy { $0 == 0 })
    }
    for (link, name) in expected where served.text(of: link) != name {
      Issue.record("\(link) is \(served.text(of: link) ?? "nothing"), not \(name)")
    }
  }
}

/// Numbers that look random, the same each time.
private struct Xorshift {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state >> 11
  }
}
