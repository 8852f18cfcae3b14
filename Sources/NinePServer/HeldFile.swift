import Linux
import NinePProtocol
import Serving
import SystemPackage

/// What a fid stands for.
struct HeldFile: ~Copyable {
  /// The client's number for it.
  let fid: Fid
  /// The object: named only, or open where ``use`` says so.
  var object: HeldDescriptor
  var kind: FileKind
  let device: UInt64
  let inode: UInt64
  /// `n_uname` of the attach that it comes from.
  let user: UInt32
  var use = Use.named
  /// Whether locks were taken through it.
  var hasLocks = false
  /// Whether what is written to it must be on the disk before the answer.
  var writesThrough = false
  /// An extended attribute's name and value, where ``use`` says so.
  var attribute: AttributeValue?

  init(_ fid: Fid, _ object: consuming HeldDescriptor, _ status: FileStatus, user: UInt32) {
    self.fid = fid
    self.object = object
    kind = status.kind
    device = status.device
    inode = status.inode
    self.user = user
  }

  /// What can be done with it.
  enum Use {
    /// It is looked at and named.
    case named
    /// A regular file, open.
    case file(reads: Bool, writes: Bool)
    /// A directory, open; the next entries are those behind this offset.
    case directory(position: UInt64)
    /// An extended attribute's value, or the list of their names, to be read. It denotes no file.
    case readingAttribute
    /// An extended attribute's value, to be written. It denotes no file any more.
    case writingAttribute
  }

  /// - Throws: `EBADF` where it is an extended attribute.
  borrowing func requireFile() throws(Errno) {
    switch use {
    case .named, .file, .directory: return
    case .readingAttribute, .writingAttribute: throw .badFileDescriptor
    }
  }

  /// - Throws: `EINVAL` where it is open, or an extended attribute.
  borrowing func requireNamed() throws(Errno) {
    guard case .named = use else { throw .invalidArgument }
  }
}

/// An extended attribute's value, or the list of their names.
struct AttributeValue: ~Copyable {
  /// `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`.
  static let largest = 65_536

  /// The name, if it is to be written, and behind it the value.
  private var bytes: ChargedBuffer
  private let nameCount: Int
  /// The value's bytes.
  let count: Int
  let flags: ExtendedAttributeFlags
  /// Where what was written without a gap ends.
  private(set) var written = 0
  /// Which bytes of the value were written behind a gap, a bit for each; nil where none was.
  private var beyond: Buffer?

  /// A value to be filled.
  ///
  /// - Throws: `ENOMEM`.
  init(name: Span<UInt8>, count: Int, flags: ExtendedAttributeFlags, _ memory: ClientMemory) throws(Errno) {
    bytes = try ChargedBuffer(max(1, name.count + count), and: (count + 7) / 8, of: memory)
    nameCount = name.count
    self.count = count
    self.flags = flags
    var space = bytes.mutableSpan(0..<name.count)
    for index in name.indices { space[index] = name[index] }
  }

  /// A value that is there already.
  init(_ value: Span<UInt8>, _ memory: ClientMemory) throws(Errno) {
    // Not `[]`, which is made an array.
    try self.init(name: Span(), count: value.count, flags: ExtendedAttributeFlags(rawValue: 0), memory)
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
  /// - Returns: bytes taken: what reaches beyond the value isn't.
  /// - Throws: `ENOSPC` where it starts behind the value.
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

  /// Remembers bytes that were written behind a gap.
  private mutating func note(_ range: Range<Int>) throws(Errno) {
    let size = (count + 7) / 8
    var bits: Buffer
    if let known = beyond.take() { bits = known } else { bits = try Buffer(upTo: size) }
    var space = bits.mutableSpan(0..<size)
    for index in range { space[index / 8] |= 1 << UInt8(index % 8) }
    beyond = consume bits
  }

  /// Goes on to the next gap, where those behind the last one were remembered.
  private mutating func closeGap() {
    guard let bits = beyond.take() else { return }
    while written < count, Self.has(written, in: bits) { written += 1 }
    beyond = consume bits
  }

  private static func has(_ index: Int, in bits: borrowing Buffer) -> Bool {
    bits.span(0..<bits.capacity)[index / 8] & 1 << UInt8(index % 8) != 0
  }
}
