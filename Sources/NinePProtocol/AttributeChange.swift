/// The change that a `Tsetattr` makes.
public struct AttributeChange: Equatable, Sendable {
  /// The fields below that mean something, and how.
  public var valid: Fields = []
  /// Permission bits; Linux sends those of the file's type beside them.
  public var mode: UInt32 = 0
  /// The owner; `UInt32.max` leaves it as it is.
  public var uid: UInt32 = 0
  /// The group; `UInt32.max` leaves it as it is.
  public var gid: UInt32 = 0
  /// Bytes.
  public var size: UInt64 = 0
  /// The last access, where ``Fields/accessIsGiven``.
  public var access = Time(seconds: 0, nanoseconds: 0)
  /// The last change of the contents, where ``Fields/modificationIsGiven``.
  public var modification = Time(seconds: 0, nanoseconds: 0)

  /// No change.
  public init() {}

  /// The change of the last access.
  public var accessChange: TimeChange {
    guard valid.contains(.access) else { return .none }
    return valid.contains(.accessIsGiven) ? .to(access) : .now
  }

  /// The change of the last modification of the contents.
  public var modificationChange: TimeChange {
    guard valid.contains(.modification) else { return .none }
    return valid.contains(.modificationIsGiven) ? .to(modification) : .now
  }

  /// `P9_ATTR_…`.
  public struct Fields: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt32

    /// These bits, whatever they are.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// ``AttributeChange/mode``.
    public static let mode = Fields(rawValue: 0x1)
    /// ``AttributeChange/uid``.
    public static let uid = Fields(rawValue: 0x2)
    /// ``AttributeChange/gid``.
    public static let gid = Fields(rawValue: 0x4)
    /// ``AttributeChange/size``.
    public static let size = Fields(rawValue: 0x8)
    /// The last access: to the server's time, or as ``accessIsGiven``.
    public static let access = Fields(rawValue: 0x10)
    /// The last change of the contents: to the server's time, or as ``modificationIsGiven``.
    public static let modification = Fields(rawValue: 0x20)
    /// The last change of attributes, to the server's time. Linux sets it beside every other, and alone.
    public static let change = Fields(rawValue: 0x40)
    /// Beside ``access``: to ``AttributeChange/access``.
    public static let accessIsGiven = Fields(rawValue: 0x80)
    /// Beside ``modification``: to ``AttributeChange/modification``.
    public static let modificationIsGiven = Fields(rawValue: 0x100)
  }

  /// The change of a time.
  public enum TimeChange: Equatable, Sendable {
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
