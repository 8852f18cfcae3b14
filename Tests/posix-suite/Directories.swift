import Glibc
import GuestChecks

/// `mkdir`.
func checkMaking(_ suite: inout Suite) {
  suite.check("what is there already") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try save("", in: "file")
    try call("symlink", symlink("nowhere", "dangling"))
    try refused(EEXIST, "a directory", mkdir("directory", 0o755))
    try refused(EEXIST, "a file", mkdir("file", 0o755))
    try refused(EEXIST, "a dangling link", mkdir("dangling", 0o755))
    try refused(EEXIST, ".", mkdir(".", 0o755))
    try refused(EEXIST, "..", mkdir("directory/..", 0o755))
  }
  suite.check("in what is missing or a file") { () throws(Failure) in
    try refused(ENOENT, "in nothing", mkdir("nothing/inside", 0o755))
    try refused(ENOTDIR, "in a file", mkdir("file/inside", 0o755))
    try refused(ENOENT, "an empty name", mkdir("", 0o755))
  }
  suite.check("a slash at the end") { () throws(Failure) in try call("mkdir", mkdir("slash/", 0o755)) }
  suite.check("a new directory is empty and has two links") { () throws(Failure) in
    try call("mkdir", mkdir("new", 0o755))
    try expect("links", try status("new").st_nlink, is: 2)
    try expect("names", try listing(of: "new"), is: [])
  }
  suite.check("a new directory is its maker's") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1001) { () throws(Failure) in try call("mkdir", mkdir("public/own", 0o750)) }
    try expectOwner("public/own", 1000, 1001)
    try expectMode("public/own", S_IFDIR | 0o750)
  }
  suite.check("the sticky bit counts, set-user-ID doesn't") { () throws(Failure) in
    try call("mkdir", mkdir("sticky", 0o1755))
    try expectMode("sticky", S_IFDIR | 0o1755)
    try call("mkdir", mkdir("setuid", 0o4755))
    try expectMode("setuid", S_IFDIR | 0o755)
  }
  suite.check("in a set-group-ID directory the group and the bit are handed on") { () throws(Failure) in
    try call("mkdir", mkdir("group", 0o755))
    try call("chown", chown("group", 0, 555))
    try call("chmod", chmod("group", 0o2777))
    try asUser(1000, 1000) { () throws(Failure) in try call("mkdir", mkdir("group/inner", 0o755)) }
    try expectOwner("group/inner", 1000, 555)
    try expectMode("group/inner", S_IFDIR | 0o2755)
  }
  suite.check("in a directory of others") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in try refused(EACCES, "mkdir", mkdir("directory/new", 0o755)) }
  }
}

/// `rmdir`.
func checkRemoval(_ suite: inout Suite) {
  suite.check("a directory that holds something") { () throws(Failure) in
    try call("mkdir", mkdir("full", 0o755))
    try save("", in: "full/file")
    try call("mkdir", mkdir("full/inner", 0o755))
    try refused(ENOTEMPTY, "a file and a directory", rmdir("full"))
    try call("unlink", unlink("full/file"))
    try refused(ENOTEMPTY, "a directory", rmdir("full"))
    try call("rmdir", rmdir("full/inner"))
    try call("rmdir", rmdir("full"))
  }
  suite.check(". and ..") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try refused(EINVAL, ".", rmdir("directory/."))
    try refused(EINVAL, ". itself", rmdir("."))
    try refused(ENOTEMPTY, "..", rmdir("directory/.."))
  }
  suite.check("what is missing or no directory") { () throws(Failure) in
    try save("", in: "file")
    try refused(ENOENT, "nothing", rmdir("nothing"))
    try refused(ENOTDIR, "a file", rmdir("file"))
    try refused(ENOTDIR, "in a file", rmdir("file/inside"))
    try refused(ENOENT, "an empty name", rmdir(""))
  }
  suite.check("a symbolic link to a directory") { () throws(Failure) in
    try call("symlink", symlink("directory", "link"))
    try refused(ENOTDIR, "rmdir", rmdir("link"))
    try refused(ENOTDIR, "with a slash", rmdir("link/"))
  }
  suite.check("the directory one is in") { () throws(Failure) in
    try call("mkdir", mkdir("inside", 0o755))
    try inChild { () throws(Failure) in
      try call("chdir", chdir("inside"))
      try call("rmdir", rmdir("../inside"))
      try expect("names", try listing(of: "."), is: [])
      try refused(ENOENT, "creating there", open("file", O_WRONLY | O_CREAT, 0o644))
      try refused(ENOENT, "mkdir there", mkdir("directory", 0o755))
    }
  }
  suite.check("an open directory has no links once removed") { () throws(Failure) in
    try call("mkdir", mkdir("open", 0o755))
    try withFile("open", O_RDONLY | O_DIRECTORY) { directory throws(Failure) in
      try call("rmdir", rmdir("open"))
      try expect("links", try status(of: directory).st_nlink, is: 0)
    }
  }
  suite.check("of others") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in try refused(EACCES, "rmdir", rmdir("directory")) }
  }
  suite.check("takes a link from the directory above") { () throws(Failure) in
    try call("mkdir", mkdir("above", 0o755))
    try call("mkdir", mkdir("above/below", 0o755))
    try expect("with it", try status("above").st_nlink, is: 3)
    try call("rmdir", rmdir("above/below"))
    try expect("without", try status("above").st_nlink, is: 2)
  }
}
