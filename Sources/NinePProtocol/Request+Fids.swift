extension Request {
  /// The fids that the request names, `NOFID` where there are fewer than two: those that it is about, and those that it
  /// makes or gives up.
  package var fids: (first: Fid, second: Fid) {
    switch self {
    case .fileSystemStatus(let fid), .open(let fid, _), .create(let fid, _, _, _, _), .readLink(let fid),
      .getAttributes(let fid, _), .setAttributes(let fid, _), .createExtendedAttribute(let fid, _, _, _),
      .readDirectory(let fid, _, _), .synchronize(let fid, _), .lock(let fid, _, _), .getLock(let fid, _),
      .read(let fid, _, _), .write(let fid, _, _), .clunk(let fid), .remove(let fid), .authenticate(let fid, _, _, _):
      (fid, .none)
    case .makeSymbolicLink(let directory, _, _, _), .makeNode(let directory, _, _, _, _, _),
      .makeDirectory(let directory, _, _, _), .unlinkAt(let directory, _, _):
      (directory, .none)
    case .rename(let fid, let directory, _), .link(let directory, let fid, _): (fid, directory)
    case .renameAt(let oldDirectory, _, let newDirectory, _): (oldDirectory, newDirectory)
    case .walk(let fid, let newFid, _), .walkExtendedAttribute(let fid, let newFid, _): (fid, newFid)
    case .attach(let fid, let authentication, _, _, _): (fid, authentication)
    case .version, .flush: (.none, .none)
    }
  }
}
