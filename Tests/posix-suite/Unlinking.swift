import CLinux
import Glibc
import GuestChecks

/// `unlink`, also of what is open.
func checkUnlinking(_ suite: inout Suite) {
  suite.check("what is missing, a directory, or in a file") { () throws(Failure) in
    try save("", in: "file")
    try call("mkdir", mkdir("directory", 0o755))
    try refused(ENOENT, "nothing", unlink("nothing"))
    try refused(EISDIR, "a directory", unlink("directory"))
    try refused(ENOTDIR, "in a file", unlink("file/inside"))
    try refused(ENOTDIR, "a file with a slash", unlink("file/"))
    try refused(ENOENT, "an empty name", unlink(""))
  }
  suite.check("a symbolic link, not its target") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try call("unlink", unlink("link"))
    try expect("the target", try status("file").st_nlink, is: 1)
  }
  suite.check("unlinkat with and without AT_REMOVEDIR") { () throws(Failure) in
    try refused(ENOTDIR, "a file as a directory", unlinkat(AT_FDCWD, "file", AT_REMOVEDIR))
    try refused(EISDIR, "a directory as a file", unlinkat(AT_FDCWD, "directory", 0))
    try call("unlinkat", unlinkat(AT_FDCWD, "directory", AT_REMOVEDIR))
  }
  suite.check("from a directory of others") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in try refused(EACCES, "unlink", unlink("file")) }
  }
  suite.check("another's file from one's own directory") { () throws(Failure) in
    try makePublicDirectory("public")
    try save("", in: "public/roots", mode: 0o600)
    try asUser(1000, 1000) { () throws(Failure) in try call("unlink", unlink("public/roots")) }
  }
  suite.check("an open file still reads, writes and grows") { () throws(Failure) in
    try withUnlinked("grows") { file throws(Failure) in
      try write(Array("more".utf8), to: file)
      try call("lseek", lseek(file, 0, SEEK_SET))
      try expect("bytes", String(decoding: try rest(of: file), as: UTF8.self), is: "more")
    }
  }
  suite.check("an open file has no links") { () throws(Failure) in
    try withUnlinked("links") { file throws(Failure) in
      try expect("links", try status(of: file).st_nlink, is: 0)
    }
  }
  suite.check("fstat of an open file tells its size") { () throws(Failure) in
    try withUnlinked("size") { file throws(Failure) in
      try write([1, 2, 3], to: file)
      try expect("size", try status(of: file).st_size, is: 3)
    }
  }
  suite.check("ftruncate of an open file") { () throws(Failure) in
    try withUnlinked("truncated") { file throws(Failure) in
      try call("ftruncate", ftruncate(file, 1000))
      try expect("size", try status(of: file).st_size, is: 1000)
    }
  }
  suite.check("fchmod and fchown of an open file") { () throws(Failure) in
    try withUnlinked("changed") { file throws(Failure) in
      try call("fchmod", fchmod(file, 0o640))
      try call("fchown", fchown(file, 1000, 1001))
      let seen = try status(of: file)
      try expect("mode", octal(seen.st_mode & 0o7777), is: "640")
      try expect("owner", [seen.st_uid, seen.st_gid], is: [1000, 1001])
    }
  }
  suite.check("futimens of an open file") { () throws(Failure) in
    try withUnlinked("timed") { file throws(Failure) in
      try call("futimens", futimens(file, [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 6, tv_nsec: 0)]))
      try expect("modification", try status(of: file).st_mtim.tv_sec, is: 6)
    }
  }
  suite.check("fsync of an open file") { () throws(Failure) in
    try withUnlinked("synced") { file throws(Failure) in
      try write([1], to: file)
      try call("fsync", fsync(file))
    }
  }
  suite.check("an extended attribute of an open file") { () throws(Failure) in
    try withUnlinked("attribute") { file throws(Failure) in
      try call("fsetxattr", fsetxattr(file, "user.a", "1", 1, 0))
      try expect("size", try call("fgetxattr", fgetxattr(file, "user.a", nil, 0)), is: 1)
    }
  }
  suite.check("a new file of that name is another") { () throws(Failure) in
    try withUnlinked("again") { file throws(Failure) in
      try write([1], to: file)
      try save("new", in: "again")
      try call("fchmod", fchmod(file, 0o600))
      try call("ftruncate", ftruncate(file, 0))
    }
    try expect("contents", try text(of: "again"), is: "new")
    try expectMode("again", S_IFREG | 0o644)
  }
  suite.check("a file that was replaced by rename has no links") { () throws(Failure) in
    try save("old", in: "target")
    try save("new", in: "source")
    try withFile("target", O_RDONLY) { file throws(Failure) in
      try call("rename", rename("source", "target"))
      try expect("links", try status(of: file).st_nlink, is: 0)
      try expect("contents", String(decoding: try rest(of: file), as: UTF8.self), is: "old")
    }
  }
}

/// A file that is open and has no name any more.
private func withUnlinked(_ name: String, _ body: (CInt) throws(Failure) -> Void) throws(Failure) {
  try withFile(name, O_RDWR | O_CREAT | O_EXCL) { file throws(Failure) in
    try call("unlink", unlink(name))
    try body(file)
  }
}
