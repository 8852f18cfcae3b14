import Glibc
import GuestChecks

/// `chown`, `lchown`, `fchown`.
func checkOwners(_ suite: inout Suite) {
  suite.check("user, group, both and none") { () throws(Failure) in
    try save("", in: "file")
    try call("both", chown("file", 1000, 1001))
    try expectOwner("file", 1000, 1001)
    try call("the user", chown("file", 1002, .max))
    try expectOwner("file", 1002, 1001)
    try call("the group", chown("file", .max, 1003))
    try expectOwner("file", 1002, 1003)
    try call("none", chown("file", .max, .max))
    try expectOwner("file", 1002, 1003)
  }
  suite.check("large ids") { () throws(Failure) in
    try call("chown", chown("file", 4_294_967_294, 3_000_000_000))
    try expectOwner("file", 4_294_967_294, 3_000_000_000)
  }
  suite.check("of what is missing") { () throws(Failure) in
    try refused(ENOENT, "chown", chown("missing", 1, 1))
    try refused(ENOENT, "lchown", lchown("missing", 1, 1))
    try refused(ENOTDIR, "in a file", chown("file/inside", 1, 1))
  }
  suite.check("follows a symbolic link, lchown doesn't") { () throws(Failure) in
    try save("", in: "target")
    try call("symlink", symlink("target", "link"))
    try call("lchown", lchown("link", 11, 12))
    try call("chown", chown("link", 21, 22))
    try expectOwner("link", 11, 12)
    try expectOwner("target", 21, 22)
  }
  suite.check("lchown of a dangling link") { () throws(Failure) in
    try call("symlink", symlink("nowhere", "dangling"))
    try call("lchown", lchown("dangling", 31, 32))
    try expectOwner("dangling", 31, 32)
    try refused(ENOENT, "chown", chown("dangling", 1, 1))
  }
  suite.check("fchown of a file opened to read") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in try call("fchown", fchown(file, 41, 42)) }
    try expectOwner("file", 41, 42)
  }
  suite.check("of directory, FIFO and device") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try call("mkfifo", mkfifo("fifo", 0o644))
    try call("mknod", mknod("device", S_IFCHR | 0o644, device(1, 3)))
    for name in ["directory", "fifo", "device"] {
      try call("chown \(name)", chown(name, 51, 52))
      try expectOwner(name, 51, 52)
    }
  }
  suite.check("by root takes the set-id bits of a program away") { () throws(Failure) in
    try makeOwn("program", 0, 0, mode: 0o6755)
    try call("chown", chown("program", 1000, 1000))
    try expectMode("program", S_IFREG | 0o755)
  }
  suite.check("to the same owner takes them away too") { () throws(Failure) in
    try makeOwn("same", 1000, 1000, mode: 0o6755)
    try call("chown", chown("same", 1000, 1000))
    try expectMode("same", S_IFREG | 0o755)
  }
  suite.check("leaves set-group-ID where the group may not execute") { () throws(Failure) in
    try makeOwn("marked", 0, 0, mode: 0o2644)
    try call("chown", chown("marked", 1000, 1000))
    try expectMode("marked", S_IFREG | 0o2644)
  }
  suite.check("leaves the bits of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("bits", 0o755))
    try call("chmod", chmod("bits", 0o7755))
    try call("chown", chown("bits", 1000, 1000))
    try expectMode("bits", S_IFDIR | 0o7755)
  }
  suite.check("by the owner to a group of the owner's") { () throws(Failure) in
    try makeOwn("own", 1000, 1000)
    try asUser(1000, 1000, others: [555]) { () throws(Failure) in
      try call("chown", chown("own", .max, 555))
      try expectOwner("own", 1000, 555)
      try call("with the same user", chown("own", 1000, 1000))
    }
    try expectOwner("own", 1000, 1000)
  }
  suite.check("by the owner to a group takes the set-id bits away") { () throws(Failure) in
    try call("chmod", chmod("own", 0o6755))
    try asUser(1000, 1000, others: [555]) { () throws(Failure) in try call("chown", chown("own", .max, 555)) }
    try expectMode("own", S_IFREG | 0o755)
  }
  suite.check("by the owner to a foreign group or user") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EPERM, "the group", chown("own", .max, 777))
      try refused(EPERM, "the user", chown("own", 1001, .max))
    }
  }
  suite.check("by others") { () throws(Failure) in
    try asUser(1001, 1001) { () throws(Failure) in
      try refused(EPERM, "taking it", chown("own", 1001, .max))
      try refused(EPERM, "its group", chown("own", .max, 1001))
      try withFile("own", O_RDONLY) { file throws(Failure) in try refused(EPERM, "fchown", fchown(file, 1001, .max)) }
    }
  }
}
