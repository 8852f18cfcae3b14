package import Linux
internal import SystemPackage

/// What a file is on, which says what those who use it may wait for.
package enum Storage {
  /// Memory: for nothing.
  case memory
  /// A disk of this machine, as far as anybody knows.
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

/// What the files are on that were asked for last.
package struct KnownStorage {
  package var storage: Storage
  /// Nil where nothing is known yet.
  package var device: UInt64?

  package init(storage: Storage = .disk, device: UInt64? = nil) {
    self.storage = storage
    self.device = device
  }
}
