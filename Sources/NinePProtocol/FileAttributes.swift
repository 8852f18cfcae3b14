/// The fields of an `Rgetattr`: those of `struct stat`, widened.
public struct FileAttributes: Equatable, Sendable {
  /// Bytes on the wire.
  public static let size = 153

  /// The fields below that mean something.
  public var valid: Fields = []
  /// The file.
  public var qid = Qid(kind: .file, version: 0, path: 0)
  /// Type and permission bits, `st_mode`.
  public var mode: UInt32 = 0
  /// The owner.
  public var uid: UInt32 = 0
  /// The group.
  public var gid: UInt32 = 0
  /// Hard links.
  public var links: UInt64 = 0
  /// The device that a device file stands for, as Linux packs it: the lower 32 bits hold all of it.
  public var specialDevice: UInt64 = 0
  /// Bytes.
  public var size: UInt64 = 0
  /// Bytes.
  public var blockSize: UInt64 = 0
  /// Units of 512 bytes.
  public var blocks: UInt64 = 0
  /// The last access.
  public var access = Time(seconds: 0, nanoseconds: 0)
  /// The last change of the contents.
  public var modification = Time(seconds: 0, nanoseconds: 0)
  /// The last change of contents or attributes.
  public var change = Time(seconds: 0, nanoseconds: 0)
  /// The creation of the file. Linux ignores it.
  public var birth = Time(seconds: 0, nanoseconds: 0)
  /// The inode's generation. Linux compares it whether it is ``valid`` or not.
  public var generation: UInt64 = 0
  /// Linux ignores it.
  public var dataVersion: UInt64 = 0

  /// All fields zero, and none of them valid.
  public init() {}

  /// `P9_GETATTR_…`: the fields that a client asks for, or that a server gives. Others may be given as well.
  public struct Fields: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt64

    /// These bits, whatever they are.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// ``FileAttributes/mode``.
    public static let mode = Fields(rawValue: 0x1)
    /// ``FileAttributes/links``.
    public static let links = Fields(rawValue: 0x2)
    /// ``FileAttributes/uid``.
    public static let uid = Fields(rawValue: 0x4)
    /// ``FileAttributes/gid``.
    public static let gid = Fields(rawValue: 0x8)
    /// ``FileAttributes/specialDevice``.
    public static let specialDevice = Fields(rawValue: 0x10)
    /// ``FileAttributes/access``.
    public static let access = Fields(rawValue: 0x20)
    /// ``FileAttributes/modification``.
    public static let modification = Fields(rawValue: 0x40)
    /// ``FileAttributes/change``.
    public static let change = Fields(rawValue: 0x80)
    /// The inode's number, which is ``Qid/path``.
    public static let inode = Fields(rawValue: 0x100)
    /// ``FileAttributes/size``.
    public static let size = Fields(rawValue: 0x200)
    /// ``FileAttributes/blocks``.
    public static let blocks = Fields(rawValue: 0x400)
    /// The fields of `stat`, all of the above. With fewer Linux looks at each field's bit.
    public static let basic = Fields(rawValue: 0x7ff)
    /// ``FileAttributes/birth``.
    public static let birth = Fields(rawValue: 0x800)
    /// ``FileAttributes/generation``.
    public static let generation = Fields(rawValue: 0x1000)
    /// ``FileAttributes/dataVersion``.
    public static let dataVersion = Fields(rawValue: 0x2000)
    /// Every field.
    public static let all = Fields(rawValue: 0x3fff)
  }
}

/// A time, since 1970.
public struct Time: Equatable, Sendable {
  /// Seconds; before 1970 they are negative.
  public var seconds: Int64
  /// Nanoseconds, 0...999999999 where it is a time.
  public var nanoseconds: UInt64

  /// A time of these two fields.
  public init(seconds: Int64, nanoseconds: UInt64) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  var isNormal: Bool { nanoseconds < 1_000_000_000 }
}
