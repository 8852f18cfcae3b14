import Glibc
import GuestChecks

/// `truncate` and `ftruncate`.
func checkTruncation(_ suite: inout Suite) {
  suite.check("shorter, and the rest is gone for good") { () throws(Failure) in
    try save("0123456789", in: "file")
    try call("truncate", truncate("file", 4))
    try call("truncate", truncate("file", 8))
    try expect("contents", try bytes(of: "file"), is: Array("0123".utf8) + [0, 0, 0, 0])
  }
  suite.check("longer, filled with zeros") { () throws(Failure) in
    try call("truncate", truncate("file", 100_000))
    let seen = try bytes(of: "file")
    try expect("count", seen.count, is: 100_000)
    try expect("zeros", seen[4...].allSatisfy { $0 == 0 })
  }
  suite.check("ftruncate leaves the offset") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lseek", lseek(file, 50, SEEK_SET))
      try call("ftruncate", ftruncate(file, 10))
      try expect("offset", lseek(file, 0, SEEK_CUR), is: 50)
      try expect("size", try status(of: file).st_size, is: 10)
    }
  }
  suite.check("a negative size") { () throws(Failure) in
    try refused(EINVAL, "truncate", truncate("file", -1))
    try withFile("file", O_RDWR) { file throws(Failure) in try refused(EINVAL, "ftruncate", ftruncate(file, -1)) }
  }
  suite.check("the largest size") { () throws(Failure) in
    // tmpfs can.
    let result = truncate("file", .max)
    try expect("errno", result == 0 || errno == EFBIG || errno == EINVAL)
    try call("truncate", truncate("file", 10))
  }
  suite.check("a file opened to read") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      let result = ftruncate(file, 1)
      try expect("errno", result == -1 && (errno == EINVAL || errno == EBADF))
    }
  }
  suite.check("what is no file") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try refused(EISDIR, "a directory", truncate("directory", 0))
    try refused(ENOENT, "nothing", truncate("nothing", 0))
    try refused(ENOTDIR, "in a file", truncate("file/inside", 0))
    try call("mkfifo", mkfifo("fifo", 0o644))
    try refused(EINVAL, "a FIFO", truncate("fifo", 0))
  }
  suite.check("by a user who may not write") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in try refused(EACCES, "truncate", truncate("file", 0)) }
  }
  suite.check("through a symbolic link") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try call("truncate", truncate("link", 3))
    try expect("size", try status("file").st_size, is: 3)
  }
  suite.check("ftruncate of a file that its mode doesn't let write") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1000) { () throws(Failure) in
      try withFile("public/file", O_RDWR | O_CREAT, 0o400) { file throws(Failure) in
        try call("ftruncate", ftruncate(file, 5))
        try expect("size", try status(of: file).st_size, is: 5)
      }
    }
  }
  suite.check("by others takes the set-id bits away") { () throws(Failure) in
    try save("abc", in: "setid")
    try call("chmod", chmod("setid", 0o6777))
    try asUser(1000, 1000) { () throws(Failure) in try call("truncate", truncate("setid", 1)) }
    try expectMode("setid", S_IFREG | 0o777)
  }
  suite.check("beyond the process's limit") { () throws(Failure) in
    try inChild { () throws(Failure) in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100, rlim_max: 100)
      try call("setrlimit", setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit))
      try refused(EFBIG, "truncate", truncate("file", 101))
    }
  }
}
