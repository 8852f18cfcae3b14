internal import FuzzDriver
internal import FuzzTargets

fuzz(RingServeTarget.run)
