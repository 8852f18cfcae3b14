internal import CLinux
internal import Glibc

/// Flags of `open(2)`, as the kernel numbers them on this machine.
///
/// Not an `OptionSet`: array literals of one aren't folded across modules, so every request would build them anew.
package struct OpenFlags: Equatable, Sendable {
  package let rawValue: CInt

  package init(rawValue: CInt) {
    self.rawValue = rawValue
  }

  /// `O_ACCMODE`: the bits that tell reading, writing or both.
  package static var accessMode: OpenFlags { OpenFlags(rawValue: O_ACCMODE) }
  /// `O_APPEND`
  package static var append: OpenFlags { OpenFlags(rawValue: O_APPEND) }
  /// `O_CLOEXEC`
  package static var closeOnExec: OpenFlags { OpenFlags(rawValue: O_CLOEXEC) }
  /// `O_CREAT`
  package static var create: OpenFlags { OpenFlags(rawValue: O_CREAT) }
  /// `O_DSYNC`
  package static var dataSync: OpenFlags { OpenFlags(rawValue: O_DSYNC) }
  /// `O_DIRECT`
  package static var direct: OpenFlags { OpenFlags(rawValue: cl_o_direct) }
  /// `O_DIRECTORY`
  package static var directory: OpenFlags { OpenFlags(rawValue: O_DIRECTORY) }
  /// `O_EXCL`
  package static var exclusive: OpenFlags { OpenFlags(rawValue: O_EXCL) }
  /// `O_NOATIME`
  package static var noAccessTime: OpenFlags { OpenFlags(rawValue: cl_o_noatime) }
  /// `O_NOCTTY`
  package static var noControllingTerminal: OpenFlags { OpenFlags(rawValue: O_NOCTTY) }
  /// `O_NOFOLLOW`
  package static var noFollow: OpenFlags { OpenFlags(rawValue: O_NOFOLLOW) }
  /// `O_NONBLOCK`
  package static var nonBlocking: OpenFlags { OpenFlags(rawValue: O_NONBLOCK) }
  /// `O_PATH`
  package static var path: OpenFlags { OpenFlags(rawValue: cl_o_path) }
  /// `O_RDONLY`
  package static var readOnly: OpenFlags { OpenFlags(rawValue: O_RDONLY) }
  /// `O_RDWR`
  package static var readWrite: OpenFlags { OpenFlags(rawValue: O_RDWR) }
  /// `O_SYNC`
  package static var sync: OpenFlags { OpenFlags(rawValue: O_SYNC) }
  /// `O_TMPFILE`
  package static var temporary: OpenFlags { OpenFlags(rawValue: cl_o_tmpfile) }
  /// `O_TRUNC`
  package static var truncate: OpenFlags { OpenFlags(rawValue: O_TRUNC) }
  /// `O_WRONLY`
  package static var writeOnly: OpenFlags { OpenFlags(rawValue: O_WRONLY) }

  /// The union of the flags.
  package static func | (one: OpenFlags, other: OpenFlags) -> OpenFlags {
    OpenFlags(rawValue: one.rawValue | other.rawValue)
  }

  /// The intersection of the flags.
  package static func & (one: OpenFlags, other: OpenFlags) -> OpenFlags {
    OpenFlags(rawValue: one.rawValue & other.rawValue)
  }

  /// True if the descriptor could write to the file, or opening it truncates the file.
  package var writes: Bool { rawValue & (O_ACCMODE | O_TRUNC) != O_RDONLY }

  /// True if all of these flags are set.
  package func contains(_ flags: OpenFlags) -> Bool {
    rawValue & flags.rawValue == flags.rawValue
  }

  package func subtracting(_ flags: OpenFlags) -> OpenFlags {
    OpenFlags(rawValue: rawValue & ~flags.rawValue)
  }
}
