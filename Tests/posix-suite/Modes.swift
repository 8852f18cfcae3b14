import Glibc
import GuestChecks

/// `chmod` and `fchmod`, and who may set which bits.
func checkModes(_ suite: inout Suite) {
  suite.check("every bit of a file") { () throws(Failure) in
    try save("", in: "file")
    for bit in 0..<12 {
      try call("chmod", chmod("file", 1 << bit))
      try expectMode("file", S_IFREG | 1 << bit)
    }
    try call("chmod", chmod("file", 0o7777))
    try expectMode("file", S_IFREG | 0o7777)
  }
  suite.check("every bit of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    for bit in 0..<12 {
      try call("chmod", chmod("directory", 1 << bit))
      try expectMode("directory", S_IFDIR | 1 << bit)
    }
    try call("chmod", chmod("directory", 0o755))
  }
  suite.check("bits that aren't permissions") { () throws(Failure) in
    try call("chmod", chmod("file", S_IFDIR | 0o644))
    try expectMode("file", S_IFREG | 0o644)
  }
  suite.check("of what is missing") { () throws(Failure) in
    try refused(ENOENT, "chmod", chmod("missing", 0o644))
    try refused(ENOTDIR, "in a file", chmod("file/inside", 0o644))
    try call("symlink", symlink("loop", "loop"))
    try refused(ELOOP, "a loop", chmod("loop", 0o644))
  }
  suite.check("through a symbolic link") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try call("chmod", chmod("link", 0o604))
    try expectMode("file", S_IFREG | 0o604)
    try expectMode("link", S_IFLNK | 0o777)
  }
  suite.check("fchmod of a file opened to read") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in try call("fchmod", fchmod(file, 0o640)) }
    try expectMode("file", S_IFREG | 0o640)
  }
  suite.check("of a FIFO") { () throws(Failure) in
    try call("mkfifo", mkfifo("fifo", 0o644))
    try call("chmod", chmod("fifo", 0o600))
    try expectMode("fifo", S_IFIFO | 0o600)
  }
  suite.check("by who doesn't own it") { () throws(Failure) in
    try call("chmod", chmod("file", 0o666))
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EPERM, "chmod", chmod("file", 0o777))
      try withFile("file", O_RDWR) { file throws(Failure) in try refused(EPERM, "fchmod", fchmod(file, 0o777)) }
    }
  }
  suite.check("by the owner") { () throws(Failure) in
    try makeOwn("own", 1000, 1000)
    try asUser(1000, 1000) { () throws(Failure) in try call("chmod", chmod("own", 0o4711)) }
    try expectMode("own", S_IFREG | 0o4711)
  }
  suite.check("set-group-ID by a member of the group") { () throws(Failure) in
    try makeOwn("members", 1000, 555)
    try asUser(1000, 1000, others: [555]) { () throws(Failure) in try call("chmod", chmod("members", 0o2755)) }
    try expectMode("members", S_IFREG | 0o2755)
  }
  suite.check("set-group-ID by who isn't a member is left out") { () throws(Failure) in
    try makeOwn("strangers", 1000, 555)
    try asUser(1000, 1000) { () throws(Failure) in try call("chmod", chmod("strangers", 0o6755)) }
    try expectMode("strangers", S_IFREG | 0o4755)
  }
  suite.check("the sticky bit of a user's file") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in try call("chmod", chmod("own", 0o1644)) }
    try expectMode("own", S_IFREG | 0o1644)
  }
  suite.check("the owner without any permission sets them again") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in
      try call("chmod", chmod("own", 0))
      try refused(EACCES, "open", open("own", O_RDONLY))
      try call("chmod", chmod("own", 0o600))
      try withFile("own", O_RDONLY) { _ throws(Failure) in }
    }
  }
}

/// What the umask takes away.
func checkUmask(_ suite: inout Suite) {
  let makers: [(what: String, type: mode_t, make: @Sendable (String) -> CInt)] = [
    ("a file", S_IFREG, { name in open(name, O_WRONLY | O_CREAT | O_EXCL, 0o777) }),
    ("a directory", S_IFDIR, { name in mkdir(name, 0o777) }),
    ("a FIFO", S_IFIFO, { name in mkfifo(name, 0o777) }),
    ("a socket", S_IFSOCK, { name in mknod(name, S_IFSOCK | 0o777, 0) }),
  ]
  for (what, type, make) in makers {
    suite.check("counts for \(what)") { () throws(Failure) in
      for mask: mode_t in [0, 0o022, 0o077, 0o137, 0o777] {
        let old = umask(mask)
        let name = "\(what.split(separator: " ")[1])-\(octal(mask))"
        let result = make(name)
        umask(old)
        try call("make \(name)", result)
        if type == S_IFREG { close(result) }
        try expectMode(name, type | 0o777 & ~mask)
      }
    }
  }
  suite.check("doesn't count for a symbolic link") { () throws(Failure) in
    let old = umask(0o777)
    defer { umask(old) }
    try call("symlink", symlink("x", "link"))
    try expectMode("link", S_IFLNK | 0o777)
  }
  suite.check("doesn't count for chmod") { () throws(Failure) in
    let old = umask(0o777)
    defer { umask(old) }
    try call("chmod", chmod("file-0", 0o666))
    try expectMode("file-0", S_IFREG | 0o666)
  }
}

/// Makes a file of this owner.
func makeOwn(_ path: String, _ user: uid_t, _ group: gid_t, mode: mode_t = 0o644) throws(Failure) {
  try save("", in: path)
  try call("chown \(path)", chown(path, user, group))
  try call("chmod \(path)", chmod(path, mode))
}
