public import Wire

/// A request of the worker to the monitor about objects that the worker holds. ``MonitorRequestType`` is the table.
///
/// The socket is one of packets (`SOCK_SEQPACKET`). A packet holds one request or several, each of them a
/// ``MonitorHeader``, ``ObjectPlaces`` and the fields. The objects go with the packet as descriptors. Requests are answered
/// in order, by one packet of ``MonitorReply`` or several.
public enum MonitorRequest: ~Escapable {
  /// Finds the entry with this name in a directory, without opening it.
  case find(name: Name)
  /// Finds the parent of a directory.
  case parent
  /// Opens a regular file or directory, with flags of `open(2)`.
  case open(flags: Int32, isRoot: Bool)
  /// Makes a regular file, or opens the file that has the name.
  case create(name: Name, flags: Int32, mode: UInt32, owner: Owner)
  /// Makes a directory.
  case makeDirectory(name: Name, mode: UInt32, owner: Owner)
  /// Makes a file of the type in `mode`.
  case makeNode(name: Name, mode: UInt32, device: UInt64, owner: Owner)
  /// Makes a symbolic link.
  case makeSymbolicLink(name: Name, target: Span<UInt8>, owner: Owner)
  /// Links an object, the first, into a directory, the second.
  case link(name: Name)
  /// Renames an entry, from the first directory to the second.
  case rename(oldName: Name, newName: Name)
  /// Removes an entry from a directory.
  case remove(name: Name, isDirectory: Bool)
  /// Changes the status of an object.
  case change(Change)
  /// Gets an extended attribute of at most `size` bytes.
  case getAttribute(name: Span<UInt8>, size: UInt32)
  /// Lists the names of extended attributes, in at most `size` bytes.
  case listAttributes(size: UInt32)
  /// Sets an extended attribute, with flags of `setxattr(2)`.
  case setAttribute(name: Span<UInt8>, value: Span<UInt8>, flags: Int32)
  /// Removes an extended attribute.
  case removeAttribute(name: Span<UInt8>)
  /// Removes the entry that an object was found by.
  case removeObject
  /// Renames the entry that an object, the first, was found by, into a directory, the second.
  case renameObject(newName: Name)

  /// The owner of an object that is made.
  public struct Owner: Equatable, Sendable {
    /// The user.
    public let uid: UInt32
    /// The group.
    public let gid: UInt32

    /// Creates an owner of these two.
    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }
  }
}
