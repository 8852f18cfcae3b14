import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage

// Requests that another thread may do, and what becomes of their tags.
extension Session where Files: ~Copyable {
  /// - Throws: `EBUSY` for a tag of a request that isn't answered. That one isn't disturbed.
  func requireUnused(_ tag: Tag) throws(Errno) {
    guard !slow.has(tag.request), !lockReplies.signal.areAwaited || !terms.locks.has(tag.request, of: number) else {
      throw .resourceBusy
    }
  }

  /// Cancels what can be cancelled.
  ///
  /// - Returns: whether the flush is answered behind what it names.
  mutating func flush(_ tag: Tag, _ writer: ReplyWriter) -> Bool {
    // One that flushes itself has nothing to wait for.
    tag != writer.tag && slow.flush(tag.request, by: writer.tag.request)
  }

  /// Reads a file, or has it read where that takes a disk.
  ///
  /// - Returns: bytes; nil where the answer comes later.
  mutating func readFile(
    _ index: Int, _ offset: UInt64, into space: inout MutableSpan<UInt8>, _ writer: ReplyWriter
  ) throws(Errno) -> Int? {
    let storage = storage(of: index)
    if storage == .memory { return try files.read(fids.files[index].object.descriptor, at: offset, into: &space) }
    do throws(Errno) {
      if let count = try contents.readAtOnce(fids.files[index].object.descriptor, at: offset, into: &space) {
        return count
      }
    } catch {
      guard error == .notSupported else { throw error }
      // Most of what this says of itself is in memory, and from a disk it comes soon.
      if storage == .disk { return try files.read(fids.files[index].object.descriptor, at: offset, into: &space) }
    }
    if handOver(.read(offset: offset, count: space.count), of: index, writer) { return nil }
    return try files.read(fids.files[index].object.descriptor, at: offset, into: &space)
  }

  /// Writes to a file, or has it written where that is to reach the disk.
  ///
  /// - Returns: bytes; nil where the answer comes later.
  mutating func writeFile(
    _ index: Int, _ offset: UInt64, _ data: Span<UInt8>, _ writer: ReplyWriter
  ) throws(Errno) -> Int? {
    let isRoot = terms.authority.isRoot(fids.files[index].user)
    if fids.files[index].writesThrough, !data.isEmpty, storage(of: index) != .memory {
      let work = SlowRequest.Work.write(offset: offset, count: data.count, isRoot: isRoot)
      if handOver(work, of: index, data: data, writer) { return nil }
    }
    return try files.write(data, to: fids.files[index].object.descriptor, at: offset, isRoot: isRoot)
  }

  /// Brings to the disk what was written to a file or directory.
  ///
  /// - Returns: whether the answer comes later.
  mutating func synchronize(_ fid: Fid, dataOnly: Bool, _ writer: ReplyWriter) throws(Errno) -> Bool {
    let index = try fids.index(of: fid)
    switch fids.files[index].use {
    case .file, .directory: break
    case .named, .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
    if storage(of: index) != .memory, handOver(.fsync(dataOnly: dataOnly), of: index, writer) { return true }
    try contents.synchronize(fids.files[index].object.descriptor, dataOnly: dataOnly)
    return false
  }

  /// Gives a request to another thread.
  ///
  /// - Returns: false where there is no descriptor or no memory for that: this thread is to do it then.
  private func handOver(
    _ work: SlowRequest.Work, of index: Int, data: Span<UInt8> = Span(), _ writer: ReplyWriter
  ) -> Bool {
    do throws(Errno) {
      // Those that are kept for other clients' fids aren't there for it.
      guard let extra = terms.descriptors.takeExtra() else { return false }
      // The fid may be clunked meanwhile.
      let file = try files.duplicate(fids.files[index].object.descriptor)
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

  private mutating func storage(of index: Int) -> Storage {
    let device = fids.files[index].device
    if known.device == device { return known.storage }
    do throws(Errno) {
      let status = try files.fileSystemStatus(of: fids.files[index].object.descriptor)
      known = KnownStorage(storage: Storage(status), device: device)
      return known.storage
    } catch {
      return .disk
    }
  }
}
