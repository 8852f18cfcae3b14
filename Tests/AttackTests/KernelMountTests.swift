import Glibc
import HelperHarness
import Testing

extension AttackTests {
  /// File systems below the export that aren't of plain files: by them the kernel shows itself and takes orders, or their
  /// names are the host's.
  @Suite(.enabled(if: hasRoot(), needsRoot)) struct KernelMountTests {
    private static let start = Start(sandbox: "namespace", isRootless: false)

    /// Those of this kernel that can be mounted.
    @Test func thoseThatArentOfPlainFilesAreLeftOut() throws {
      let kinds = [
        "proc", "sysfs", "cgroup2", "mqueue", "devtmpfs", "devpts", "pstore", "bpf", "debugfs", "tracefs", "securityfs",
        "hugetlbfs", "binfmt_misc", "fusectl", "selinuxfs", "configfs", "efivarfs", "rpc_pipefs", "nfsd",
      ]
      let place = try Place(Self.start)
      for kind in kinds { try place.make(place.export + "/" + kind) }
      try place.makeFile(place.export + "/namespace")
      var mounted: [String] = []
      let peer = try place.serve {
        for kind in kinds where mount(kind, place.export + "/" + kind, kind, 0, nil) == 0 { mounted.append(kind) }
        // A namespace's file, as `ip netns` has them.
        try check(mount("/proc/self/ns/net", place.export + "/namespace", nil, UInt(Glibc.MS_BIND), nil), "mount")
        mounted.append("namespace")
      }
      defer { for name in mounted { umount2(place.export + "/" + name, CInt(MNT_DETACH)) } }
      for name in ["proc", "sysfs", "mqueue", "devtmpfs", "devpts"] { #expect(mounted.contains(name), "\(mounted)") }
      let device = try peer.status("/").device
      for name in mounted { #expect(try peer.status("/" + name).device == device, "\(name)") }
      #expect(try peer.isWell())
    }

    @Test func thoseOfPlainFilesStay() throws {
      let place = try Place(Self.start)
      let names = ["tmpfs", "ramfs", "overlay", "fuse", "bind"].filter { $0 != "fuse" || FuseFiles.isThere }
      for name in names { try place.make(place.export + "/" + name) }
      let layers = try TemporaryDirectory(in: "/dev/shm")
      for name in ["lower", "upper", "work"] { try place.make(layers.path + "/" + name) }
      var fuse: FuseFiles?
      defer { fuse?.unmount() }
      let peer = try place.serve {
        for kind in ["tmpfs", "ramfs"] { try check(mount(kind, place.export + "/" + kind, kind, 0, nil), "mount") }
        let options = "lowerdir=\(layers.path)/lower,upperdir=\(layers.path)/upper,workdir=\(layers.path)/work"
        try check(mount("overlay", place.export + "/overlay", "overlay", 0, options), "mount overlay")
        try check(mount("/usr", place.export + "/bind", nil, UInt(Glibc.MS_BIND), nil), "mount")
        if names.contains("fuse") { fuse = try FuseFiles(at: place.export + "/fuse", isForAll: true) }
      }
      defer { for name in names where name != "fuse" { umount2(place.export + "/" + name, CInt(MNT_DETACH)) } }
      let inode = try peer.status("/").inode
      for name in names {
        var status = stat()
        try check(lstat(place.export + "/" + name, &status), "lstat")
        #expect(try peer.status("/" + name).inode == UInt64(status.st_ino) && inode != UInt64(status.st_ino), "\(name)")
        #expect(try peer.status("/" + name).device == UInt64(status.st_dev), "\(name)")
      }
    }

    /// What is upon such a mount goes with it; what is below it stays.
    @Test func thoseInOnePlaceAreToldApart() throws {
      let place = try Place(Self.start)
      for name in ["covered", "covering"] { try place.make(place.export + "/" + name) }
      let peer = try place.serve {
        try check(mount("proc", place.export + "/covered", "proc", 0, nil), "mount")
        try check(mount("tmpfs", place.export + "/covered", "tmpfs", 0, nil), "mount")
        try place.makeFile(place.export + "/covered/file")
        try check(mount("tmpfs", place.export + "/covering", "tmpfs", 0, nil), "mount")
        try place.makeFile(place.export + "/covering/file")
        try check(mount("proc", place.export + "/covering", "proc", 0, nil), "mount")
      }
      defer {
        for name in ["covered", "covering", "covered", "covering"] {
          umount2(place.export + "/" + name, CInt(MNT_DETACH))
        }
      }
      #expect(try peer.errno(.status("/covered/self")) == ENOENT)
      #expect(try peer.errno(.status("/covered/file")) == ENOENT)
      #expect(try peer.errno(.status("/covering/self")) == ENOENT)
      #expect(try peer.errno(.status("/covering/file")) == 0)
    }
  }
}
