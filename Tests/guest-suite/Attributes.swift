import Glibc
import GuestChecks

/// Modes and owners.
func checkAttributes(_ suite: inout Suite) {
  suite.check("chmod of every bit") { () throws(Failure) in
    try save("", in: "file")
    for mode: mode_t in [0o000, 0o001, 0o070, 0o400, 0o644, 0o755, 0o777, 0o1000, 0o2010, 0o4755, 0o6711, 0o7777] {
      try call("chmod", chmod("file", mode))
      try expectMode("file", S_IFREG | mode)
    }
    try call("mkdir", mkdir("directory", 0o755))
    for mode: mode_t in [0o000, 0o700, 0o1777, 0o2755, 0o7777] {
      try call("chmod", chmod("directory", mode))
      try expectMode("directory", S_IFDIR | mode)
    }
  }
  suite.check("fchmod and fchown of an open file") { () throws(Failure) in
    try withFile("open", O_RDWR | O_CREAT) { file throws(Failure) in
      try call("fchmod", fchmod(file, 0o640))
      try call("fchown", fchown(file, 12, 34))
    }
    try expectMode("open", S_IFREG | 0o640)
    try expectOwner("open", 12, 34)
  }
  suite.check("the umask counts, and only it") { () throws(Failure) in
    let old = umask(0o027)
    defer { umask(old) }
    try save("", in: "masked", mode: 0o666)
    try call("mkdir", mkdir("masked.d", 0o777))
    umask(0)
    try save("", in: "unmasked", mode: 0o666)
    try save("", in: "special", mode: 0o4751)
    try call("mkdir", mkdir("unmasked.d", 0o1777))
    try expectMode("masked", S_IFREG | 0o640)
    try expectMode("masked.d", S_IFDIR | 0o750)
    try expectMode("unmasked", S_IFREG | 0o666)
    try expectMode("special", S_IFREG | 0o4751)
    try expectMode("unmasked.d", S_IFDIR | 0o1777)
  }
  suite.check("chown of both, of one, of none") { () throws(Failure) in
    try save("", in: "owned")
    try call("both", chown("owned", 1000, 100))
    try expectOwner("owned", 1000, 100)
    try call("the user", chown("owned", 2000, gid_t.max))
    try expectOwner("owned", 2000, 100)
    try call("the group", chown("owned", uid_t.max, 200))
    try expectOwner("owned", 2000, 200)
    try call("none", chown("owned", uid_t.max, gid_t.max))
    try expectOwner("owned", 2000, 200)
  }
  suite.check("chown of a symbolic link, not of its target") { () throws(Failure) in
    try save("", in: "target")
    try call("symlink", symlink("target", "link"))
    try call("lchown", lchown("link", 11, 22))
    try expectOwner("link", 11, 22)
    try expectOwner("target", 0, 0)
    try call("chown through it", chown("link", 33, 44))
    try expectOwner("target", 33, 44)
    try expectOwner("link", 11, 22)
  }
  suite.check("chown drops set-user-ID") { () throws(Failure) in
    try save("", in: "setuid")
    try call("chmod", chmod("setuid", 0o4755))
    try call("chown", chown("setuid", 5, 5))
    try expectMode("setuid", S_IFREG | 0o755)
  }
  suite.check("what is missing") { () throws(Failure) in
    try refused(ENOENT, "chmod", chmod("missing", 0o644))
    try refused(ENOENT, "chown", chown("missing", 1, 1))
  }
}

/// Times set by hand and by the clock.
func checkTimes(_ suite: inout Suite) {
  // The guest's 9p client cuts times to whole seconds, and QEMU asks the host for the access time with the
  // modification time's nanoseconds, a slip of its driver: so nanoseconds are never looked at here, and a time that is
  // left alone is always the modification's.
  suite.check("both times set") { () throws(Failure) in
    try save("", in: "file")
    for (access, modification) in [(1_000_000_000, 1_234_567_890), (0, 1), (5_000_000_000, 6_000_000_000)] {
      try setTimes("file", (access, 111_222_333), (modification, 123_456_789))
      let seen = try status("file")
      try expect("access", seen.st_atim.tv_sec, is: access)
      try expect("modification", seen.st_mtim.tv_sec, is: modification)
    }
  }
  suite.check("both times now") { () throws(Failure) in
    try setTimes("file", (1, 0), (1, 0))
    let before = time(nil)
    try setTimes("file", (0, now), (0, now))
    let seen = try status("file")
    // The host's clock says what now is, and the guest's began with it.
    try expect("access \(seen.st_atim.tv_sec), clock \(before)", abs(seen.st_atim.tv_sec - before) < 60)
    try expect("modification \(seen.st_mtim.tv_sec), clock \(before)", abs(seen.st_mtim.tv_sec - before) < 60)
  }
  suite.check("the modification alone, and left alone") { () throws(Failure) in
    try setTimes("file", (0, omit), (1_111_111_111, 5))
    try expect("modification", try status("file").st_mtim.tv_sec, is: 1_111_111_111)
    try setTimes("file", (2_000, 0), (0, omit))
    try expect("modification", try status("file").st_mtim.tv_sec, is: 1_111_111_111)
  }
  suite.check("of a directory and of a symbolic link") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try setTimes("directory", (10, 0), (20, 30))
    try expect("directory", try status("directory").st_mtim.tv_sec, is: 20)
    try call("symlink", symlink("file", "link"))
    let target = try status("file").st_mtim.tv_sec
    try setTimes("link", (30, 0), (40, 50))
    try expect("link", try status("link").st_mtim.tv_sec, is: 40)
    try expect("its target", try status("file").st_mtim.tv_sec, is: target)
  }
  suite.check("writing moves the modification") { () throws(Failure) in
    try setTimes("file", (1, 0), (1, 0))
    try withFile("file", O_WRONLY) { file throws(Failure) in try write([1], to: file) }
    let seen = try status("file").st_mtim.tv_sec
    try expect("modification \(seen)", seen > 1_000_000)
  }
}

/// What only a host that maps no ids has.
func checkLargestIds(_ suite: inout Suite) {
  suite.check("chown to the largest ids") { () throws(Failure) in
    try save("", in: "owned")
    try call("chown", chown("owned", 4_294_967_294, 3_000_000_000))
    try expectOwner("owned", 4_294_967_294, 3_000_000_000)
  }
}
