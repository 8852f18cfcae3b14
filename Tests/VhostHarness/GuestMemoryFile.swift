import CLinux
import Glibc

@_silgen_name("memfd_create") private func memfd_create(_ name: UnsafePointer<CChar>, _ flags: UInt32) -> CInt

/// A guest's memory: a memfd that the front end maps as well.
public final class GuestMemoryFile {
  public let descriptor: CInt
  public let size: Int
  public let base: UnsafeMutableRawPointer
  /// Where the guest has its first byte, and where the front end says that it has.
  public let guestAddress: UInt64
  public let userAddress: UInt64

  public init(size: Int, guestAddress: UInt64 = 0x10_0000, userAddress: UInt64 = 0x7f00_0000_0000) {
    self.size = size
    self.guestAddress = guestAddress
    self.userAddress = userAddress
    descriptor = memfd_create("guest", 1)
    precondition(descriptor >= 0 && ftruncate(descriptor, off_t(size)) == 0)
    base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
  }

  deinit {
    munmap(base, size)
    close(descriptor)
  }

  public func write(_ bytes: [UInt8], at offset: Int) {
    bytes.withUnsafeBytes { (base + offset).copyMemory(from: $0.baseAddress!, byteCount: bytes.count) }
  }

  public func read(_ count: Int, at offset: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: base + offset, count: count))
  }
}
