internal import ProxyProtocol
internal import SystemPackage

// Extended attributes, of a symbolic link the link's own. No value is asked for that a reply can't carry: the original
// helper says of one of 65536 bytes that it is empty.
extension ProxyClient {
  /// How long an attribute's value is, in bytes. The request is `T_LGETXATTR` with size 0.
  public mutating func attributeSize(_ path: Span<UInt8>, name: Span<UInt8>) throws(Failure) -> Int {
    try path.checkPath()
    try name.checkAttributeName()
    return try number(.getAttribute(path: path, name: name, size: 0))
  }

  /// An attribute's value, put at the buffer's front. The request is `T_LGETXATTR`.
  ///
  /// - Returns: its bytes.
  /// - Throws: `ERANGE` where the buffer is too small; `ENOBUFS` of a value that no reply can carry.
  public mutating func attribute(
    _ path: Span<UInt8>, name: Span<UInt8>, into buffer: inout MutableSpan<UInt8>
  ) throws(Failure) -> Int {
    guard !buffer.isEmpty else { return try fitNothing(try attributeSize(path, name: name)) }
    try path.checkPath()
    try name.checkAttributeName()
    let most = min(buffer.count, Reply.maximumValue)
    do throws(Failure) {
      return try value(.getAttribute(path: path, name: name, size: Int32(most)), most: most, into: &buffer)
    } catch .refused(.outOfRange) where buffer.count > most {
      throw .refused(.noBufferSpace)
    }
  }

  /// How long the list of attributes' names is, in bytes. The request is `T_LLISTXATTR` with size 0.
  public mutating func attributesSize(_ path: Span<UInt8>) throws(Failure) -> Int {
    try path.checkPath()
    return try number(.listAttributes(path: path, size: 0))
  }

  /// The names of a file's attributes, a NUL behind each, put at the buffer's front. The request is `T_LLISTXATTR`.
  ///
  /// - Returns: their bytes.
  /// - Throws: `ERANGE` where the buffer is too small; `ENOBUFS` of a list that no reply can carry.
  public mutating func attributes(_ path: Span<UInt8>, into buffer: inout MutableSpan<UInt8>) throws(Failure) -> Int {
    guard !buffer.isEmpty else { return try fitNothing(try attributesSize(path)) }
    try path.checkPath()
    let most = min(buffer.count, Reply.maximumValue)
    do throws(Failure) {
      return try value(.listAttributes(path: path, size: Int32(most)), most: most, into: &buffer)
    } catch .refused(.outOfRange) where buffer.count > most {
      throw .refused(.noBufferSpace)
    }
  }

  /// Sets an attribute. The request is `T_LSETXATTR`.
  ///
  /// `flags` is `XATTR_CREATE` or `XATTR_REPLACE`, or 0 for either.
  /// - Throws: `E2BIG` of a value that the file system, or beside its path no request, has room for.
  public mutating func setAttribute(
    _ path: Span<UInt8>, name: Span<UInt8>, value: Span<UInt8>, flags: Int32 = 0
  ) throws(Failure) {
    try path.checkPath()
    try name.checkAttributeName()
    try perform(.setAttribute(path: path, name: name, value: value, flags: flags))
  }

  /// Removes an attribute. The request is `T_LREMOVEXATTR`.
  public mutating func removeAttribute(_ path: Span<UInt8>, name: Span<UInt8>) throws(Failure) {
    try path.checkPath()
    try name.checkAttributeName()
    try perform(.removeAttribute(path: path, name: name))
  }

  /// In an empty buffer there is room for an empty value; the wire takes its size for another question.
  private func fitNothing(_ count: Int) throws(Failure) -> Int {
    guard count == 0 else { throw .refused(.outOfRange) }
    return 0
  }
}
