internal import Glibc

/// Flags of `mount(2)`, which hold for any type of file system.
package struct MountFlags: OptionSet, Sendable {
  package let rawValue: UInt

  package init(rawValue: UInt) { self.rawValue = rawValue }

  private init(_ flag: Int) { self.init(rawValue: UInt(flag)) }

  /// `MS_RDONLY`
  package static let readOnly = MountFlags(Glibc.MS_RDONLY)
  /// `MS_NOSUID`
  package static let noSetUserID = MountFlags(Glibc.MS_NOSUID)
  /// `MS_NODEV`
  package static let noDevices = MountFlags(Glibc.MS_NODEV)
  /// `MS_NOEXEC`
  package static let noExecution = MountFlags(Glibc.MS_NOEXEC)
  /// `MS_SYNCHRONOUS`
  package static let synchronous = MountFlags(Glibc.MS_SYNCHRONOUS)
  /// `MS_REMOUNT`
  package static let remount = MountFlags(Glibc.MS_REMOUNT)
  /// `MS_MANDLOCK`
  package static let mandatoryLocks = MountFlags(Glibc.MS_MANDLOCK)
  /// `MS_DIRSYNC`
  package static let synchronousDirectories = MountFlags(Glibc.MS_DIRSYNC)
  /// `MS_NOSYMFOLLOW`, Linux 5.10.
  package static let noSymbolicLinks = MountFlags(rawValue: 256)
  /// `MS_NOATIME`
  package static let noAccessTimes = MountFlags(Glibc.MS_NOATIME)
  /// `MS_NODIRATIME`
  package static let noDirectoryAccessTimes = MountFlags(Glibc.MS_NODIRATIME)
  /// `MS_SILENT`
  package static let silent = MountFlags(rawValue: 1 << 15)
  /// `MS_RELATIME`
  package static let relativeAccessTimes = MountFlags(Glibc.MS_RELATIME)
  /// `MS_I_VERSION`
  package static let inodeVersions = MountFlags(Glibc.MS_I_VERSION)
  /// `MS_STRICTATIME`
  package static let strictAccessTimes = MountFlags(Glibc.MS_STRICTATIME)
  /// `MS_LAZYTIME`
  package static let lazyTimes = MountFlags(rawValue: 1 << 25)
}
