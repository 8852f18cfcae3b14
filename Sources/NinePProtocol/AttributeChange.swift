/// The change that a `Tsetattr` makes.
package struct AttributeChange: Equatable, Sendable {
  /// The fields below that mean something, and how.
  package var valid: Fields = []
  /// Permission bits; Linux sends those of the file's type beside them.
  package var mode: UInt32 = 0
  /// The owner; `UInt32.max` leaves it as it is.
  package var uid: UInt32 = 0
  /// The group; `UInt32.max` leaves it as it is.
  package var gid: UInt32 = 0
  /// Bytes.
  package var size: UInt64 = 0
  /// The last access, where ``Fields/accessIsGiven``.
  package var access = Time(seconds: 0, nanoseconds: 0)
  /// The last change of the contents, where ``Fields/modificationIsGiven``.
  package var modification = Time(seconds: 0, nanoseconds: 0)

  /// No change.
  package init() {}

  /// The change of the last access.
  package var accessChange: TimeChange {
    guard valid.contains(.access) else { return .none }
    return valid.contains(.accessIsGiven) ? .to(access) : .now
  }

  /// The change of the last modification of the contents.
  package var modificationChange: TimeChange {
    guard valid.contains(.modification) else { return .none }
    return valid.contains(.modificationIsGiven) ? .to(modification) : .now
  }

  /// `P9_ATTR_…`.
  package struct Fields: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    package let rawValue: UInt32

    /// These bits, whatever they are.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// ``AttributeChange/mode``.
    package static let mode = Fields(rawValue: 0x1)
    /// ``AttributeChange/uid``.
    package static let uid = Fields(rawValue: 0x2)
    /// ``AttributeChange/gid``.
    package static let gid = Fields(rawValue: 0x4)
    /// ``AttributeChange/size``.
    package static let size = Fields(rawValue: 0x8)
    /// The last access: to the server's time, or as ``accessIsGiven``.
    package static let access = Fields(rawValue: 0x10)
    /// The last change of the contents: to the server's time, or as ``modificationIsGiven``.
    package static let modification = Fields(rawValue: 0x20)
    /// The last change of attributes, to the server's time. Linux sets it beside every other, and alone.
    package static let change = Fields(rawValue: 0x40)
    /// Beside ``access``: to ``AttributeChange/access``.
    package static let accessIsGiven = Fields(rawValue: 0x80)
    /// Beside ``modification``: to ``AttributeChange/modification``.
    package static let modificationIsGiven = Fields(rawValue: 0x100)
  }

  /// The change of a time.
  package enum TimeChange: Equatable, Sendable {
    /// Nothing.
    case none
    /// The server's time.
    case now
    /// This time. Its nanoseconds are less than a second: a host's call would take others for orders of their own.
    case to(Time)

    var isNormal: Bool {
      guard case .to(let time) = self else { return true }
      return time.isNormal
    }
  }
}
