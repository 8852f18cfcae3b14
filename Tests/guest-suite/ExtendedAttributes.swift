import CLinux
import Glibc
import GuestChecks

/// Extended attributes of the `user` class, and who may set others.
func checkExtendedAttributes(_ suite: inout Suite) {
  suite.check("set, get, replace, remove") { () throws(Failure) in
    try save("", in: "file")
    try set("user.one", [1, 0, 2], on: "file")
    try expect("value", try value("user.one", of: "file"), is: [1, 0, 2])
    try set("user.one", Array("longer than before".utf8), on: "file")
    try expect("replaced", try value("user.one", of: "file"), is: Array("longer than before".utf8))
    // Never an empty value: to QEMU, setting one means removing the attribute.
    try call("removexattr", removexattr("file", "user.one"))
    try refused(ENODATA, "get", getxattr("file", "user.one", nil, 0))
  }
  suite.check("what is missing") { () throws(Failure) in
    try refused(ENODATA, "get", getxattr("file", "user.missing", nil, 0))
    try refused(ENODATA, "remove", removexattr("file", "user.missing"))
    try refused(ENOENT, "of a missing file", getxattr("missing", "user.one", nil, 0))
  }
  suite.check("the flags to create and to replace") { () throws(Failure) in
    try refused(ENODATA, "replace what is missing", setxattr("file", "user.flag", "1", 1, CInt(XATTR_REPLACE)))
    try call("create", setxattr("file", "user.flag", "2", 1, CInt(XATTR_CREATE)))
    try refused(EEXIST, "create what is there", setxattr("file", "user.flag", "3", 1, CInt(XATTR_CREATE)))
    try expect("value", try value("user.flag", of: "file"), is: Array("2".utf8))
    try call("replace", setxattr("file", "user.flag", "4", 1, CInt(XATTR_REPLACE)))
    try expect("value", try value("user.flag", of: "file"), is: Array("4".utf8))
  }
  suite.check("listing") { () throws(Failure) in
    try save("", in: "listed")
    try expect("of none", try attributes(of: "listed"), is: [])
    for name in ["user.a", "user.bb", "user.ccc"] { try set(name, [1], on: "listed") }
    try expect("of three", try attributes(of: "listed"), is: ["user.a", "user.bb", "user.ccc"])
    var small = [CChar](repeating: 0, count: 4)
    try refused(ERANGE, "into too little room", listxattr("listed", &small, 4))
    try set("user.five", [1, 2, 3, 4, 5], on: "listed")
    try refused(ERANGE, "a value into too little room", getxattr("listed", "user.five", &small, 4))
  }
  suite.check("a large value") { () throws(Failure) in
    // ext4 has room for one block.
    let large = pattern(3000)
    try set("user.large", large, on: "file")
    try expect("checksum", checksum(try value("user.large", of: "file")), is: checksum(large))
    try refused(E2BIG, "beyond the kernel's limit", setxattr("file", "user.huge", pattern(65_537), 65_537, 0))
  }
  suite.check("names of the greatest length") { () throws(Failure) in
    let longest = "user." + String(repeating: "n", count: 250)
    try set(longest, [7], on: "file")
    try expect("value", try value(longest, of: "file"), is: [7])
    try refused(ERANGE, "one more", setxattr("file", longest + "n", "1", 1, 0))
  }
  suite.check("of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try set("user.kind", Array("directory".utf8), on: "directory")
    try expect("value", try value("user.kind", of: "directory"), is: Array("directory".utf8))
    try expect("names", try attributes(of: "directory"), is: ["user.kind"])
  }
  suite.check("not of a symbolic link, nor of a class that the helper may not set") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try refused(EPERM, "of a link", lsetxattr("link", "user.one", "1", 1, 0))
    try refused(EPERM, "trusted", setxattr("file", "trusted.one", "1", 1, 0))
    try refused(EOPNOTSUPP, "of no class", setxattr("file", "nonsense", "1", 1, 0))
  }
  suite.check("a user's, on the user's file only") { () throws(Failure) in
    try save("", in: "others", mode: 0o644)
    try set("user.root", [1], on: "others")
    try makePublicDirectory("public")
    try asUser(1000, 1000) { () throws(Failure) in
      try save("", in: "public/own")
      try set("user.mine", [9], on: "public/own")
      try expect("value", try value("user.root", of: "others"), is: [1])
      try refused(EACCES, "set on another's", setxattr("others", "user.mine", "1", 1, 0))
    }
  }
}

private func set(_ name: String, _ value: [UInt8], on path: String) throws(Failure) {
  try call("setxattr \(name)", setxattr(path, name, value, value.count, 0))
}

/// The value of an attribute, in the two steps of any program: first its size, then itself.
private func value(_ name: String, of path: String) throws(Failure) -> [UInt8] {
  let size = try call("size of \(shown(name))", getxattr(path, name, nil, 0))
  var value = [UInt8](repeating: 0, count: size + 1)
  let count = try call("getxattr \(shown(name))", getxattr(path, name, &value, value.count))
  return Array(value[..<count])
}

private func attributes(of path: String) throws(Failure) -> [String] {
  let size = try call("size of the list", listxattr(path, nil, 0))
  var list = [CChar](repeating: 0, count: size + 1)
  let count = try call("listxattr", listxattr(path, &list, list.count))
  return list[..<count].split(separator: 0).map { name in
    String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }.sorted()
}
