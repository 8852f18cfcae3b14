import CLinux
import Glibc
import GuestChecks

/// FIFOs.
func checkFIFOs(_ suite: inout Suite) {
  suite.check("mkfifo of what is there or where nothing is") { () throws(Failure) in
    try call("mkfifo", mkfifo("fifo", 0o644))
    try refused(EEXIST, "again", mkfifo("fifo", 0o644))
    try refused(ENOENT, "in nothing", mkfifo("nothing/fifo", 0o644))
    try refused(ENOTDIR, "in a FIFO", mkfifo("fifo/fifo", 0o644))
  }
  suite.check("is its maker's") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1001) { () throws(Failure) in try call("mkfifo", mkfifo("public/fifo", 0o600)) }
    try expectOwner("public/fifo", 1000, 1001)
    try expectMode("public/fifo", S_IFIFO | 0o600)
  }
  suite.check("O_WRONLY and O_NONBLOCK without a reader") { () throws(Failure) in
    try refused(ENXIO, "open", open("fifo", O_WRONLY | O_NONBLOCK))
  }
  suite.check("O_RDONLY and O_NONBLOCK without a writer reads its end") { () throws(Failure) in
    try withFile("fifo", O_RDONLY | O_NONBLOCK) { fifo throws(Failure) in
      var byte: UInt8 = 0
      try expect("count", read(fifo, &byte, 1), is: 0)
    }
  }
  suite.check("joins two processes") { () throws(Failure) in
    let writer = try startChild { () throws(Failure) in
      try withFile("fifo", O_WRONLY) { fifo throws(Failure) in try write([1, 2, 3], to: fifo) }
    }
    try expect("bytes", try bytes(of: "fifo"), is: [1, 2, 3])
    try wait(for: writer)
  }
  suite.check("isn't sought in") { () throws(Failure) in
    try withFile("fifo", O_RDWR) { fifo throws(Failure) in try refused(ESPIPE, "lseek", lseek(fifo, 0, SEEK_SET)) }
  }
  suite.check("without a permission isn't opened") { () throws(Failure) in
    try asUser(1001, 1002) { () throws(Failure) in
      try refused(EACCES, "open", open("public/fifo", O_RDONLY | O_NONBLOCK))
    }
  }
  suite.check("has its size and links") { () throws(Failure) in
    let seen = try status("fifo")
    try expect("size", seen.st_size, is: 0)
    try expect("links", seen.st_nlink, is: 1)
  }
}

/// Devices, and `mknod` of the rest.
func checkNodes(_ suite: inout Suite) {
  let kinds: [(name: String, type: mode_t, device: dev_t)] = [
    ("regular", S_IFREG, 0), ("fifo", S_IFIFO, 0), ("socket", S_IFSOCK, 0), ("character", S_IFCHR, device(1, 3)),
    ("block", S_IFBLK, device(7, 200)), ("large", S_IFCHR, device(300, 70_000)),
  ]
  for kind in kinds {
    suite.check("makes \(kind.name)") { () throws(Failure) in
      try call("mknod", mknod(kind.name, kind.type | 0o640, kind.device))
      try expectMode(kind.name, kind.type | 0o640)
      try expect("device", try status(kind.name).st_rdev, is: kind.device)
    }
  }
  suite.check("no directory, and nothing of no kind") { () throws(Failure) in
    try refused(EPERM, "a directory", mknod("directory", S_IFDIR | 0o755, 0))
    try refused(EINVAL, "of no kind", mknod("kind", 0o170000 | 0o644, 0))
  }
  suite.check("over what is there") { () throws(Failure) in
    try refused(EEXIST, "mknod", mknod("character", S_IFCHR | 0o644, device(1, 3)))
  }
  suite.check("no device by a user") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EPERM, "a character device", mknod("public/c", S_IFCHR | 0o644, device(1, 3)))
      try refused(EPERM, "a block device", mknod("public/b", S_IFBLK | 0o644, device(7, 0)))
      try call("a regular file", mknod("public/r", S_IFREG | 0o644, 0))
      try call("a socket", mknod("public/s", S_IFSOCK | 0o644, 0))
    }
    try expectOwner("public/r", 1000, 1000)
  }
  suite.check("a device is renamed, linked, changed and removed") { () throws(Failure) in
    try call("rename", rename("character", "renamed"))
    try call("link", link("renamed", "linked"))
    try call("chmod", chmod("linked", 0o600))
    try call("chown", chown("linked", 5, 6))
    try expectOwner("renamed", 5, 6)
    try call("unlink", unlink("renamed"))
    try expect("links", try status("linked").st_nlink, is: 1)
  }
}

/// Sockets with a name.
func checkSockets(_ suite: inout Suite) {
  suite.check("bind makes a socket, with the umask") { () throws(Failure) in
    try withSocket { socket throws(Failure) in
      try call("bind", withAddress("socket", { bind(socket, $0, $1) }))
      try expectMode("socket", S_IFSOCK | 0o755)
    }
  }
  suite.check("bind to what is there") { () throws(Failure) in
    try withSocket { socket throws(Failure) in
      try refused(EADDRINUSE, "bind", withAddress("socket", { bind(socket, $0, $1) }))
    }
  }
  suite.check("connect, and bytes go through") { () throws(Failure) in
    try withSocket { server throws(Failure) in
      try call("bind", withAddress("listener", { bind(server, $0, $1) }))
      try call("listen", listen(server, 1))
      try withSocket { client throws(Failure) in
        try call("connect", withAddress("listener", { connect(client, $0, $1) }))
        let accepted = try call("accept", accept(server, nil, nil))
        defer { close(accepted) }
        try write([5], to: client)
        var byte: UInt8 = 0
        try expect("count", read(accepted, &byte, 1), is: 1)
        try expect("byte", byte, is: 5)
      }
    }
  }
  suite.check("connect to a socket that nobody listens at, and to none") { () throws(Failure) in
    try save("", in: "file")
    try withSocket { client throws(Failure) in
      try refused(ECONNREFUSED, "nobody", withAddress("listener", { connect(client, $0, $1) }))
      try refused(ECONNREFUSED, "a file", withAddress("file", { connect(client, $0, $1) }))
      try refused(ENOENT, "nothing", withAddress("nothing", { connect(client, $0, $1) }))
    }
  }
  suite.check("open of a socket") { () throws(Failure) in
    try refused(ENXIO, "open", open("socket", O_RDWR))
  }
  suite.check("connect needs the permission to write") { () throws(Failure) in
    try withSocket { server throws(Failure) in
      try call("bind", withAddress("private", { bind(server, $0, $1) }))
      try call("chmod", chmod("private", 0o755))
      try call("listen", listen(server, 1))
      try asUser(1000, 1000) { () throws(Failure) in
        try withSocket { client throws(Failure) in
          try refused(EACCES, "connect", withAddress("private", { connect(client, $0, $1) }))
        }
      }
    }
  }
}

private func withSocket(_ body: (CInt) throws(Failure) -> Void) throws(Failure) {
  let socket = try call("socket", socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
  defer { close(socket) }
  try body(socket)
}
