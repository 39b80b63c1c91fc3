public import ArgumentParser
public import SQLQuery

/// `--format csv`.
extension SQLFormat: ExpressibleByArgument {}
