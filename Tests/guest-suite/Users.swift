import Glibc
import GuestChecks

/// Who makes something decides whose it is, and the guest's kernel decides who may.
func checkUsers(_ suite: inout Suite) {
  suite.check("what a user makes is the user's") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 100) { () throws(Failure) in
      try save("mine", in: "public/file", mode: 0o640)
      try call("mkdir", mkdir("public/directory", 0o750))
      try call("symlink", symlink("nowhere", "public/link"))
      try call("mkfifo", mkfifo("public/fifo", 0o600))
      try expect("contents", try text(of: "public/file"), is: "mine")
    }
    for name in ["file", "directory", "link", "fifo"] { try expectOwner("public/\(name)", 1000, 100) }
    try expectMode("public/file", S_IFREG | 0o640)
    try expectMode("public/directory", S_IFDIR | 0o750)
  }
  suite.check("users one after the other each get their own") { () throws(Failure) in
    try makePublicDirectory("many")
    for round in 0..<2 {
      for user: uid_t in [0, 1, 1000, 65_534, 100_000, 3_000_000_000] {
        let name = "many/\(user)-\(round)"
        try asUser(user, user) { () throws(Failure) in try save("\(user)", in: name) }
        try expectOwner(name, user, user)
      }
    }
  }
  suite.check("user 0 of another group, and group 0 of another user") { () throws(Failure) in
    try makePublicDirectory("mixed")
    for (user, group): (uid_t, gid_t) in [(0, 777), (777, 0), (0, 0), (0, 65_534), (1000, 1000)] {
      let name = "mixed/\(user)-\(group)"
      try asUser(user, group) { () throws(Failure) in
        try save("", in: name)
        try call("mkdir \(name).d", mkdir("\(name).d", 0o755))
      }
      try expectOwner(name, user, group)
      try expectOwner("\(name).d", user, group)
    }
  }
  suite.check("a file is created with no permission for its maker, and yet written") { () throws(Failure) in
    try makePublicDirectory("strict")
    try asUser(1000, 1000) { () throws(Failure) in
      try withFile("strict/none", O_RDWR | O_CREAT | O_EXCL, 0) { file throws(Failure) in
        try write([1, 2, 3], to: file)
      }
      try refused(EACCES, "opening it again", open("strict/none", O_RDONLY))
    }
    try expectMode("strict/none", S_IFREG)
    try expect("contents", try bytes(of: "strict/none"), is: [1, 2, 3])
  }
  suite.check("a supplementary group lets into a directory") { () throws(Failure) in
    try call("mkdir", mkdir("team", 0o700))
    try call("chown", chown("team", 0, 555))
    try call("chmod", chmod("team", 0o770))
    try asUser(1000, 1000, others: [555]) { () throws(Failure) in
      try save("", in: "team/file")
      try call("mkdir", mkdir("team/directory", 0o755))
      try call("chgrp", chown("team/file", uid_t.max, 555))
    }
    try expectOwner("team/file", 1000, 555)
    try expectOwner("team/directory", 1000, 1000)
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "without the group", open("team/other", O_WRONLY | O_CREAT, 0o644))
    }
  }
  suite.check("what a user may not do is refused") { () throws(Failure) in
    try save("secret", in: "secret", mode: 0o600)
    try call("mkdir", mkdir("closed", 0o700))
    try save("", in: "closed/file")
    try asUser(1000, 1000, others: [100]) { () throws(Failure) in
      try refused(EACCES, "reading a private file", open("secret", O_RDONLY))
      try refused(EACCES, "listing a private directory", open("closed", O_RDONLY | O_DIRECTORY))
      try refused(EACCES, "looking into it", access("closed/file", F_OK))
      try refused(EACCES, "creating in another's directory", open("new", O_WRONLY | O_CREAT, 0o644))
      try refused(EACCES, "mkdir in another's directory", mkdir("new", 0o755))
      try refused(EACCES, "unlink in another's directory", unlink("secret"))
      try refused(EPERM, "chmod of another's file", chmod("secret", 0o666))
      try refused(EPERM, "chown of another's file", chown("secret", 1000, 1000))
      try refused(EACCES, "truncate of another's file", truncate("secret", 0))
    }
    try expect("contents", try text(of: "secret"), is: "secret")
  }
  suite.check("a user may not give files away, nor make devices") { () throws(Failure) in
    try makePublicDirectory("own")
    try asUser(1000, 1000) { () throws(Failure) in
      try save("", in: "own/file")
      try refused(EPERM, "chown to another user", chown("own/file", 1001, gid_t.max))
      try refused(EPERM, "chgrp to a foreign group", chown("own/file", uid_t.max, 555))
      try refused(EPERM, "mknod of a device", mknod("own/device", S_IFCHR | 0o666, device(1, 3)))
    }
    try expectOwner("own/file", 1000, 1000)
  }
  suite.check("in a sticky directory only the owner removes") { () throws(Failure) in
    try makePublicDirectory("sticky", mode: 0o1777)
    try asUser(1000, 1000) { () throws(Failure) in try save("", in: "sticky/file", mode: 0o666) }
    try asUser(1001, 1001) { () throws(Failure) in
      try refused(EPERM, "unlink by another", unlink("sticky/file"))
      try refused(EPERM, "rename by another", rename("sticky/file", "sticky/taken"))
    }
    try asUser(1000, 1000) { () throws(Failure) in try call("unlink by the owner", unlink("sticky/file")) }
  }
}
