internal import FuzzDriver
internal import FuzzTargets

fuzz(ObjectTarget.run)
