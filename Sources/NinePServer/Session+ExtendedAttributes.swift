import Export
import Linux
import NinePProtocol
import SystemPackage

// Extended attributes. The fid of one holds the value, which is read and written in parts.
extension Session where Files: ~Copyable {
  /// The maximum number of fids that hold a value.
  private static var mostAttributeFids: Int { 256 }

  /// Binds `newFid` to the value of an attribute of a fid's file, or for an empty name to the list of all names.
  ///
  /// - Returns: the size in bytes.
  mutating func walkAttribute(
    _ fid: Fid, to newFid: Fid, name: Span<UInt8>
  ) throws(Errno) -> Int {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireFile()
    try fids.requireFree(newFid)
    guard attributeFids < Self.mostAttributeFids else { throw .tooManyOpenFiles }
    let count = try fids.getAttribute(name, of: handle, isList: name.isEmpty, by: files, into: &scratch)
    let value = try AttributeValue(scratch.span(0..<count), in: memory)
    // It denotes no file, but a descriptor is what a fid holds.
    let object = try files.duplicate(fids[handle].object.descriptor)
    var file = HeldFile(newFid, object: hold(object), like: fids[handle])
    file.use = .readingAttribute
    file.attribute = consume value
    fids.bind(file)
    attributeFids += 1
    return count
  }

  /// Makes a fid the value of an attribute, to be written. The attribute is set when the fid is clunked.
  mutating func createAttribute(
    _ fid: Fid, name: Span<UInt8>, size: UInt64, flags: ExtendedAttributeFlags
  ) throws(Errno) {
    let handle = try fids.handle(of: fid)
    try fids[handle].requireNamed()
    // A literal of both is made an array where the compiler doesn't see through it.
    let both = ExtendedAttributeFlags.create.union(.replace)
    guard flags.isSubset(of: both), flags != both else { throw .invalidArgument }
    guard size <= UInt64(AttributeValue.largest) else { throw .argListTooLong }
    guard attributeFids < Self.mostAttributeFids else { throw .tooManyOpenFiles }
    fids[handle].attribute = try AttributeValue(name: name, count: Int(size), flags: flags, in: memory)
    fids[handle].use = .writingAttribute
    attributeFids += 1
  }

  func readAttribute(_ handle: FidTable.Handle, at offset: UInt64, into space: inout MutableSpan<UInt8>) -> Int {
    switch fids[handle].attribute {
    case .some(let attribute):
      let value = attribute.value
      guard let start = Int(exactly: offset), start < value.count else { return 0 }
      let count = min(space.count, value.count - start)
      for position in 0..<count { space[position] = value[start + position] }
      return count
    case nil: return 0
    }
  }

  mutating func writeAttribute(
    _ data: Span<UInt8>, to handle: FidTable.Handle, at offset: UInt64
  ) throws(Errno) -> Int {
    guard var attribute = fids[handle].attribute.take() else { throw .badFileDescriptor }
    do throws(Errno) {
      let count = try attribute.write(data, at: offset)
      fids[handle].attribute = consume attribute
      return count
    } catch {
      fids[handle].attribute = consume attribute
      throw error
    }
  }

  /// Sets an attribute to the value that was written, or removes it.
  ///
  /// - Throws: `EINVAL` if a part of the value wasn't written.
  mutating func setAttribute(
    _ attribute: consuming AttributeValue, of object: borrowing Descriptor
  ) throws(Errno) {
    guard attribute.written == attribute.count else { throw .invalidArgument }
    // Linux writes nothing with this flag to remove one, and with any for an access control list.
    if attribute.count == 0, attribute.flags == .replace || isAccessControlList(attribute.name) {
      do throws(Errno) {
        try files.removeAttribute(attribute.name, of: object)
      } catch .noData where attribute.flags != .replace {
        // It isn't there any more.
      }
      return
    }
    try files.setAttribute(
      attribute.name, of: object, to: attribute.value, flags: CInt(bitPattern: attribute.flags.rawValue))
  }

  private func isAccessControlList(_ name: Span<UInt8>) -> Bool {
    let prefix = "system.posix_acl_"
    let start = prefix.utf8.span
    guard name.count > start.count else { return false }
    for index in start.indices where name[index] != start[index] { return false }
    return true
  }
}

extension FidTable {
  /// Reads an attribute's value, or the names of all, into the front of a buffer.
  ///
  /// - Returns: bytes written to `buffer`.
  fileprivate func getAttribute<Files: FileSystem & ~Copyable>(
    _ name: Span<UInt8>, of handle: Handle, isList: Bool, by files: borrowing Files, into buffer: inout Buffer
  ) throws(Errno) -> Int {
    var space = buffer.mutableSpan(0..<AttributeValue.largest)
    return isList
      ? try files.attributes(of: self[handle].object.descriptor, into: &space)
      : try files.attribute(name, of: self[handle].object.descriptor, into: &space)
  }
}
