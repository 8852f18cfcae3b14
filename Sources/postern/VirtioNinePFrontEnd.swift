import Confinement
import Export
import Launch
import Linux
import MonitoredExport
import NinePServer
import Serving
import SystemPackage
import VhostUser

/// 9P2000.L over a virtio-9p device, as start-up needs to know it: clients are VMMs that speak vhost-user.
struct VirtioNinePFrontEnd: FrontEnd {
  private let nineP: NinePFrontEnd
  private let tag: MountTag

  /// A device that guests find by `tag`, for what `nineP` serves.
  init(_ nineP: NinePFrontEnd, tag: MountTag) {
    self.nineP = nineP
    self.tag = tag
  }

  var name: String { "vhost-user" }

  var attachTimeout: Int { nineP.attachTimeout }

  var mapsGuestMemory: Bool { true }

  var needs: SystemCallFilter.Needs { nineP.needs.union(.guestMemory) }

  func clientCommand(at listener: borrowing Listener, export: HostPath?) -> String? {
    var options = Array("trans=virtio,version=9p2000.L,msize=512000".utf8)
    if let export { options += Array(",aname=".utf8) + export.bytes.indices.map { export.bytes[$0] } }
    return "mount -t 9p -o \(ShellWord.quoted(options.span)) \(ShellWord.quoted(tag.bytes.span)) MOUNTPOINT"
  }

  func serve(
    _ export: consuming Export, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending {
    serveRing(of: socket, files: export, for: client)
  }

  func serve(
    _ export: consuming MonitoredExport, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending {
    serveRing(of: socket, files: export, for: client)
  }

  /// Serves the ring on this thread, while another one answers the VMM.
  private func serveRing<Files: FileSystem & ~Copyable>(
    of socket: borrowing Descriptor, files: consuming Files, for client: ClientTerms
  ) -> Ending {
    do throws(Errno) {
      let queue = try Virtqueue()
      let device = device
      let control = BackEndThread(socket: try socket.duplicate())
      let thread = try Thread.begin { control.run(device, queue: queue) }
      let ending = NinePServer.serve(files, on: queue, terms: nineP.terms(client))
      // The VMM may be there still, when what is served has gone.
      socket.shutDown()
      thread.join()
      return control.ending ?? ending
    } catch {
      return .failed(error)
    }
  }

  /// `VIRTIO_9P_MOUNT_TAG`, without which Linux takes no such device; then the tag, behind its length.
  private var device: Device {
    let count = tag.bytes.count
    return Device(
      features: DeviceFeatures(rawValue: 1), configuration: [UInt8(count & 0xff), UInt8(count >> 8)] + tag.bytes)
  }
}
