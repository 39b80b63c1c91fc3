public import ArgumentParser
public import ReplayJobs

extension RecordFormat: ExpressibleByArgument {}
