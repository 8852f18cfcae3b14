import Linux
import NinePProtocol
import Serving
import SystemPackage

/// A session's fids and their files. Each fid holds one descriptor, so a bound on fids is a bound on descriptors.
struct FidTable: ~Copyable {
  private var files = OwnedArray<HeldFile>()
  private var indices: [Fid: Int] = [:]
  /// The number of removals so far: each may move a file to another index.
  private var generation: UInt64 = 0
  private let budget: DescriptorBudget

  /// The place of a fid in use. Only the table makes handles, and each is valid until any fid is removed.
  struct Handle {
    fileprivate let index: Int
    fileprivate let generation: UInt64
  }

  init(budget: DescriptorBudget) {
    self.budget = budget
    indices.reserveCapacity(64)
  }

  deinit {
    budget.giveBack(files.count, of: files.count)
  }

  /// The number of fids in use.
  var count: Int { files.count }

  /// The file of a fid. A handle that is no longer valid traps.
  subscript(handle: Handle) -> HeldFile {
    // An accessor that yields may allocate its frame.
    unsafeAddress {
      precondition(handle.generation == generation)
      return unsafe UnsafePointer(files.pointer(to: handle.index))
    }
    unsafeMutableAddress {
      precondition(handle.generation == generation)
      return unsafe files.pointer(to: handle.index)
    }
  }

  /// Finds a fid.
  ///
  /// - Throws: `EBADF` if it isn't in use.
  func handle(of fid: Fid) throws(Errno) -> Handle {
    guard let index = indices[fid] else { throw .badFileDescriptor }
    return Handle(index: index, generation: generation)
  }

  /// Checks that a fid can be bound.
  ///
  /// - Throws: `EBADF` if the fid is in use, or is `NOFID`; `EMFILE` if the budget has no descriptor left.
  func requireFree(_ fid: Fid) throws(Errno) {
    guard fid != .none, indices[fid] == nil else { throw .badFileDescriptor }
    guard budget.hasRoom(beside: files.count) else { throw .tooManyOpenFiles }
  }

  /// Binds a free fid to its file.
  mutating func bind(_ file: consuming HeldFile) {
    indices[file.fid] = files.count
    files.append(file)
    budget.take(for: files.count)
  }

  /// Removes a fid and returns its file. All handles become invalid.
  ///
  /// - Throws: `EBADF` if the fid isn't in use.
  mutating func remove(_ fid: Fid) throws(Errno) -> HeldFile {
    guard let index = indices.removeValue(forKey: fid) else { throw .badFileDescriptor }
    generation += 1
    budget.giveBack(1, of: files.count)
    let file = files.take(index)
    // The last one has taken its place.
    if index < files.count { indices[files[index].fid] = index }
    return file
  }

  /// Removes all fids. All handles become invalid.
  mutating func removeAll() {
    generation += 1
    budget.giveBack(files.count, of: files.count)
    files.removeAll()
    indices.removeAll(keepingCapacity: true)
  }
}
