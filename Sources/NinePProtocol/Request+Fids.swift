extension Request {
  /// The fids that the request names, `NOFID` where there are fewer than two: those that it is about, and those that it
  /// makes or gives up.
  public var fids: (first: Fid, second: Fid) {
    switch self {
    case .statfs(let fid), .lopen(let fid, _), .lcreate(let fid, _, _, _, _), .readlink(let fid),
      .getattr(let fid, _), .setattr(let fid, _), .xattrcreate(let fid, _, _, _),
      .readdir(let fid, _, _), .fsync(let fid, _), .lock(let fid, _, _), .getlock(let fid, _),
      .read(let fid, _, _), .write(let fid, _, _), .clunk(let fid), .remove(let fid), .auth(let fid, _, _, _):
      (fid, .none)
    case .symlink(let directory, _, _, _), .mknod(let directory, _, _, _, _, _),
      .mkdir(let directory, _, _, _), .unlinkat(let directory, _, _):
      (directory, .none)
    case .rename(let fid, let directory, _), .link(let directory, let fid, _): (fid, directory)
    case .renameat(let oldDirectory, _, let newDirectory, _): (oldDirectory, newDirectory)
    case .walk(let fid, let newFid, _), .xattrwalk(let fid, let newFid, _): (fid, newFid)
    case .attach(let fid, let authentication, _, _, _): (fid, authentication)
    case .version, .flush: (.none, .none)
    }
  }
}
