import CLinux
import Glibc
import GuestChecks

/// `access`, and that `open` decides alike.
func checkAccess(_ suite: inout Suite) {
  let users: [(what: String, user: uid_t, group: gid_t, others: [gid_t], shift: mode_t)] = [
    ("the owner", 1000, 99, [], 6),
    ("the group", 1001, 1000, [], 3),
    ("a supplementary group", 1001, 99, [1000], 3),
    ("others", 1001, 99, [], 0),
  ]
  for (what, user, group, others, shift) in users {
    suite.check("every permission of \(what)") { () throws(Failure) in
      try makeOwn(what, 1000, 1000)
      for bits: mode_t in 0..<8 {
        // All the others may do the contrary: whose bits count is decided once.
        try call("chmod", chmod(what, (0o777 & ~(7 << shift)) * (bits == 0 ? 1 : 0) | bits << shift))
        try asUser(user, group, others: others) { () throws(Failure) in
          for (mode, bit): (CInt, mode_t) in [(R_OK, 4), (W_OK, 2), (X_OK, 1)] {
            try expect("access \(mode) of \(bits)", access(what, mode) == 0, is: bits & bit != 0)
          }
          try expectOpens(what, O_RDONLY, bits & 4 != 0)
          try expectOpens(what, O_WRONLY, bits & 2 != 0)
          try expectOpens(what, O_RDWR, bits & 6 == 6)
        }
      }
    }
  }
  suite.check("root reads and writes all, and executes what somebody may") { () throws(Failure) in
    try makeOwn("roots", 1000, 1000, mode: 0)
    try call("R_OK and W_OK", access("roots", R_OK | W_OK))
    try refused(EACCES, "X_OK", access("roots", X_OK))
    try call("chmod", chmod("roots", 0o001))
    try call("X_OK", access("roots", X_OK))
  }
  suite.check("root searches and writes every directory") { () throws(Failure) in
    try call("mkdir", mkdir("closed", 0))
    try call("access", access("closed", R_OK | W_OK | X_OK))
    try save("", in: "closed/file")
    try expect("names", try listing(of: "closed"), is: ["file"])
  }
  suite.check("what is missing") { () throws(Failure) in
    try refused(ENOENT, "F_OK", access("missing", F_OK))
    try refused(ENOTDIR, "in a file", access("roots/inside", F_OK))
    try refused(EINVAL, "of no kind", access("roots", 8))
  }
  suite.check("follows symbolic links") { () throws(Failure) in
    try call("symlink", symlink("nowhere", "dangling"))
    try refused(ENOENT, "F_OK", access("dangling", F_OK))
  }
  suite.check("a program without the permission isn't executed") { () throws(Failure) in
    try save("#!/bin/true\n", in: "program", mode: 0o644)
    let words: [UnsafeMutablePointer<CChar>?] = [nil]
    try inChild { () throws(Failure) in try refused(EACCES, "execv", execv("program", words)) }
  }
}

/// Directories that can be listed but not searched, and the other way.
func checkDirectoryPermissions(_ suite: inout Suite) {
  suite.check("searched but not listed") { () throws(Failure) in
    try makeDirectory("x", 0o711)
    try asUser(1001, 1001) { () throws(Failure) in
      try expect("contents", try text(of: "x/file"), is: "in it")
      try refused(EACCES, "listing", open("x", O_RDONLY | O_DIRECTORY))
    }
  }
  suite.check("listed but not searched") { () throws(Failure) in
    try makeDirectory("r", 0o744)
    try asUser(1001, 1001) { () throws(Failure) in
      try expect("names", try listing(of: "r"), is: ["file"])
      var seen = stat()
      try refused(EACCES, "stat", stat("r/file", &seen))
      try refused(EACCES, "open", open("r/file", O_RDONLY))
      try refused(EACCES, "chdir", chdir("r"))
    }
  }
  suite.check("written but not searched") { () throws(Failure) in
    try makeDirectory("w", 0o722)
    try asUser(1001, 1001) { () throws(Failure) in
      try refused(EACCES, "create", open("w/new", O_WRONLY | O_CREAT, 0o644))
      try refused(EACCES, "unlink", unlink("w/file"))
    }
  }
  suite.check("written and searched but not listed") { () throws(Failure) in
    try makeDirectory("wx", 0o733)
    try asUser(1001, 1001) { () throws(Failure) in
      try save("", in: "wx/new")
      try refused(EACCES, "listing", open("wx", O_RDONLY | O_DIRECTORY))
      try call("rename", rename("wx/new", "wx/newer"))
      try call("unlink", unlink("wx/newer"))
    }
  }
  suite.check("not searched: every call says so") { () throws(Failure) in
    try makeDirectory("none", 0o700)
    try asUser(1001, 1001) { () throws(Failure) in
      var (seen, byte) = (stat(), CChar(0))
      try refused(EACCES, "stat", stat("none/file", &seen))
      try refused(EACCES, "stat of what is missing", stat("none/missing", &seen))
      try refused(EACCES, "open", open("none/file", O_RDONLY))
      try refused(EACCES, "mkdir", mkdir("none/new", 0o755))
      try refused(EACCES, "rmdir", rmdir("none/file"))
      try refused(EACCES, "unlink", unlink("none/file"))
      try refused(EACCES, "link", link("none/file", "link"))
      try refused(EACCES, "symlink", symlink("x", "none/link"))
      try refused(EACCES, "readlink", readlink("none/file", &byte, 1))
      try refused(EACCES, "rename", rename("none/file", "none/new"))
      try refused(EACCES, "chmod", chmod("none/file", 0o666))
      try refused(EACCES, "chown", chown("none/file", 1001, 1001))
      try refused(EACCES, "truncate", truncate("none/file", 0))
      try refused(EACCES, "mkfifo", mkfifo("none/fifo", 0o644))
      try refused(EACCES, "utimensat", utimensat(AT_FDCWD, "none/file", nil, 0))
      try refused(EACCES, "getxattr", getxattr("none/file", "user.a", nil, 0))
      try refused(EACCES, "access", access("none/file", F_OK))
    }
  }
  suite.check("a directory on the way up that isn't searched") { () throws(Failure) in
    try call("mkdir", mkdir("deep", 0o755))
    try call("mkdir", mkdir("deep/closed", 0o700))
    try makeDirectory("deep/closed/open", 0o777)
    try asUser(1001, 1001) { () throws(Failure) in
      try refused(EACCES, "open", open("deep/closed/open/file", O_RDONLY))
    }
  }
  suite.check("taken away while a process is in it") { () throws(Failure) in
    try makeDirectory("left", 0o755)
    try asUser(1001, 1001) { () throws(Failure) in
      try call("chdir", chdir("left"))
      try expect("contents", try text(of: "file"), is: "in it")
    }
    try call("chmod", chmod("left", 0o700))
    try asUser(1001, 1001) { () throws(Failure) in try refused(EACCES, "chdir", chdir("left")) }
  }
}

/// Who removes what from a sticky directory.
func checkStickyDirectories(_ suite: inout Suite) {
  suite.check("another's file is neither removed nor renamed nor replaced") { () throws(Failure) in
    try makePublicDirectory("tmp", mode: 0o1777)
    try makeOwn("tmp/file", 1000, 1000, mode: 0o666)
    try asUser(1001, 1001) { () throws(Failure) in
      try save("", in: "tmp/mine")
      try refused(EPERM, "unlink", unlink("tmp/file"))
      try refused(EPERM, "rename", rename("tmp/file", "tmp/other"))
      try refused(EPERM, "rename over it", rename("tmp/mine", "tmp/file"))
    }
  }
  suite.check("another's directory isn't removed") { () throws(Failure) in
    try call("mkdir", mkdir("tmp/directory", 0o777))
    try asUser(1001, 1001) { () throws(Failure) in try refused(EPERM, "rmdir", rmdir("tmp/directory")) }
  }
  suite.check("the file's owner may, and root may") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in
      try call("rename", rename("tmp/file", "tmp/renamed"))
      try call("unlink", unlink("tmp/renamed"))
    }
    try call("unlink", unlink("tmp/mine"))
  }
  suite.check("the directory's owner may") { () throws(Failure) in
    try makeOwn("tmp/again", 1000, 1000)
    try call("chown", chown("tmp", 1001, 1001))
    try asUser(1001, 1001) { () throws(Failure) in try call("unlink", unlink("tmp/again")) }
  }
  suite.check("without the bit, whoever writes the directory may") { () throws(Failure) in
    try makePublicDirectory("free")
    try makeOwn("free/file", 1000, 1000, mode: 0)
    try asUser(1001, 1001) { () throws(Failure) in try call("unlink", unlink("free/file")) }
  }
}

private func expectOpens(_ path: String, _ flags: CInt, _ wanted: Bool) throws(Failure) {
  let file = open(path, flags)
  let code = errno
  if file != -1 { close(file) }
  try expect("open with \(flags)", file != -1, is: wanted)
  if !wanted { try expect("its errno", message(code), is: message(EACCES)) }
}

/// Makes a directory of root's with a file in it.
private func makeDirectory(_ path: String, _ mode: mode_t) throws(Failure) {
  try call("mkdir", mkdir(path, 0o755))
  try save("in it", in: "\(path)/file")
  try call("chmod", chmod(path, mode))
}
