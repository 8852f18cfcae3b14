import CLinux
import Glibc
import GuestChecks

/// Leaves one of everything for the host to look at.
func leaveFiles(_ suite: inout Suite) {
  suite.check("files") { () throws(Failure) in
    try save("left by the guest\n", in: "file")
    try call("link", link("file", "hard"))
    try save("", in: "owned", mode: 0o640)
    try call("chown", chown("owned", 1234, 4321))
    try save("", in: "setuid")
    try call("chmod", chmod("setuid", 0o4755))
    try withFile("big", O_WRONLY | O_CREAT | O_EXCL, 0o600) { file throws(Failure) in
      try write(pattern(3_000_001, seed: 42), to: file)
    }
    try save("", in: "gone")
    try call("unlink", unlink("gone"))
    try save("", in: String(repeating: "n", count: 255))
    close(try call("create", open([CChar(bitPattern: 0xff), 10, 32, 0], O_WRONLY | O_CREAT, 0o644)))
  }
  suite.check("directories") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o751))
    try makePublicDirectory("sticky", mode: 0o1777)
    try asUser(1000, 100) { () throws(Failure) in
      try save("by 1000", in: "sticky/user", mode: 0o640)
      try call("mkdir", mkdir("sticky/directory", 0o700))
      try call("symlink", symlink("user", "sticky/link"))
    }
    try call("mkdir", mkdir("group", 0o755))
    try call("chown", chown("group", 0, 777))
    try call("chmod", chmod("group", 0o2775))
    try save("", in: "group/file")
    try call("mkdir", mkdir("group/directory", 0o755))
  }
  suite.check("links and special files") { () throws(Failure) in
    try call("symlink", symlink("/etc/passwd", "link"))
    try call("mknod fifo", mknod("fifo", S_IFIFO | 0o644, 0))
    try call("mknod socket", mknod("socket", S_IFSOCK | 0o755, 0))
    try call("mknod character", mknod("character", S_IFCHR | 0o666, device(1, 3)))
    try call("mknod block", mknod("block", S_IFBLK | 0o660, device(259, 70_000)))
    try call("chmod", chmod("character", 0o666))
  }
  suite.check("times and attributes") { () throws(Failure) in
    try save("", in: "times")
    let times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_234_567_890, tv_nsec: 123_456_789)]
    try call("utimensat", utimensat(AT_FDCWD, "times", times, 0))
    try save("", in: "attributes")
    try call("setxattr", setxattr("attributes", "user.guest", [1, 0, 255] as [UInt8], 3, 0))
  }
}
