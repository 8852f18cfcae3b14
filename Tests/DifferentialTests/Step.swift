import Glibc
import HelperHarness
import ProxyProtocol

/// One request of a sequence.
struct Step {
  /// What ours is asked.
  var message: Message
  /// What its answer is measured by.
  var reference: Reference = .same
  /// The path that exists if the request succeeds, or doesn't any more.
  var made: [[UInt8]]?
  var gone: [[UInt8]]?

  enum Reference {
    /// The original's answer to the same request.
    case same
    /// The original's answer to this one.
    case reworded(Message, KnownDifference)
    /// An errno; the original isn't asked.
    case alone(Int32, KnownDifference)
  }
}

extension RequestType {
  /// Which of a request's fields are paths inside the export.
  var pathFields: [Int] {
    switch self {
    case .makeNode, .makeDirectory: [2]
    case .makeSymbolicLink: [3]
    case .link, .rename: [0, 1]
    case .getAttribute, .listAttributes: [1]
    default: [0]
    }
  }

  /// Which of its fields mustn't hold a NUL but at their end.
  var nameFields: [Int] {
    switch self {
    case .makeSymbolicLink: [2, 3]
    case .getAttribute: [1, 2]
    case .setAttribute, .removeAttribute: [0, 1]
    default: pathFields
    }
  }

  /// Which of its fields are the uid and the gid of whoever makes something.
  var identityFields: (uid: Int, gid: Int)? {
    switch self {
    case .create: (3, 4)
    case .makeNode, .makeDirectory, .makeSymbolicLink: (0, 1)
    default: nil
    }
  }
}

// Requests that the two helpers mustn't be asked alike.
extension Step {
  /// Now and then makes this a request that nobody should send, or spells it in a way that only ours takes.
  mutating func twist(_ random: inout Random) {
    guard case .same = reference else { return }
    switch random.below(1000) {
    case ..<8: message.cut = random.below(message.payload.count)
    case ..<12: askAlone(message.followed(by: random.bytes(1 + random.below(9))), EINVAL, .trailingBytes)
    case ..<18: embedNUL(&random)
    case ..<24: empty(&random)
    case ..<44: lengthen(&random)
    case ..<48:
      guard let fields = message.type.identityFields else { return }
      let field = random.pick([fields.uid, fields.gid])
      askAlone(message.replacing(field, by: .d(.max)), EINVAL, .invalidIdentity)
    default: break
    }
  }

  /// Makes this a request that the original isn't asked, for the reason given.
  mutating func askAlone(_ message: Message, _ errno: Int32, _ difference: KnownDifference) {
    self.message = message
    reference = .alone(errno, difference)
    made = nil
    gone = nil
  }

  private mutating func embedNUL(_ random: inout Random) {
    let index = random.pick(message.type.nameFields)
    guard case .s(var bytes) = message.fields[index] else { return }
    // With a byte behind it, so that it can't be the one that paths may end in.
    bytes.insert(contentsOf: [0, UInt8(ascii: "n")], at: random.below(bytes.count + 1))
    askAlone(message.replacing(index, by: .s(bytes)), EINVAL, .embeddedNUL)
  }

  private mutating func empty(_ random: inout Random) {
    let index = random.pick(message.type.nameFields)
    reference = .reworded(message.replacing(index, by: .s([0])), .emptyString)
    message = message.replacing(index, by: .s([]))
    made = nil
    gone = nil
  }

  /// Makes a path longer than PATH_MAX that leads to the same place.
  private mutating func lengthen(_ random: inout Random) {
    let original = message
    for index in message.type.pathFields {
      guard case .s(let bytes) = message.fields[index], bytes.contains(where: { $0 != 0 && $0 != 0x2f && $0 != 0x2e })
      else { continue }
      let detour = random.pick(["./", "/", ".//", "../", ".././"])
      let repeats = (4090 + random.below(6000)) / detour.utf8.count
      let padding = Array("/".utf8) + Array(repeatElement(Array(detour.utf8), count: repeats).joined())
      guard message.payload.count + padding.count < Frame.maximumPayload else { continue }
      message = message.replacing(index, by: .s(padding + bytes))
    }
    reference = .reworded(original, .longPath)
  }
}
