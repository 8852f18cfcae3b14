import Linux
import NinePProtocol
import SystemPackage

// Locks.
extension Session where Files: ~Copyable {
  func lock(_ fid: Fid, _ flags: Lock.Flags, _ lock: borrowing Lock) throws(Errno) -> Lock.Status {
    _ = try openFile(fid)
    return .success
  }

  func getLock(
    _ fid: Fid, _ lock: borrowing Lock, _ writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    _ = try openFile(fid)
    var free = copy lock
    free.kind = .unlocked
    do throws(Malformed) {
      try outbox.put { buffer throws(Malformed) in try writer.lock(free, into: &buffer) }
    } catch {
      throw .fileNameTooLong
    }
  }

  private func openFile(_ fid: Fid) throws(Errno) -> Int {
    let index = try fids.index(of: fid)
    switch fids.files[index].use {
    case .file, .directory: return index
    case .named, .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
  }
}
