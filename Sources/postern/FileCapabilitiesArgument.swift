import ArgumentParser

/// `--file-capabilities`: whether clients may give files capabilities.
enum FileCapabilitiesArgument: String, ExpressibleByArgument, CaseIterable {
  case allow, refuse
}
