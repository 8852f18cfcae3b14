/// The requests of 9P2000.L, by their number on the wire. The number of the reply is one more.
public enum RequestType: UInt8, CaseIterable, Sendable {
  /// `Tstatfs`.
  case statfs = 8
  /// `Tlopen`.
  case lopen = 12
  /// `Tlcreate`.
  case lcreate = 14
  /// `Tsymlink`.
  case symlink = 16
  /// `Tmknod`.
  case mknod = 18
  /// `Trename`.
  case rename = 20
  /// `Treadlink`.
  case readlink = 22
  /// `Tgetattr`.
  case getattr = 24
  /// `Tsetattr`.
  case setattr = 26
  /// `Txattrwalk`.
  case xattrwalk = 30
  /// `Txattrcreate`.
  case xattrcreate = 32
  /// `Treaddir`.
  case readdir = 40
  /// `Tfsync`.
  case fsync = 50
  /// `Tlock`.
  case lock = 52
  /// `Tgetlock`.
  case getlock = 54
  /// `Tlink`.
  case link = 70
  /// `Tmkdir`.
  case mkdir = 72
  /// `Trenameat`.
  case renameat = 74
  /// `Tunlinkat`.
  case unlinkat = 76
  /// `Tversion`.
  case version = 100
  /// `Tauth`. Linux never sends it.
  case auth = 102
  /// `Tattach`.
  case attach = 104
  /// `Tflush`.
  case flush = 108
  /// `Twalk`.
  case walk = 110
  /// `Tread`.
  case read = 116
  /// `Twrite`.
  case write = 118
  /// `Tclunk`.
  case clunk = 120
  /// `Tremove`.
  case remove = 122

  /// The number of the reply that answers it, where that isn't ``errorReply``.
  public var reply: UInt8 { rawValue | 1 }

  /// The number of `Rlerror`, the failure of any request.
  public static let errorReply: UInt8 = 7

  /// The shape of the reply where the request succeeds.
  public var replyForm: ReplyForm {
    switch self {
    case .rename, .setattr, .xattrcreate, .fsync, .link, .renameat, .unlinkat, .flush, .clunk,
      .remove:
      .empty
    case .symlink, .mknod, .mkdir, .auth, .attach: .qid
    case .lopen, .lcreate: .opened
    case .walk: .qids
    case .read, .readdir: .data
    case .write: .count
    case .readlink: .target
    case .getattr: .attributes
    case .statfs: .fileSystemStatus
    case .xattrwalk: .size
    case .lock: .lockStatus
    case .getlock: .lock
    case .version: .version
    }
  }
}

/// The shapes of a reply's body.
public enum ReplyForm: Sendable {
  /// Nothing.
  case empty
  /// `qid[13]`.
  case qid
  /// `qid[13] iounit[4]`.
  case opened
  /// `nwqid[2]`, so many `qid[13]`.
  case qids
  /// `count[4] data[count]`.
  case data
  /// `count[4]`.
  case count
  /// `target[s]`.
  case target
  /// ``FileAttributes``.
  case attributes
  /// ``FileSystemStatus``.
  case fileSystemStatus
  /// `size[8]`.
  case size
  /// `status[1]`.
  case lockStatus
  /// ``Lock``.
  case lock
  /// `msize[4] version[s]`.
  case version
}
