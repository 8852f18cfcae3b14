package import Linux
internal import SystemPackage

/// The storage of a file system, which decides what its users may have to wait for.
package enum Storage {
  /// Memory: nothing to wait for.
  case memory
  /// A disk of this machine, as far as the type of file system tells.
  case disk
  /// Another machine or process, which may never answer.
  case remote

  package init(_ status: FileSystemStatus) {
    // Some are larger than a signed number of 32 bits.
    switch UInt32(truncatingIfNeeded: status.type) {
    // tmpfs, ramfs and hugetlbfs.
    case 0x0102_1994, 0x8584_58f6, 0x9584_58f6: self = .memory
    // NFS; SMB as smbfs, CIFS and SMB2; Ceph; 9P; AFS twice; Coda; FUSE.
    case 0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x00c3_6400, 0x0102_1997, 0x5346_414f, 0x6b41_4653, 0x7375_7245,
      0x6573_5546:
      self = .remote
    default: self = .disk
    }
  }
}

/// The storage of the device that was asked for last.
package struct KnownStorage {
  package var storage: Storage
  /// Nil if none was asked for yet.
  package var device: UInt64?

  package init(storage: Storage = .disk, device: UInt64? = nil) {
    self.storage = storage
    self.device = device
  }
}
