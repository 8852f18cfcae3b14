import CLinux
import Glibc
import GuestChecks

/// What `open` refuses, and what it lets in.
func checkOpen(_ suite: inout Suite) {
  suite.check("of what is missing") { () throws(Failure) in
    try refused(ENOENT, "a file", open("missing", O_RDONLY))
    try refused(ENOENT, "in a missing directory", open("missing/file", O_RDWR | O_CREAT, 0o644))
    try refused(ENOENT, "an empty name", open("", O_RDONLY))
  }
  suite.check("a file as a directory on the way") { () throws(Failure) in
    try save("", in: "file")
    try refused(ENOTDIR, "to read", open("file/inside", O_RDONLY))
    try refused(ENOTDIR, "to make", open("file/inside", O_RDWR | O_CREAT, 0o644))
    try refused(ENOTDIR, "with a slash at the end", open("file/", O_RDONLY))
  }
  suite.check("a directory to write") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try refused(EISDIR, "O_WRONLY", open("directory", O_WRONLY))
    try refused(EISDIR, "O_RDWR", open("directory", O_RDWR))
    try refused(EISDIR, "O_TRUNC", open("directory", O_RDWR | O_TRUNC))
  }
  suite.check("a directory with O_CREAT") { () throws(Failure) in
    try refused(EISDIR, "O_CREAT", open("directory", O_RDONLY | O_CREAT, 0o644))
  }
  suite.check("O_DIRECTORY of a file") { () throws(Failure) in
    try refused(ENOTDIR, "open", open("file", O_RDONLY | O_DIRECTORY))
  }
  suite.check("O_DIRECTORY of a directory, which reads no bytes") { () throws(Failure) in
    try withFile("directory", O_RDONLY | O_DIRECTORY) { directory throws(Failure) in
      var byte: UInt8 = 0
      try refused(EISDIR, "read", read(directory, &byte, 1))
    }
  }
  suite.check("O_NOFOLLOW of a symbolic link") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try refused(ELOOP, "to read", open("link", O_RDONLY | O_NOFOLLOW))
    try refused(ELOOP, "to write", open("link", O_WRONLY | O_NOFOLLOW))
  }
  suite.check("O_NOFOLLOW looks at the last name only") { () throws(Failure) in
    try save("", in: "directory/file")
    try call("symlink", symlink("directory", "alias"))
    try withFile("alias/file", O_RDONLY | O_NOFOLLOW) { _ throws(Failure) in }
  }
  suite.check("O_NOFOLLOW and O_DIRECTORY of a link to a directory") { () throws(Failure) in
    try refused(ENOTDIR, "open", open("alias", O_RDONLY | O_NOFOLLOW | O_DIRECTORY))
  }
  suite.check("a loop of symbolic links") { () throws(Failure) in
    try call("symlink", symlink("loop-b", "loop-a"))
    try call("symlink", symlink("loop-a", "loop-b"))
    try refused(ELOOP, "open", open("loop-a", O_RDONLY))
    try refused(ELOOP, "on the way", open("loop-a/file", O_RDONLY))
  }
  suite.check("forty links are followed, and one more isn't") { () throws(Failure) in
    try save("end", in: "chain-0")
    for number in 1...41 { try call("symlink", symlink("chain-\(number - 1)", "chain-\(number)")) }
    try expect("contents", try text(of: "chain-40"), is: "end")
    try refused(ELOOP, "forty-one", open("chain-41", O_RDONLY))
  }
  suite.check("of a dangling link") { () throws(Failure) in
    try call("symlink", symlink("nowhere", "dangling"))
    try refused(ENOENT, "open", open("dangling", O_RDONLY))
  }
  suite.check("reading what was opened to write, and the other way") { () throws(Failure) in
    var byte: UInt8 = 0
    try withFile("file", O_WRONLY) { file throws(Failure) in try refused(EBADF, "read", read(file, &byte, 1)) }
    try withFile("file", O_RDONLY) { file throws(Failure) in try refused(EBADF, "write", Glibc.write(file, &byte, 1)) }
  }
  suite.check("O_TRUNC empties a file") { () throws(Failure) in
    try save("contents", in: "full")
    try withFile("full", O_WRONLY | O_TRUNC) { file throws(Failure) in
      try expect("size", try status(of: file).st_size, is: 0)
    }
    try expect("size", try status("full").st_size, is: 0)
  }
  suite.check("O_TRUNC by a user who may only read") { () throws(Failure) in
    try save("contents", in: "readable")
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "O_TRUNC", open("readable", O_WRONLY | O_TRUNC))
    }
    try expect("contents", try text(of: "readable"), is: "contents")
  }
  suite.check("O_PATH tells a file's status and reads nothing") { () throws(Failure) in
    try withFile("full", cl_o_path) { file throws(Failure) in
      try expect("size", try status(of: file).st_size, is: 0)
      var byte: UInt8 = 0
      try refused(EBADF, "read", read(file, &byte, 1))
    }
  }
  suite.check("openat goes by its directory, also a renamed one") { () throws(Failure) in
    try call("mkdir", mkdir("before", 0o755))
    try withFile("before", O_RDONLY | O_DIRECTORY) { directory throws(Failure) in
      try call("rename", rename("before", "after"))
      close(try call("openat", openat(directory, "inside", O_WRONLY | O_CREAT, 0o644)))
    }
    try expect("names", try listing(of: "after"), is: ["inside"])
  }
  suite.check("openat goes by a file no further") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try refused(ENOTDIR, "openat", openat(file, "inside", O_RDONLY))
    }
  }
}

/// `open` with O_CREAT.
func checkCreation(_ suite: inout Suite) {
  suite.check("O_EXCL makes a file once") { () throws(Failure) in
    try withFile("once", O_WRONLY | O_CREAT | O_EXCL) { _ throws(Failure) in }
    try refused(EEXIST, "again", open("once", O_WRONLY | O_CREAT | O_EXCL, 0o644))
  }
  suite.check("O_EXCL follows no link") { () throws(Failure) in
    try call("symlink", symlink("nowhere", "dangling"))
    try refused(EEXIST, "a dangling one", open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0o644))
    try expect("the target appeared", isAbsent("nowhere"))
    try call("symlink", symlink("once", "link"))
    try refused(EEXIST, "one to a file", open("link", O_WRONLY | O_CREAT | O_EXCL, 0o644))
  }
  suite.check("O_EXCL of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try refused(EEXIST, "open", open("directory", O_WRONLY | O_CREAT | O_EXCL, 0o644))
  }
  suite.check("O_CREAT makes what a dangling link names") { () throws(Failure) in
    try save("made", in: "dangling")
    try expect("contents", try text(of: "nowhere"), is: "made")
  }
  suite.check("O_CREAT leaves contents, mode and owner of what is there") { () throws(Failure) in
    try save("kept", in: "kept", mode: 0o600)
    try call("chown", chown("kept", 1001, 1001))
    try withFile("kept", O_RDWR | O_CREAT, 0o777) { _ throws(Failure) in }
    try expectMode("kept", S_IFREG | 0o600)
    try expectOwner("kept", 1001, 1001)
    try expect("contents", try text(of: "kept"), is: "kept")
  }
  suite.check("a new file is empty and has one link") { () throws(Failure) in
    try withFile("new", O_RDWR | O_CREAT | O_EXCL) { file throws(Failure) in
      let seen = try status(of: file)
      try expect("size", seen.st_size, is: 0)
      try expect("links", seen.st_nlink, is: 1)
      try expect("blocks", seen.st_blocks, is: 0)
    }
  }
  suite.check("a new file is its maker's") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1001) { () throws(Failure) in try save("", in: "public/file") }
    try expectOwner("public/file", 1000, 1001)
  }
  suite.check("made with no permission, yet open as asked") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in
      try withFile("public/none", O_RDWR | O_CREAT | O_EXCL, 0) { file throws(Failure) in
        try write([1], to: file)
        try call("lseek", lseek(file, 0, SEEK_SET))
        try expect("bytes", try rest(of: file), is: [1])
      }
      try refused(EACCES, "again", open("public/none", O_RDONLY))
    }
  }
  suite.check("in a directory of others") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "open", open("directory/file", O_WRONLY | O_CREAT, 0o644))
    }
  }
  suite.check("set-user-ID and sticky bits at once") { () throws(Failure) in
    try withFile("bits", O_WRONLY | O_CREAT | O_EXCL, 0o5755) { _ throws(Failure) in }
    try expectMode("bits", S_IFREG | 0o5755)
  }
  suite.check("a set-group-ID bit of a group that isn't the maker's goes") { () throws(Failure) in
    try call("mkdir", mkdir("group", 0o755))
    try call("chown", chown("group", 0, 555))
    try call("chmod", chmod("group", 0o2777))
    try asUser(1000, 1000) { () throws(Failure) in
      try withFile("group/file", O_WRONLY | O_CREAT | O_EXCL, 0o2755) { _ throws(Failure) in }
    }
    try expectOwner("group/file", 1000, 555)
    try expectMode("group/file", S_IFREG | 0o755)
  }
  suite.check("with a slash at the end") { () throws(Failure) in
    try refused(EISDIR, "open", open("slash/", O_WRONLY | O_CREAT, 0o644))
    try expect("it appeared", isAbsent("slash"))
  }
}
