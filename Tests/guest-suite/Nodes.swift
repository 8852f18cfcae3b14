import Glibc
import GuestChecks

/// Special files. The guest's kernel opens them itself, so that they lead to the guest's devices and processes.
func checkNodes(_ suite: inout Suite) {
  suite.check("mknod of each kind") { () throws(Failure) in
    let kinds: [(name: String, type: mode_t, device: dev_t)] = [
      ("regular", S_IFREG, 0),
      ("fifo", S_IFIFO, 0),
      ("socket", S_IFSOCK, 0),
      ("character", S_IFCHR, device(1, 3)),
      ("block", S_IFBLK, device(8, 17)),
      ("large-numbers", S_IFCHR, device(300, 70_000)),
    ]
    for kind in kinds {
      try call("mknod \(kind.name)", mknod(kind.name, kind.type | 0o640, kind.device))
      let seen = try status(kind.name)
      try expect("mode of \(kind.name)", octal(seen.st_mode), is: octal(kind.type | 0o640))
      try expect("device number of \(kind.name)", seen.st_rdev, is: kind.device)
      try expectOwner(kind.name, 0, 0)
    }
    try refused(EEXIST, "over what is there", mknod("fifo", S_IFIFO | 0o644, 0))
  }
  suite.check("and they can be renamed, linked, changed and removed") { () throws(Failure) in
    for name in ["fifo", "socket", "character", "block"] {
      try call("chmod \(name)", chmod(name, 0o600))
      try call("chown \(name)", chown(name, 7, 8))
      try call("link \(name)", link(name, "\(name)-link"))
      try call("rename \(name)", rename("\(name)-link", "\(name)-moved"))
      try expectOwner("\(name)-moved", 7, 8)
      try call("unlink \(name)", unlink(name))
    }
  }
  suite.check("a FIFO joins two processes of the guest") { () throws(Failure) in
    try call("mkfifo", mkfifo("pipe", 0o600))
    let writer = try startChild { () throws(Failure) in
      try withFile("pipe", O_WRONLY) { pipe throws(Failure) in try write(Array("through".utf8), to: pipe) }
    }
    try expect("what came through", try text(of: "pipe"), is: "through")
    try wait(for: writer)
  }
  suite.check("a device leads to the guest's device") { () throws(Failure) in
    try call("mknod", mknod("zero", S_IFCHR | 0o600, device(1, 5)))
    try withFile("zero", O_RDONLY) { file throws(Failure) in
      var seen = [UInt8](repeating: 1, count: 16)
      try expect("count", try call("read", read(file, &seen, 16)), is: 16)
      try expect("bytes", seen, is: [UInt8](repeating: 0, count: 16))
    }
  }
  suite.check("a socket is bound and connected to") { () throws(Failure) in
    let server = try call("socket", socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    let client = try call("socket", socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    defer {
      close(server)
      close(client)
    }
    try call("bind", withAddress("listener", { bind(server, $0, $1) }))
    try expect("type", try status("listener").st_mode & S_IFMT, is: S_IFSOCK)
    try call("listen", listen(server, 1))
    try call("connect", withAddress("listener", { connect(client, $0, $1) }))
  }
}
