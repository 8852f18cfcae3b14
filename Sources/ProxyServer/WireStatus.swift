import Linux
import ProxyProtocol

// The kernel's structures in the wire's fields.

extension ProxyProtocol.FileStatus {
  init(_ status: Linux.FileStatus) {
    self.init()
    device = status.device
    inode = status.inode
    links = status.links
    mode = status.mode
    uid = status.uid
    gid = status.gid
    specialDevice = status.specialDevice
    size = status.size
    blockSize = status.blockSize
    blocks = status.blocks
    access = ProxyProtocol.Time(status.access)
    modification = ProxyProtocol.Time(status.modification)
    change = ProxyProtocol.Time(status.change)
  }
}

extension ProxyProtocol.FileSystemStatus {
  init(_ status: Linux.FileSystemStatus) {
    self.init()
    type = status.type
    blockSize = status.blockSize
    blocks = status.blocks
    freeBlocks = status.freeBlocks
    availableBlocks = status.availableBlocks
    files = status.files
    freeFiles = status.freeFiles
    let (first, second) = status.identifier
    identifier = (UInt64(bitPattern: Int64(first)), UInt64(bitPattern: Int64(second)))
    nameLength = status.nameLength
    fragmentSize = status.fragmentSize
  }
}

extension ProxyProtocol.Time {
  init(_ time: Linux.Time) {
    self.init(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }
}

extension Linux.Time {
  init(_ time: ProxyProtocol.Time) {
    self.init(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }
}
