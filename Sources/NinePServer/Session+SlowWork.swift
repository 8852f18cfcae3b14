import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage

// Requests that another thread may perform, and their tags.
extension Session where Files: ~Copyable {
  /// Checks that no request with this tag is unanswered.
  ///
  /// - Throws: `EBUSY` if there is one. It goes on.
  func requireUnused(_ tag: Tag) throws(Errno) {
    guard !slow.has(tag.request), !lockReplies.signal.areAwaited || !terms.locks.has(tag.request, of: number) else {
      throw .resourceBusy
    }
  }

  /// Cancels a request that hasn't begun.
  ///
  /// - Returns: true if the flush is answered later, after the request that it names.
  mutating func flush(_ tag: Tag, reply writer: ReplyWriter) -> Bool {
    // One that flushes itself has nothing to wait for.
    tag != writer.tag && slow.flush(tag.request, by: writer.tag.request)
  }

  /// Reads a file, or hands the request to another thread if it has to wait for a disk.
  ///
  /// - Returns: bytes read; nil if the request is answered later.
  mutating func readFile(
    _ handle: FidTable.Handle, at offset: UInt64, into space: inout MutableSpan<UInt8>, reply writer: ReplyWriter
  ) throws(Errno) -> Int? {
    let storage = storage(of: handle)
    if storage == .memory { return try files.read(fids[handle].object.descriptor, at: offset, into: &space) }
    do throws(Errno) {
      if let count = try contents.readAtOnce(fids[handle].object.descriptor, at: offset, into: &space) {
        return count
      }
    } catch {
      guard error == .notSupported else { throw error }
      // Most of what this says of itself is in memory, and from a disk it comes soon.
      if storage == .disk { return try files.read(fids[handle].object.descriptor, at: offset, into: &space) }
    }
    if handOver(.read(offset: offset, count: space.count), of: handle, reply: writer) { return nil }
    return try files.read(fids[handle].object.descriptor, at: offset, into: &space)
  }

  /// Writes to a file, or hands the request to another thread if it has to wait for a disk.
  ///
  /// - Returns: bytes written; nil if the request is answered later.
  mutating func writeFile(
    _ data: Span<UInt8>, to handle: FidTable.Handle, at offset: UInt64, reply writer: ReplyWriter
  ) throws(Errno) -> Int? {
    let isRoot = terms.authority.isRoot(fids[handle].user)
    if fids[handle].writesThrough, !data.isEmpty, storage(of: handle) != .memory {
      let work = SlowRequest.Work.write(offset: offset, count: data.count, isRoot: isRoot)
      if handOver(work, of: handle, data: data, reply: writer) { return nil }
    }
    return try files.write(data, to: fids[handle].object.descriptor, at: offset, isRoot: isRoot)
  }

  /// Writes a file or directory to the disk.
  ///
  /// - Returns: true if the request is answered later.
  mutating func synchronize(_ fid: Fid, dataOnly: Bool, reply writer: ReplyWriter) throws(Errno) -> Bool {
    let handle = try fids.handle(of: fid)
    switch fids[handle].use {
    case .file, .directory: break
    case .named, .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
    if storage(of: handle) != .memory, handOver(.fsync(dataOnly: dataOnly), of: handle, reply: writer) { return true }
    try contents.synchronize(fids[handle].object.descriptor, dataOnly: dataOnly)
    return false
  }

  /// Hands a request to another thread.
  ///
  /// - Returns: false if there is no descriptor or no memory for that: then this thread must perform it.
  private func handOver(
    _ work: SlowRequest.Work, of handle: FidTable.Handle, data: Span<UInt8> = Span(), reply writer: ReplyWriter
  ) -> Bool {
    do throws(Errno) {
      // Those that are kept for other clients' fids aren't there for it.
      guard let extra = terms.descriptors.takeExtra() else { return false }
      // The fid may be clunked meanwhile.
      let file = try files.duplicate(fids[handle].object.descriptor)
      var copy: ChargedBuffer? = nil
      if !data.isEmpty {
        var buffer = try ChargedBuffer(data.count, of: memory)
        buffer.copy(data, to: 0)
        copy = consume buffer
      }
      slow.add(SlowRequest(work, of: file, counted: extra, data: copy, tag: writer.tag.request))
      return true
    } catch {
      return false
    }
  }

  private mutating func storage(of handle: FidTable.Handle) -> Storage {
    let device = fids[handle].device
    if known.device == device { return known.storage }
    do throws(Errno) {
      let status = try files.fileSystemStatus(of: fids[handle].object.descriptor)
      known = KnownStorage(storage: Storage(status), device: device)
      return known.storage
    } catch {
      return .disk
    }
  }
}
