internal import FuzzDriver
internal import FuzzTargets

fuzz(ObjectServeTarget.run)
