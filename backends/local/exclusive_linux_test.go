package local

const canRenameExclusive = true
