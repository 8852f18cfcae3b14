import Export
import Linux
import NinePProtocol
import Serving
import SystemPackage
import Wire

// What lists and changes directories.
extension Session where Files: ~Copyable {
  mutating func makeDirectory(_ name: Name, in directory: Fid, mode: UInt32, gid: UInt32) throws(Errno) -> Outcome {
    let (handle, owner) = try place(in: directory, gid: gid)
    return try files.makeDirectory(name, in: fids[handle].object, mode: mode, as: owner)
  }

  mutating func makeNode(
    _ name: Name, in directory: Fid, mode: UInt32, major: UInt32, minor: UInt32, gid: UInt32
  ) throws(Errno) -> Outcome {
    let (handle, owner) = try place(in: directory, gid: gid)
    guard major <= 0xfff, minor <= 0xf_ffff else { throw .invalidArgument }
    let device = UInt64(minor & 0xff | major << 8 | (minor & ~0xff) << 12)
    return try files.makeNode(name, in: fids[handle].object, mode: mode, device: device, as: owner)
  }

  mutating func makeSymbolicLink(
    _ name: Name, in directory: Fid, target: Span<UInt8>, gid: UInt32
  ) throws(Errno) -> Outcome {
    let (handle, owner) = try place(in: directory, gid: gid)
    return try files.makeSymbolicLink(name, in: fids[handle].object, target: target, as: owner)
  }

  /// Finds the directory that an object is to be made in, and the identity that is to own the object.
  private func place(in directory: Fid, gid: UInt32) throws(Errno) -> (handle: FidTable.Handle, owner: Identity) {
    let handle = try object(of: directory)
    return (handle, try terms.authority.identity(user: fids[handle].user, gid: gid))
  }

  /// Finds a fid that denotes an object of any kind: the kernel refuses what isn't a directory.
  private func object(of fid: Fid) throws(Errno) -> FidTable.Handle {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireFile()
    return handle
  }

  mutating func link(_ fid: Fid, as name: Name, in directory: Fid) throws(Errno) -> Outcome {
    let (into, object) = (try object(of: directory), try object(of: fid))
    return try files.link(fids[object].object, as: name, in: fids[into].object)
  }

  mutating func rename(
    _ oldName: Name, in oldDirectory: Fid, to newName: Name, in newDirectory: Fid
  ) throws(Errno) -> Outcome {
    let (from, to) = (try object(of: oldDirectory), try object(of: newDirectory))
    return try files.rename(oldName, in: fids[from].object, to: newName, in: fids[to].object)
  }

  /// Renames a fid's file. Linux uses ``rename(_:in:to:in:)``.
  mutating func rename(_ fid: Fid, to name: Name, in directory: Fid) throws(Errno) -> Outcome {
    let (object, to) = (try object(of: fid), try object(of: directory))
    return try files.rename(fids[object].object, to: name, in: fids[to].object)
  }

  /// Removes a fid's file. Linux uses ``unlink(_:in:flags:)``. The fid is removed even if this throws.
  mutating func remove(_ fid: Fid) throws(Errno) -> Outcome {
    let file = try fids.remove(fid)
    let outcome: Outcome
    do throws(Errno) {
      try file.requireFile()
      outcome = try files.remove(file.object)
    } catch {
      discard(file)
      throw error
    }
    discard(file)
    return outcome
  }

  mutating func unlink(_ name: Name, in directory: Fid, flags: UnlinkFlags) throws(Errno) -> Outcome {
    guard flags.isSubset(of: .directory) else { throw .invalidArgument }
    let handle = try object(of: directory)
    return try files.remove(name, in: fids[handle].object, isDirectory: flags.contains(.directory))
  }

  /// Lists a directory after the entry with this cookie, which is the kernel's own, or from the beginning for 0.
  mutating func readDirectory(
    _ fid: Fid, after cookie: UInt64, count: UInt32, reply writer: ReplyWriter, into outbox: inout Outbox
  ) throws(Errno) {
    let handle = try fids.handle(of: fid)
    guard case .directory(let position) = fids[handle].use else { throw .badFileDescriptor }
    // From the start it begins anew, with what is there now.
    let start = cookie != position || cookie == 0 ? cookie : nil
    let room = MessageSize.data(count, within: messageSize)
    // An entry of the reply is longer than the kernel's by a sixth at most: what is read at once fits. Only where the
    // client has little room is one read that may not fit.
    let size = min(max(room / 7 * 6, Self.longestEntry), scratch.capacity)
    let read = try fids.list(handle, from: start, size: size, by: files, into: &scratch)
    let device = fids[handle].device
    var packer = DirectoryPacker(limit: room)
    var end = cookie
    var isFull = false
    var entries = KernelEntries(scratch.span(0..<read))
    while !isFull, let entry = entries.next() {
      let packed = DirectoryEntry(
        qid: Qid(kind: Qid.Kind(type: entry.type), version: 0, path: path(device: device, inode: entry.inode)),
        cookie: entry.cookie,
        kind: DirectoryEntry.Kind(rawValue: entry.type), name: entry.name)
      var space = outbox.space(at: 0, count: Frame.dataOffset + room)
      isFull = !packer.append(packed, to: &space)
      if !isFull { end = entry.cookie }
    }
    // What wasn't packed is read again.
    fids[handle].use = .directory(position: isFull ? .max : end)
    // No entries would mean the end.
    if read > 0, packer.count == 0 { throw .invalidArgument }
    let count = packer.count
    outbox.put { buffer in writer.data(count: count, into: &buffer) }
  }

  /// The size in bytes of the kernel's entry for the longest name.
  private static var longestEntry: Int { 280 }
}

extension FidTable {
  /// Reads up to `size` bytes of entries of an open directory, as ``Export/FileSystem/list(_:from:into:)``.
  fileprivate func list<Files: FileSystem & ~Copyable>(
    _ handle: Handle, from cookie: UInt64?, size: Int, by files: borrowing Files, into buffer: inout Buffer
  ) throws(Errno) -> Int {
    var space = buffer.mutableSpan(0..<size)
    return try files.list(self[handle].object.descriptor, from: cookie, into: &space)
  }
}

extension Qid.Kind {
  /// Creates the kind of an entry from its `d_type`.
  fileprivate init(type: UInt8) {
    switch DirectoryEntry.Kind(rawValue: type) {
    case .directory: self = .directory
    case .symbolicLink: self = .symbolicLink
    default: self = .file
    }
  }
}
