// ObjectStorageTesting
