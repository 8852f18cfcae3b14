import Export
import Linux
import NinePProtocol
import SystemPackage

// Extended attributes. A fid that is one holds its value, so that it is read and written in parts.
extension Session where Files: ~Copyable {
  /// The most fids at a time that hold a value.
  private static var mostAttributeFids: Int { 256 }

  /// Makes a fid the value of an attribute, or the list of all names.
  ///
  /// - Returns: its bytes.
  mutating func walkAttribute(
    _ fid: Fid, _ newFid: Fid, _ text: Span<UInt8>
  ) throws(Errno) -> Int {
    let index = try fids.index(of: fid)
    try fids.files[index].requireFile()
    try fids.requireFree(newFid)
    guard attributeFids < Self.mostAttributeFids else { throw .tooManyOpenFiles }
    try name.set(text)
    let count = try fids.getAttribute(at: index, name, isList: text.isEmpty, by: files, into: &scratch)
    let value = try AttributeValue(scratch.span(0..<count), memory)
    // It denotes no file, but a descriptor is what a fid holds.
    var file = HeldFile(newFid, hold(try files.duplicate(fids.files[index].object.descriptor)), like: fids.files[index])
    file.use = .readingAttribute
    file.attribute = consume value
    fids.bind(file)
    attributeFids += 1
    return count
  }

  /// Makes a fid a value to be written. The file isn't touched until the fid is clunked.
  mutating func createAttribute(
    _ fid: Fid, _ text: Span<UInt8>, size: UInt64, _ flags: ExtendedAttributeFlags
  ) throws(Errno) {
    let index = try fids.index(of: fid)
    try fids.files[index].requireNamed()
    // A literal of both is made an array where the compiler doesn't see through it.
    let both = ExtendedAttributeFlags.create.union(.replace)
    guard flags.isSubset(of: both), flags != both else { throw .invalidArgument }
    guard size <= UInt64(AttributeValue.largest) else { throw .argListTooLong }
    guard attributeFids < Self.mostAttributeFids else { throw .tooManyOpenFiles }
    fids.files[index].attribute = try AttributeValue(name: text, count: Int(size), flags: flags, memory)
    fids.files[index].use = .writingAttribute
    attributeFids += 1
  }

  func readAttribute(_ index: Int, _ offset: UInt64, into space: inout MutableSpan<UInt8>) -> Int {
    switch fids.files[index].attribute {
    case .some(let attribute):
      let value = attribute.value
      guard let start = Int(exactly: offset), start < value.count else { return 0 }
      let count = min(space.count, value.count - start)
      for position in 0..<count { space[position] = value[start + position] }
      return count
    case nil: return 0
    }
  }

  mutating func writeAttribute(_ index: Int, _ offset: UInt64, _ data: Span<UInt8>) throws(Errno) -> Int {
    guard var attribute = fids.files[index].attribute.take() else { throw .badFileDescriptor }
    do throws(Errno) {
      let count = try attribute.write(data, at: offset)
      fids.files[index].attribute = consume attribute
      return count
    } catch {
      fids.files[index].attribute = consume attribute
      throw error
    }
  }

  /// Sets an attribute that was written to its last byte, or removes it.
  mutating func setAttribute(
    _ attribute: consuming AttributeValue, of object: borrowing Descriptor
  ) throws(Errno) {
    guard attribute.written == attribute.count else { throw .invalidArgument }
    try name.set(attribute.name)
    // Linux writes nothing with this flag to remove one, and with any for an access control list.
    if attribute.count == 0, attribute.flags == .replace || isAccessControlList(attribute.name) {
      do throws(Errno) {
        try files.removeAttribute(name, of: object)
      } catch .noData where attribute.flags != .replace {
        // It isn't there any more.
      }
      return
    }
    try files.setAttribute(
      name, of: object, to: attribute.value, flags: CInt(bitPattern: attribute.flags.rawValue))
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
  /// Puts an attribute's value, or the names of all, at a buffer's front.
  ///
  /// - Returns: bytes.
  fileprivate func getAttribute<Files: FileSystem & ~Copyable>(
    at index: Int, _ name: borrowing Path, isList: Bool, by files: borrowing Files, into buffer: inout Buffer
  ) throws(Errno) -> Int {
    var space = buffer.mutableSpan(0..<AttributeValue.largest)
    return isList
      ? try files.attributes(of: self.files[index].object.descriptor, into: &space)
      : try files.attribute(name, of: self.files[index].object.descriptor, into: &space)
  }
}
