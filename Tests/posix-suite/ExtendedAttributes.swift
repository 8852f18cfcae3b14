import CLinux
import Glibc
import GuestChecks

/// Attributes of the `user` class.
func checkExtendedAttributes(_ suite: inout Suite) {
  suite.check("set, get, replace, remove") { () throws(Failure) in
    try save("", in: "file")
    for value in ["one", "longer than that"] {
      try call("setxattr", setxattr("file", "user.a", value, value.utf8.count, 0))
      try expect("value", try attribute("user.a", of: "file"), is: Array(value.utf8))
    }
    try call("removexattr", removexattr("file", "user.a"))
    try refused(ENODATA, "getxattr", getxattr("file", "user.a", nil, 0))
  }
  suite.check("an empty value") { () throws(Failure) in
    try call("setxattr", setxattr("file", "user.empty", "", 0, 0))
    try expect("size", try call("getxattr", getxattr("file", "user.empty", nil, 0)), is: 0)
  }
  suite.check("what is missing") { () throws(Failure) in
    try refused(ENODATA, "getxattr", getxattr("file", "user.missing", nil, 0))
    try refused(ENODATA, "removexattr", removexattr("file", "user.missing"))
    try refused(ENOENT, "of nothing", getxattr("nothing", "user.a", nil, 0))
  }
  suite.check("XATTR_CREATE and XATTR_REPLACE") { () throws(Failure) in
    try refused(ENODATA, "replace", setxattr("file", "user.flag", "1", 1, CInt(XATTR_REPLACE)))
    try call("create", setxattr("file", "user.flag", "2", 1, CInt(XATTR_CREATE)))
    try refused(EEXIST, "create again", setxattr("file", "user.flag", "3", 1, CInt(XATTR_CREATE)))
    try expect("value", try attribute("user.flag", of: "file"), is: Array("2".utf8))
  }
  suite.check("too little room") { () throws(Failure) in
    var small: [CChar] = [0, 0]
    try call("setxattr", setxattr("file", "user.five", "12345", 5, 0))
    try refused(ERANGE, "getxattr", getxattr("file", "user.five", &small, 2))
    try refused(ERANGE, "listxattr", listxattr("file", &small, 2))
  }
  suite.check("the names are listed") { () throws(Failure) in
    try save("", in: "listed")
    for name in ["user.b", "user.a"] { try call("setxattr", setxattr("listed", name, "1", 1, 0)) }
    var list = [CChar](repeating: 0, count: 100)
    let count = try call("listxattr", listxattr("listed", &list, 100))
    let names = list[..<count].split(separator: 0).map {
      String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    try expect("names", names.filter { $0.hasPrefix("user.") }.sorted(), is: ["user.a", "user.b"])
  }
  suite.check("names of 255 and 256 bytes") { () throws(Failure) in
    let longest = "user." + String(repeating: "n", count: 250)
    try call("setxattr", setxattr("file", longest, "1", 1, 0))
    try expect("value", try attribute(longest, of: "file"), is: Array("1".utf8))
    try refused(ERANGE, "one more", setxattr("file", longest + "n", "1", 1, 0))
  }
  suite.check("a class that doesn't exist") { () throws(Failure) in
    try refused(EOPNOTSUPP, "setxattr", setxattr("file", "nonsense.a", "1", 1, 0))
  }
  suite.check("of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try call("setxattr", setxattr("directory", "user.a", "d", 1, 0))
    try expect("value", try attribute("user.a", of: "directory"), is: Array("d".utf8))
  }
  suite.check("not of a symbolic link or a FIFO") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try call("mkfifo", mkfifo("fifo", 0o644))
    try refused(EPERM, "a link", lsetxattr("link", "user.a", "1", 1, 0))
    try refused(EPERM, "a FIFO", setxattr("fifo", "user.a", "1", 1, 0))
  }
  suite.check("by descriptor") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try call("fsetxattr", fsetxattr(file, "user.fd", "123", 3, 0))
      try expect("size", try call("fgetxattr", fgetxattr(file, "user.fd", nil, 0)), is: 3)
      try call("fremovexattr", fremovexattr(file, "user.fd"))
    }
  }
  suite.check("by users, as the file's mode says") { () throws(Failure) in
    try makeOwn("others", 0, 0, mode: 0o644)
    try call("setxattr", setxattr("others", "user.a", "1", 1, 0))
    try asUser(1000, 1000) { () throws(Failure) in
      try expect("value", try attribute("user.a", of: "others"), is: Array("1".utf8))
      try refused(EACCES, "set", setxattr("others", "user.a", "2", 1, 0))
      try refused(EACCES, "remove", removexattr("others", "user.a"))
    }
    try call("chmod", chmod("others", 0o600))
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "get", getxattr("others", "user.a", nil, 0))
    }
  }
  suite.check("of a sticky directory, by its owner only") { () throws(Failure) in
    try makePublicDirectory("sticky", mode: 0o1777)
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EPERM, "setxattr", setxattr("sticky", "user.a", "1", 1, 0))
    }
  }
}

private func attribute(_ name: String, of path: String) throws(Failure) -> [UInt8] {
  var value = [UInt8](repeating: 0, count: 100)
  let count = try call("getxattr \(shown(name))", getxattr(path, name, &value, 100))
  return Array(value[..<count])
}
