import ArgumentParser

/// What `--file-capabilities` says: whether clients may give files capabilities.
enum FileCapabilitiesChoice: String, ExpressibleByArgument, CaseIterable {
  case allow, refuse
}
