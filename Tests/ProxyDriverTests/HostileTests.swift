import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

/// What a helper sends that it shouldn't: the connection ends with an error, and no descriptor stays open.
@Suite struct HostileTests {
  /// Something that is asked, and an answer to it that is none.
  struct Case: Sendable, CustomTestStringConvertible {
    enum Call: Sendable { case status, generation, readLink, attribute, attributeSize, attributes, remove, open }
    let name: String
    let call: Call
    let reply: [Sent]
    var loss = ProxyClient.Loss.nonsense

    var testDescription: String { "\(call): \(name)" }
  }

  private static func error(_ status: Int32, type: UInt32 = 1) -> Sent { .frame(type, Sent.word(status).bytes) }

  private static func value(_ count: UInt16, _ bytes: [UInt8]) -> Sent {
    var payload: [UInt8] = []
    payload.append(field: count)
    return .frame(0, payload + bytes)
  }

  private static let status = [UInt8](repeating: 1, count: FileStatus.size)

  static let frames: [Case] = [
    Case(name: "nothing", call: .status, reply: [], loss: .closed),
    Case(name: "part of a header", call: .status, reply: [Sent([0, 0, 0])], loss: .closed),
    Case(name: "a header alone", call: .status, reply: [.frame(0, size: 116, [])], loss: .closed),
    Case(name: "part of an answer", call: .status, reply: [.frame(0, size: 116, [1, 2, 3])], loss: .closed),
    Case(name: "an unknown type", call: .status, reply: [.frame(2, status)]),
    Case(name: "the largest type", call: .status, reply: [.frame(.max, status)]),
    Case(name: "a payload too long for a frame", call: .status, reply: [.frame(0, size: 65_537, status)]),
    Case(name: "4 GiB", call: .status, reply: [.frame(0, size: .max, status)]),
    Case(name: "an error of 4 GiB", call: .status, reply: [.frame(1, size: .max, [])]),
    Case(name: "no payload", call: .status, reply: [.frame(0, [])]),
    Case(name: "a byte too few", call: .status, reply: [.frame(0, Array(status.dropLast()))]),
    Case(name: "a byte too many", call: .status, reply: [.frame(0, status + [0])]),
    Case(name: "the largest payload", call: .status, reply: [.frame(0, [UInt8](repeating: 0, count: 65_536))]),
    Case(name: "bytes behind the answer", call: .status, reply: [Sent(Sent.frame(0, status).bytes + [0])]),
    Case(
      name: "a second answer", call: .status, reply: [Sent(Sent.frame(0, status).bytes + Sent.frame(0, status).bytes)]),
    Case(name: "an errno of eight bytes", call: .status, reply: [.frame(1, [254, 255, 255, 255, 255, 255, 255, 255])]),
    Case(name: "an errno of no bytes", call: .status, reply: [.frame(1, [])]),
    Case(name: "the errno 0", call: .status, reply: [error(0)]),
    Case(name: "a positive errno", call: .status, reply: [error(2)]),
    Case(name: "the smallest errno", call: .status, reply: [error(.min)]),
    Case(name: "an errno that the kernel hasn't", call: .status, reply: [error(-4096)]),
    Case(name: "success with an errno", call: .remove, reply: [error(-2, type: 0)]),
    Case(name: "more than success", call: .remove, reply: [error(1, type: 0)]),
    Case(name: "an answer", call: .remove, reply: [.frame(0, status)]),
    Case(
      name: "a descriptor's word", call: .remove, reply: [.word(Frame.descriptorFollows, descriptors: 1)], loss: .closed
    ),
    Case(name: "a byte too few", call: .generation, reply: [.frame(0, [0, 0, 0, 0, 0, 0, 0])]),
    Case(name: "a byte too many", call: .generation, reply: [.frame(0, [0, 0, 0, 0, 0, 0, 0, 0, 0])]),
    Case(name: "a negative length", call: .attributeSize, reply: [error(-1, type: 0)]),
  ]

  static let values: [Case] = [Case.Call.readLink, .attribute, .attributes].flatMap { call in
    [
      Case(name: "no payload", call: call, reply: [.frame(0, [])]),
      Case(name: "half a length", call: call, reply: [.frame(0, [1])]),
      Case(name: "a length beyond the payload", call: call, reply: [value(5, [1, 2, 3, 4])]),
      Case(name: "the largest length", call: call, reply: [value(.max, [])]),
      Case(name: "bytes behind the value", call: call, reply: [value(3, [1, 2, 3, 4])]),
      Case(name: "more than was asked for", call: call, reply: [value(18, [UInt8](repeating: 1, count: 18))]),
      Case(name: "much more", call: call, reply: [value(65_534, [UInt8](repeating: 1, count: 65_534))]),
      Case(name: "a length in place of a value", call: call, reply: [error(16, type: 0)]),
    ]
  }

  static let descriptors: [Case] = [
    Case(name: "none", call: .open, reply: [.word(Frame.descriptorFollows)]),
    Case(name: "two", call: .open, reply: [.word(Frame.descriptorFollows, descriptors: 2)]),
    Case(name: "three", call: .open, reply: [.word(Frame.descriptorFollows, descriptors: 3)]),
    Case(name: "as many as can go", call: .open, reply: [.word(Frame.descriptorFollows, descriptors: 253)]),
    Case(name: "one with each byte", call: .open, reply: [0xff, 0xff, 0xff, 0x7f].map { Sent([$0], descriptors: 1) }),
    Case(name: "one with an errno", call: .open, reply: [.word(-2, descriptors: 1)]),
    Case(name: "two with an errno", call: .open, reply: [.word(-2, descriptors: 2)]),
    Case(
      name: "one, and bytes", call: .open, reply: [Sent(Sent.word(Frame.descriptorFollows).bytes + [0], descriptors: 1)]
    ),
    Case(name: "one, and an end", call: .open, reply: [Sent([0xff, 0xff], descriptors: 1)], loss: .closed),
    Case(name: "the errno 0", call: .open, reply: [.word(0)]),
    Case(name: "the errno 0 and one", call: .open, reply: [.word(0, descriptors: 1)]),
    Case(name: "a positive errno", call: .open, reply: [.word(2)]),
    Case(name: "the smallest errno", call: .open, reply: [.word(.min)]),
    Case(name: "a frame", call: .open, reply: [error(-2)]),
    Case(name: "one with an answer", call: .status, reply: [.frame(0, status, descriptors: 1)]),
    Case(name: "two with an answer", call: .status, reply: [.frame(0, status, descriptors: 2)]),
    Case(name: "many with an answer", call: .status, reply: [.frame(0, status, descriptors: 253)]),
    Case(
      name: "one with its payload", call: .status, reply: [.frame(0, size: 116, []), Sent(status, descriptors: 1)]),
    Case(name: "one with success", call: .remove, reply: [.frame(0, [0, 0, 0, 0], descriptors: 1)]),
    Case(name: "one with an error", call: .remove, reply: [.frame(1, [254, 255, 255, 255], descriptors: 1)]),
    Case(name: "one with a value", call: .attribute, reply: [.frame(0, [1, 0, 7], descriptors: 1)]),
  ]

  private func call(_ call: Case.Call, _ client: inout ProxyClient) throws(ProxyClient.Failure) {
    switch call {
    case .status: _ = try client.status("/f")
    case .generation: _ = try client.generation("/f")
    case .readLink: _ = try client.readLink("/f", room: 16)
    case .attribute: _ = try client.attribute("/f", name: "user.a", room: 16)
    case .attributeSize: _ = try client.attributeSize("/f", name: "user.a")
    case .attributes: _ = try client.attributes("/f", room: 16)
    case .remove: try client.remove("/f")
    case .open: _ = try client.open("/f", flags: O_RDONLY)
    }
  }

  private func failure(_ asked: Case.Call, _ client: inout ProxyClient) -> ProxyClient.Failure? {
    do throws(ProxyClient.Failure) {
      try call(asked, &client)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: frames + values + descriptors)
  func theConnectionEnds(_ nonsense: Case) throws {
    let helper = try HostileHelper([nonsense.reply])
    var client = helper.client()
    #expect(failure(nonsense.call, &client) == .lost(nonsense.loss))
    #expect(helper.end(), "descriptors stay open")
    // It stays so, whatever is asked, and nothing is sent.
    for call in [.status, .open, nonsense.call] as [Case.Call] {
      #expect(failure(call, &client) == .noHelper(nonsense.loss))
    }
    #expect(helper.requests.count == 1)
    client.close()
  }

  /// Nobody asked for what comes between two requests: it isn't the answer to the second.
  @Test func whatComesUnaskedIsNoAnswer() throws {
    let reply = Sent.frame(0, Self.status)
    let helper = try HostileHelper([[reply, reply], [reply]])
    var client = helper.client()
    #expect(failure(.status, &client) == nil)
    usleep(20_000)
    #expect(failure(.status, &client) == .lost(.nonsense))
    #expect(helper.end())
    #expect(helper.requests.count == 1, "nor was it sent")
    client.close()
  }

  /// A stream has no messages: pieces of any size are one answer.
  @Test func anAnswerMayComeInPieces() throws {
    let answer = Sent.frame(0, Self.status).bytes.map { Sent([$0]) }
    let word = [Sent([0xff], descriptors: 1), Sent([0xff]), Sent([0xff]), Sent([0x7f])]
    let helper = try HostileHelper([answer, word, [.frame(0, [2, 0, 7, 8])]])
    var client = helper.client()
    #expect(try client.status("/f").mode == 0x0101_0101)
    do {
      let file = try client.open("/f", flags: O_RDONLY)
      #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
    }
    #expect(try client.attribute("/f", name: "user.a") == Bytes([7, 8]))
    #expect(helper.end(), "the descriptor is closed with its owner")
    #expect(failure(.status, &client) == .noHelper(.closed), "the helper can't have read it")
    client.close()
  }

  /// What this process may not have more of is its own matter: the helper goes on.
  @Test func aFullTableOfDescriptorsIsNotTheHelpersFault() async throws {
    await #expect(processExitsWith: .success) {
      let word = Sent.word(Frame.descriptorFollows, descriptors: 1)
      let helper = try HostileHelper([[word], [word]])
      var client = helper.client()
      let next = dup(0)
      close(next)
      var limit = rlimit(rlim_cur: rlim_t(next), rlim_max: 4096)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      #expect(throws: refused(EMFILE)) { _ = try client.open("/f", flags: O_RDONLY) }
      limit.rlim_cur = 4096
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      _ = try client.open("/f", flags: O_RDONLY)
      #expect(helper.end())
      client.close()
    }
  }
}
