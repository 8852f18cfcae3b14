import Linux
import NinePProtocol
import Serving
import SystemPackage

/// A session's fids, each with what it stands for. Each holds one descriptor, so that to bound them is to bound those.
struct FidTable: ~Copyable {
  /// What they stand for, at the index that ``index(of:)`` says. It isn't behind a subscript of this type: accessors that
  /// yield may allocate their frame.
  var files = OwnedArray<HeldFile>()
  private var indices: [Fid: Int] = [:]
  private let budget: DescriptorBudget

  init(budget: DescriptorBudget) {
    self.budget = budget
    indices.reserveCapacity(64)
  }

  deinit {
    budget.giveBack(files.count, of: files.count)
  }

  /// Where a fid is. It holds until a fid is removed.
  ///
  /// - Throws: `EBADF` where it isn't in use.
  func index(of fid: Fid) throws(Errno) -> Int {
    guard let index = indices[fid] else { throw .badFileDescriptor }
    return index
  }

  /// - Throws: `EBADF` for a fid that is in use, or can't be; `EMFILE` where there is no room.
  func requireFree(_ fid: Fid) throws(Errno) {
    guard fid != .none, indices[fid] == nil else { throw .badFileDescriptor }
    guard budget.hasRoom(beside: files.count) else { throw .tooManyOpenFiles }
  }

  /// Binds a fid that is free.
  mutating func bind(_ file: consuming HeldFile) {
    indices[file.fid] = files.count
    files.append(file)
    budget.take(for: files.count)
  }

  /// Takes a fid out of use.
  ///
  /// - Throws: `EBADF` where it isn't in use.
  mutating func remove(_ fid: Fid) throws(Errno) -> HeldFile {
    guard let index = indices.removeValue(forKey: fid) else { throw .badFileDescriptor }
    budget.giveBack(1, of: files.count)
    let file = files.take(index)
    // The last one has taken its place.
    if index < files.count { indices[files[index].fid] = index }
    return file
  }

  /// Takes all fids out of use.
  mutating func removeAll() {
    budget.giveBack(files.count, of: files.count)
    files.removeAll()
    indices.removeAll(keepingCapacity: true)
  }
}
