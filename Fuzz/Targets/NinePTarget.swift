internal import NinePProtocol
internal import Wire

/// Any frame of 9P2000.L, in either direction, of which only the size isn't believed.
package enum NinePTarget {
  package static func run(_ input: Span<UInt8>) {
    guard let header = try? FrameHeader(input) else {
      if input.count >= Frame.headerSize { violated("a header is refused") }
      return
    }
    if input.count < Frame.headerSize { violated("a header of \(input.count) bytes") }
    if let size = header.frameSize(limit: 8192), !(Frame.headerSize...8192).contains(size) {
      violated("a frame of \(size) bytes")
    }
    let body = input.extracting(droppingFirst: Frame.headerSize)
    if let type = header.request {
      check(type, header, body)
    } else {
      check(header, body)
    }
    list(body)
  }

  /// A request that is decoded is encoded as the same bytes.
  private static func check(_ type: RequestType, _ header: FrameHeader, _ body: Span<UInt8>) {
    let request: Request
    do throws(Malformed) {
      request = try Request(type, body: body)
    } catch {
      answer(error, to: type)
      return
    }
    if request.type != type { violated("\(type) became \(request.type)") }
    checkNames(request)
    // One message may be shorter than it is encoded.
    let room = Frame.headerSize + body.count + 4
    var frame = [UInt8](repeating: 0xaa, count: room)
    var buffer = frame.mutableSpan
    guard let size = try? request.encode(tag: header.tag, into: &buffer) else {
      violated("\(type): what was decoded can't be encoded")
    }
    checkHeader(frame.span, FrameHeader(size: UInt32(size), type: header.type, tag: header.tag))
    let again = frame.span.extracting(Frame.headerSize..<size)
    if case .fsync(let fid, let dataOnly) = request {
      // Its second field may be left out, and says yes with any bit.
      guard case .fsync(fid, dataOnly)? = try? Request(type, body: again) else { violated("fsync is misread") }
      if again.count != 8 || !same(again.extracting(first: 4), body.extracting(first: 4)) { violated("fsync: fid") }
      return
    }
    if !same(again, body) { violated("\(type): a field changes when it is encoded") }
  }

  /// What can't be decoded is answered with an errno that is one.
  private static func answer(_ error: Malformed, to type: RequestType) {
    if error == .length || error == .unknown { violated("\(type): \(error)") }
    if !(1..<4096).contains(error.errorNumber(for: type).rawValue) { violated("\(error) is no errno") }
  }

  private static func checkNames(_ request: Request) {
    switch request {
    case .lcreate(_, let name, _, _, _), .mknod(_, let name, _, _, _, _), .mkdir(_, let name, _, _),
      .link(_, _, let name), .rename(_, _, let name), .unlinkat(_, let name, _):
      checkName(name.bytes)
    case .symlink(_, let name, let target, _):
      checkName(name.bytes)
      if target.isEmpty || target.count >= 4096 || holds(0, target) { violated("a target of \(target.count) bytes") }
    case .renameat(_, let oldName, _, let newName):
      checkName(oldName.bytes)
      checkName(newName.bytes)
    case .walk(_, _, var names):
      if names.count > 16 { violated("a walk of \(names.count) names") }
      var left = names.count
      while let step = names.next() {
        left -= 1
        if case .down(let name) = step { checkName(name.bytes) }
      }
      if left != 0 { violated("a walk of \(left) names more, or fewer, than it says") }
    case .setattr(_, let change):
      for change in [change.accessChange, change.modificationChange] {
        if case .to(let time) = change, time.nanoseconds > 999_999_999 { violated("\(time) is no time") }
      }
    default: break
    }
  }

  private static func checkName(_ name: Span<UInt8>) {
    let dot = UInt8(ascii: ".")
    if name.isEmpty || name.count > 255 || holds(0, name) || holds(UInt8(ascii: "/"), name) { violated("a bad name") }
    if name[0] == dot && (name.count == 1 || name.count == 2 && name[1] == dot) { violated("dots are no name") }
  }

  private static func holds(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices where bytes[index] == byte { return true }
    return false
  }

  /// A reply that is decoded is written as the same bytes.
  private static func check(_ header: FrameHeader, _ body: Span<UInt8>) {
    let reply: Reply
    do throws(Malformed) {
      reply = try Reply(header.type, body: body)
    } catch {
      if error == .length { violated("\(header.type): \(error)") }
      return
    }
    var frame = [UInt8](repeating: 0xaa, count: max(ReplyWriter.smallestBuffer, Frame.headerSize + body.count))
    var buffer = frame.mutableSpan
    let request = FrameHeader(size: 7, type: header.type - 1, tag: header.tag)
    guard let size = write(reply, ReplyWriter(to: request), into: &buffer) else { return }
    checkHeader(frame.span, FrameHeader(size: UInt32(size), type: header.type, tag: header.tag))
    if !same(frame.span.extracting(Frame.headerSize..<size), body) {
      violated("\(header.type): a field changes when it is written")
    }
  }

  /// - Returns: nothing where a client reads what our server doesn't write.
  private static func write(
    _ reply: Reply, _ writer: ReplyWriter, into buffer: inout MutableSpan<UInt8>
  ) -> Int? {
    switch reply {
    case .error(let number): return writer.error(number, into: &buffer)
    case .empty: return writer.empty(into: &buffer)
    case .qid(let qid): return writer.qid(qid, into: &buffer)
    case .opened(let qid, let unit): return writer.opened(qid, unit: unit, into: &buffer)
    case .qids(var qids):
      var index = 0
      while let qid = qids.next() {
        ReplyWriter.put(qid, at: index, into: &buffer)
        index += 1
      }
      return writer.qids(count: index, into: &buffer)
    case .data(let data):
      copy(data, to: Frame.dataOffset, of: &buffer)
      return writer.data(count: data.count, into: &buffer)
    case .count(let count): return writer.count(count, into: &buffer)
    case .target(let target):
      copy(target, to: Frame.targetOffset, of: &buffer)
      return writer.target(count: target.count, into: &buffer)
    case .attributes(let attributes): return writer.attributes(attributes, into: &buffer)
    case .fileSystemStatus(let status): return writer.fileSystemStatus(status, into: &buffer)
    case .size(let size): return writer.size(size, into: &buffer)
    case .lockStatus(let status): return writer.lockStatus(status, into: &buffer)
    case .lock(let lock):
      let size = try? writer.lock(lock, into: &buffer)
      if size == nil && lock.client.count <= 4066 { violated("a lock's client of \(lock.client.count) bytes") }
      return size
    case .version(let messageSize, let version):
      if Version(version) == .linux { return writer.version(.linux, messageSize: messageSize, into: &buffer) }
      return nil
    }
  }

  /// Entries that are read are packed as the same bytes.
  private static func list(_ data: Span<UInt8>) {
    var frame = [UInt8](repeating: 0xaa, count: Frame.dataOffset + data.count)
    var buffer = frame.mutableSpan
    var packer = DirectoryPacker(limit: data.count)
    var entries = DirectoryEntries(data)
    while let entry = try? entries.next() {
      if !packer.append(entry, to: &buffer) { violated("an entry that was read isn't packed") }
    }
    let packed = frame.span.extracting(Frame.dataOffset..<Frame.dataOffset + packer.count)
    if !same(packed, data.extracting(first: packer.count)) { violated("an entry changes when it is packed") }
  }

  private static func checkHeader(_ frame: Span<UInt8>, _ expected: FrameHeader) {
    guard let header = try? FrameHeader(frame), header == expected else { violated("a header isn't \(expected)") }
  }

  private static func copy(_ bytes: Span<UInt8>, to offset: Int, of buffer: inout MutableSpan<UInt8>) {
    for index in bytes.indices { buffer[offset + index] = bytes[index] }
  }
}
