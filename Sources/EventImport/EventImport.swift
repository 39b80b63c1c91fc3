// EventImport
