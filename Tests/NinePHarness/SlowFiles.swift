import Export
import Glibc
import HelperHarness
import Linux
import NinePServer
import Synchronization
import SystemPackage
import Wire

/// What holds up those who read and write files, as a disk that has stopped answering would.
package final class Gate: Sendable {
  private let ends: (out: CInt, in: CInt)
  private let arrived = Atomic<Int>(0)
  private let isOpen = Atomic<Bool>(false)
  private let found = Atomic<Int>(0)
  private let pause: UInt32

  /// - Parameter pause: microseconds that each look for a name takes.
  package init(pause: UInt32 = 0) throws {
    self.pause = pause
    var ends: [CInt] = [-1, -1]
    guard pipe2(&ends, CInt(O_CLOEXEC)) == 0 else { throw HarnessError("pipe: errno \(errno)") }
    self.ends = (ends[0], ends[1])
  }

  deinit {
    open()
    close(ends.out)
  }

  /// How many have come so far.
  package var count: Int { arrived.load(ordering: .relaxed) }

  /// How many names were looked for.
  package var finds: Int { found.load(ordering: .relaxed) }

  fileprivate func find() {
    found.add(1, ordering: .relaxed)
    if pause > 0 { usleep(pause) }
  }

  /// Waits until so many have come.
  package func wait(for count: Int) throws {
    for _ in 0..<10_000 {
      if self.count >= count { return }
      usleep(1000)
    }
    throw HarnessError("\(self.count) have come, not \(count)")
  }

  /// Lets so many through.
  package func pass(_ count: Int = 1) {
    let bytes = [UInt8](repeating: 0, count: count)
    _ = write(ends.in, bytes, count)
  }

  /// Lets all through from now on.
  package func open() {
    if !isOpen.exchange(true, ordering: .relaxed) { close(ends.in) }
  }

  fileprivate func enter() {
    arrived.add(1, ordering: .relaxed)
    var byte: UInt8 = 0
    while read(ends.out, &byte, 1) < 0, errno == EINTR {}
  }
}

@_silgen_name("pipe2")
private func pipe2(_ ends: UnsafeMutablePointer<CInt>, _ flags: CInt) -> CInt

/// An export whose disk answers when a gate lets it.
package struct SlowFiles<Files: FileSystem & ~Copyable>: FileSystem, ~Copyable {
  private let files: Files
  private let gate: Gate

  package init(_ files: consuming Files, _ gate: Gate) {
    self.files = files
    self.gate = gate
  }

  package func contents() throws(Errno) -> SlowContents { SlowContents(files: try OpenFiles(), gate: gate) }

  /// Whatever the directory is on, it isn't memory.
  package func fileSystemStatus(of object: borrowing Descriptor) throws(Errno) -> FileSystemStatus {
    try Descriptor(adopting: Glibc.open("/proc", O_RDONLY | O_CLOEXEC)).fileSystemStatus()
  }

  package func root() throws(Errno) -> Descriptor { try files.root() }

  package func root(of index: Int) throws(Errno) -> Descriptor { try files.root(of: index) }

  package func duplicate(_ object: borrowing Descriptor) throws(Errno) -> Descriptor { try files.duplicate(object) }

  package func close(_ file: consuming HeldDescriptor) throws(Errno) { try files.close(file) }

  package func list(
    _ directory: borrowing Descriptor, from cookie: UInt64?, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try files.list(directory, from: cookie, into: &buffer)
  }

  package func find(_ name: Name, in directory: borrowing Descriptor) throws(Errno) -> Descriptor {
    gate.find()
    return try files.find(name, in: directory)
  }

  package func parent(of directory: borrowing Descriptor, known: inout RecentFiles?) throws(Errno) -> Descriptor {
    try files.parent(of: directory, known: &known)
  }

  package func status(of object: borrowing Descriptor) throws(Errno) -> FileStatus {
    try files.status(of: object)
  }

  package func readLink(_ object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try files.readLink(object, into: &buffer)
  }

  package func next() throws(Errno) -> Outcome { try files.next() }

  package var isLost: Bool { files.isLost }

  package func mount(of object: borrowing Descriptor) throws(Errno) -> UInt64 { try files.mount(of: object) }

  package var queue: PacketQueue? { files.queue }

  package func open(
    _ object: borrowing HeldDescriptor, flags: OpenFlags, isRoot: Bool
  ) throws(Errno) -> Outcome {
    try files.open(object, flags: flags, isRoot: isRoot)
  }

  package func create(
    _ name: Name, in directory: borrowing HeldDescriptor, flags: OpenFlags, mode: UInt32,
    as identity: Identity
  ) throws(Errno) -> Outcome {
    try files.create(name, in: directory, flags: flags, mode: mode, as: identity)
  }

  package func makeDirectory(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, as identity: Identity
  ) throws(Errno) -> Outcome {
    try files.makeDirectory(name, in: directory, mode: mode, as: identity)
  }

  package func makeNode(
    _ name: Name, in directory: borrowing HeldDescriptor, mode: UInt32, device: UInt64, as identity: Identity
  ) throws(Errno) -> Outcome {
    try files.makeNode(name, in: directory, mode: mode, device: device, as: identity)
  }

  package func makeSymbolicLink(
    _ name: Name, in directory: borrowing HeldDescriptor, target: Span<UInt8>, as identity: Identity
  ) throws(Errno) -> Outcome {
    try files.makeSymbolicLink(name, in: directory, target: target, as: identity)
  }

  package func link(
    _ object: borrowing HeldDescriptor, as name: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try files.link(object, as: name, in: directory)
  }

  package func rename(
    _ old: Name, in directory: borrowing HeldDescriptor, to new: Name,
    in other: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try files.rename(old, in: directory, to: new, in: other)
  }

  package func remove(
    _ name: Name, in directory: borrowing HeldDescriptor, isDirectory: Bool
  ) throws(Errno) -> Outcome {
    try files.remove(name, in: directory, isDirectory: isDirectory)
  }

  package func remove(_ object: borrowing HeldDescriptor) throws(Errno) -> Outcome { try files.remove(object) }

  package func rename(
    _ object: borrowing HeldDescriptor, to new: Name, in directory: borrowing HeldDescriptor
  ) throws(Errno) -> Outcome {
    try files.rename(object, to: new, in: directory)
  }

  package func change(
    _ object: borrowing HeldDescriptor, by change: StatusChange, isOpen: Bool
  ) throws(Errno) -> Outcome {
    try files.change(object, by: change, isOpen: isOpen)
  }

  package func read(_ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>)
    throws(Errno) -> Int
  {
    try files.read(file, at: offset, into: &buffer)
  }

  package func write(_ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool) throws(Errno)
    -> Int
  {
    try files.write(data, to: file, at: offset, isRoot: isRoot)
  }

  package func attribute(_ name: Span<UInt8>, of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>)
    throws(Errno) -> Int
  {
    try files.attribute(name, of: object, into: &buffer)
  }

  package func attributes(of object: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try files.attributes(of: object, into: &buffer)
  }

  package func setAttribute(
    _ name: Span<UInt8>, of object: borrowing Descriptor, to value: Span<UInt8>, flags: Int32
  )
    throws(Errno)
  {
    try files.setAttribute(name, of: object, to: value, flags: flags)
  }

  package func removeAttribute(_ name: Span<UInt8>, of object: borrowing Descriptor) throws(Errno) {
    try files.removeAttribute(name, of: object)
  }
}

/// Files on a disk that answers when a gate lets it.
package struct SlowContents: FileContents {
  fileprivate let files: OpenFiles
  fileprivate let gate: Gate

  package func read(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    gate.enter()
    return try files.read(file, at: offset, into: &buffer)
  }

  /// Nothing is in memory.
  package func readAtOnce(
    _ file: borrowing Descriptor, at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int? { nil }

  package func write(
    _ data: Span<UInt8>, to file: borrowing Descriptor, at offset: UInt64, isRoot: Bool
  ) throws(Errno) -> Int {
    gate.enter()
    return try files.write(data, to: file, at: offset, isRoot: isRoot)
  }

  package func synchronize(_ file: borrowing Descriptor, dataOnly: Bool) throws(Errno) {
    gate.enter()
    try files.synchronize(file, dataOnly: dataOnly)
  }
}
