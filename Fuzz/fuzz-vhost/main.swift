internal import FuzzDriver
internal import FuzzTargets

fuzz(VhostTarget.run)
