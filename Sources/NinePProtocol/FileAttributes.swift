/// The fields of an `Rgetattr`: those of `struct stat`, widened.
package struct FileAttributes: Equatable, Sendable {
  /// Bytes on the wire.
  package static let size = 153

  /// The fields below that mean something.
  package var valid: Fields = []
  /// The file.
  package var qid = Qid(kind: .file, version: 0, path: 0)
  /// Type and permission bits, `st_mode`.
  package var mode: UInt32 = 0
  /// The owner.
  package var uid: UInt32 = 0
  /// The group.
  package var gid: UInt32 = 0
  /// Hard links.
  package var links: UInt64 = 0
  /// The device that a device file stands for, as Linux packs it: the lower 32 bits hold all of it.
  package var specialDevice: UInt64 = 0
  /// Bytes.
  package var size: UInt64 = 0
  /// Bytes.
  package var blockSize: UInt64 = 0
  /// Units of 512 bytes.
  package var blocks: UInt64 = 0
  /// The last access.
  package var access = Time(seconds: 0, nanoseconds: 0)
  /// The last change of the contents.
  package var modification = Time(seconds: 0, nanoseconds: 0)
  /// The last change of contents or attributes.
  package var change = Time(seconds: 0, nanoseconds: 0)
  /// The creation of the file. Linux ignores it.
  package var birth = Time(seconds: 0, nanoseconds: 0)
  /// The inode's generation. Linux compares it whether it is ``valid`` or not.
  package var generation: UInt64 = 0
  /// Linux ignores it.
  package var dataVersion: UInt64 = 0

  /// All fields zero, and none of them valid.
  package init() {}

  /// `P9_GETATTR_…`: the fields that a client asks for, or that a server gives. Others may be given as well.
  package struct Fields: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    package let rawValue: UInt64

    /// These bits, whatever they are.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// ``FileAttributes/mode``.
    package static let mode = Fields(rawValue: 0x1)
    /// ``FileAttributes/links``.
    package static let links = Fields(rawValue: 0x2)
    /// ``FileAttributes/uid``.
    package static let uid = Fields(rawValue: 0x4)
    /// ``FileAttributes/gid``.
    package static let gid = Fields(rawValue: 0x8)
    /// ``FileAttributes/specialDevice``.
    package static let specialDevice = Fields(rawValue: 0x10)
    /// ``FileAttributes/access``.
    package static let access = Fields(rawValue: 0x20)
    /// ``FileAttributes/modification``.
    package static let modification = Fields(rawValue: 0x40)
    /// ``FileAttributes/change``.
    package static let change = Fields(rawValue: 0x80)
    /// The inode's number, which is ``Qid/path``.
    package static let inode = Fields(rawValue: 0x100)
    /// ``FileAttributes/size``.
    package static let size = Fields(rawValue: 0x200)
    /// ``FileAttributes/blocks``.
    package static let blocks = Fields(rawValue: 0x400)
    /// The fields of `stat`, all of the above. With fewer Linux looks at each field's bit.
    package static let basic = Fields(rawValue: 0x7ff)
    /// ``FileAttributes/birth``.
    package static let birth = Fields(rawValue: 0x800)
    /// ``FileAttributes/generation``.
    package static let generation = Fields(rawValue: 0x1000)
    /// ``FileAttributes/dataVersion``.
    package static let dataVersion = Fields(rawValue: 0x2000)
    /// Every field.
    package static let all = Fields(rawValue: 0x3fff)
  }
}

/// A time, since 1970.
package struct Time: Equatable, Sendable {
  /// Seconds; before 1970 they are negative.
  package var seconds: Int64
  /// Nanoseconds, 0...999999999 where it is a time.
  package var nanoseconds: UInt64

  /// A time of these two fields.
  package init(seconds: Int64, nanoseconds: UInt64) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  var isNormal: Bool { nanoseconds < 1_000_000_000 }
}
