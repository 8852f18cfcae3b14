import ArgumentParser

/// `--multidevs`, in QEMU's words.
enum MultipleDevices: String, CaseIterable, ExpressibleByArgument {
  case remap, forbid
}
