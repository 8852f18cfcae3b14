internal import FuzzDriver
internal import FuzzTargets

fuzz(RingTarget.run)
