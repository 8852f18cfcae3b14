import Linux
import NinePProtocol
import Serving
import SystemPackage

/// The object of a fid.
struct HeldFile: ~Copyable {
  /// The client's number for it.
  let fid: Fid
  /// The object's descriptor: of `O_PATH`, or open, depending on ``use``.
  var object: HeldDescriptor
  var kind: FileKind
  let device: UInt64
  let inode: UInt64
  /// `n_uname` of the attach that the fid was walked from.
  let user: UInt32
  var use = Use.named
  /// True if locks were taken through the fid.
  var hasLocks = false
  /// True if writes must be on the disk before they are answered: `O_SYNC` and `O_DSYNC`.
  var writesThrough = false
  /// The name and value of the extended attribute; nil unless ``use`` is one of an attribute.
  var attribute: AttributeValue?

  init(_ fid: Fid, object: consuming HeldDescriptor, status: FileStatus, user: UInt32) {
    self.fid = fid
    self.object = object
    kind = status.kind
    device = status.device
    inode = status.inode
    self.user = user
  }

  /// The requests that a fid permits.
  enum Use {
    /// An object that isn't open.
    case named
    /// An open regular file.
    case file(reads: Bool, writes: Bool)
    /// An open directory; the next entries are those after the one with this cookie.
    case directory(position: UInt64)
    /// An extended attribute's value, or the list of their names, to be read. The fid denotes no file.
    case readingAttribute
    /// An extended attribute's value, to be written. The fid denotes no file any more.
    case writingAttribute
  }

  /// Checks that the fid denotes a file.
  ///
  /// - Throws: `EBADF` if it is an extended attribute.
  borrowing func requireFile() throws(Errno) {
    switch use {
    case .named, .file, .directory: return
    case .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
  }

  /// Checks that the fid's object isn't open.
  ///
  /// - Throws: `EINVAL` if it is open, or an extended attribute.
  borrowing func requireNamed() throws(Errno) {
    guard case .named = use else { throw .invalidArgument }
  }
}

/// An extended attribute's value, or the list of their names.
struct AttributeValue: ~Copyable {
  /// `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`.
  static let largest = 65_536

  /// The name, if the value is to be written, and then the value.
  private var bytes: ChargedBuffer
  private let nameCount: Int
  /// The value's bytes.
  let count: Int
  let flags: ExtendedAttributeFlags
  /// The number of bytes written from the start without a gap.
  private(set) var written = 0
  /// A bitmap of the bytes that were written after a gap; nil if there are none.
  private var beyond: Buffer?

  /// Creates a value to be written.
  ///
  /// - Throws: `ENOMEM`.
  init(name: Span<UInt8>, count: Int, flags: ExtendedAttributeFlags, in memory: ClientMemory) throws(Errno) {
    bytes = try ChargedBuffer(max(1, name.count + count), and: (count + 7) / 8, of: memory)
    nameCount = name.count
    self.count = count
    self.flags = flags
    var space = bytes.mutableSpan(0..<name.count)
    for index in name.indices { space[index] = name[index] }
  }

  /// Creates a value to be read.
  init(_ value: Span<UInt8>, in memory: ClientMemory) throws(Errno) {
    // Not `[]`, which is made an array.
    try self.init(name: Span(), count: value.count, flags: ExtendedAttributeFlags(rawValue: 0), in: memory)
    var space = bytes.mutableSpan(0..<value.count)
    for index in value.indices { space[index] = value[index] }
  }

  var name: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { bytes.span(0..<nameCount) }
  }

  var value: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { bytes.span(nameCount..<nameCount + count) }
  }

  /// Writes a part of the value.
  ///
  /// - Returns: bytes taken; those beyond the value's end aren't.
  /// - Throws: `ENOSPC` if the part starts after the value's end.
  mutating func write(_ data: Span<UInt8>, at offset: UInt64) throws(Errno) -> Int {
    guard let offset = Int(exactly: offset), offset <= count else { throw .noSpace }
    let taken = min(data.count, count - offset)
    if offset > written, taken > 0 { try note(offset..<offset + taken) }
    var space = bytes.mutableSpan(nameCount + offset..<nameCount + offset + taken)
    for index in 0..<taken { space[index] = data[index] }
    if offset <= written {
      written = max(written, offset + taken)
      closeGap()
    }
    return taken
  }

  /// Marks bytes that were written after a gap.
  private mutating func note(_ range: Range<Int>) throws(Errno) {
    let size = (count + 7) / 8
    var bits: Buffer
    if let known = beyond.take() { bits = known } else { bits = try Buffer(upTo: size) }
    var space = bits.mutableSpan(0..<size)
    for index in range { space[index / 8] |= 1 << UInt8(index % 8) }
    beyond = consume bits
  }

  /// Advances ``written`` to the next gap.
  private mutating func closeGap() {
    guard let bits = beyond.take() else { return }
    while written < count, Self.has(written, in: bits) { written += 1 }
    beyond = consume bits
  }

  private static func has(_ index: Int, in bits: borrowing Buffer) -> Bool {
    bits.span(0..<bits.capacity)[index / 8] & 1 << UInt8(index % 8) != 0
  }
}
