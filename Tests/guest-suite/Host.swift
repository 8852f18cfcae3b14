import CLinux
import Glibc
import GuestChecks

/// What the host has put into `host` before the guest began.
func checkHostFiles(_ suite: inout Suite) {
  suite.check("a file's contents, owner, mode and times") { () throws(Failure) in
    try expect("contents", try text(of: "file"), is: "from the host\n")
    try expectOwner("file", 1234, 4321)
    try expectMode("file", S_IFREG | 0o640)
    try expect("modification", try status("file").st_mtim.tv_sec, is: 1_234_567_890)
    try expect("its nanoseconds", try status("file").st_mtim.tv_nsec, is: 123_456_789)
  }
  suite.check("who may read it is the guest's to decide") { () throws(Failure) in
    try asUser(1234, 99) { () throws(Failure) in try expect("contents", try text(of: "file"), is: "from the host\n") }
    try asUser(99, 4321) { () throws(Failure) in try expect("contents", try text(of: "file"), is: "from the host\n") }
    try asUser(99, 99) { () throws(Failure) in try refused(EACCES, "open", open("file", O_RDONLY)) }
  }
  suite.check("an extended attribute") { () throws(Failure) in
    var value = [UInt8](repeating: 0, count: 16)
    try expect("count", try call("getxattr", getxattr("file", "user.host", &value, 16)), is: 5)
    try expect("value", Array(value[..<5]), is: Array("value".utf8))
  }
  suite.check("names") { () throws(Failure) in
    try expect("listing", try listing(of: "."), is: ["absolute", "directory", "fifo", "file", "hard"])
    try expect("links", try status("hard").st_nlink, is: 2)
    try expectMode("directory", S_IFDIR | 0o1777)
  }
  suite.check("a FIFO that the host made joins the guest's processes only") { () throws(Failure) in
    let writer = try startChild { () throws(Failure) in
      try withFile("fifo", O_WRONLY) { pipe throws(Failure) in try write([7], to: pipe) }
    }
    try expect("bytes", try bytes(of: "fifo"), is: [7])
    try wait(for: writer)
  }
  suite.check("an absolute link of the host leads to the guest's file") { () throws(Failure) in
    try expect("target", try target(of: "absolute"), is: "/etc/passwd")
    try expect("contents", try text(of: "absolute"), is: try text(of: "/etc/passwd"))
  }
}
