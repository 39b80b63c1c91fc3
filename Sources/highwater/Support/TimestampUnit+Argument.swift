public import ArgumentParser
public import EventImport

/// `--timestamp-unit milliseconds`.
extension TimestampUnit: ExpressibleByArgument {}
