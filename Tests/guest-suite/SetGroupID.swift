import Glibc
import GuestChecks

/// Directories that hand their group on.
func checkSetGroupID(_ suite: inout Suite) {
  // What ended the original: user 0 with the directory's group, 777, was more than it could switch to and back from.
  suite.check("root makes things in a set-group-ID directory of another group") { () throws(Failure) in
    try call("mkdir d", mkdir("d", 0o755))
    try call("chown d", chown("d", 0, 777))
    try call("chmod d", chmod("d", 0o2775))
    try expectMode("d", S_IFDIR | 0o2775)
    try save("f", in: "d/f")
    try call("mkdir d/e", mkdir("d/e", 0o755))
    try call("symlink", symlink("f", "d/l"))
    try call("mknod", mknod("d/p", S_IFIFO | 0o644, 0))
    for name in ["d/f", "d/e", "d/l", "d/p"] { try expectOwner(name, 0, 777) }
    try expectMode("d/f", S_IFREG | 0o644)
    try expectMode("d/e", S_IFDIR | 0o2755)
  }
  suite.check("and whoever makes something afterwards still owns it") { () throws(Failure) in
    try makePublicDirectory("after")
    for (user, group): (uid_t, gid_t) in [(0, 0), (1000, 1000), (0, 777), (2000, 0), (0, 0)] {
      let name = "after/\(user)-\(group)"
      try asUser(user, group) { () throws(Failure) in try save("", in: name) }
      try expectOwner(name, user, group)
    }
  }
  suite.check("a user's things in it get its group too") { () throws(Failure) in
    try call("mkdir", mkdir("shared", 0o755))
    try call("chown", chown("shared", 0, 888))
    try call("chmod", chmod("shared", 0o2777))
    try asUser(1000, 1000) { () throws(Failure) in
      try save("", in: "shared/file")
      try call("mkdir", mkdir("shared/directory", 0o755))
      try save("", in: "shared/directory/file")
    }
    for name in ["shared/file", "shared/directory", "shared/directory/file"] { try expectOwner(name, 1000, 888) }
    try expectMode("shared/directory", S_IFDIR | 0o2755)
  }
}
