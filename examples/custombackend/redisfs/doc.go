// Package redisfs keeps checkpoints in Redis: storage that godcp does not ship,
// as somebody else would add it. It registers redis://user:password@host:6379/run7,
// the folder run7 of database 0.
//
// # Why Redis
//
// Its commands are the contract of package fsbase. A script that compares a
// version and renames a key is one step: that is commit, create-if-absent and
// compare-and-swap. HMGET returns a chunk together with the version that it is
// of, so no read mixes two. What a writer leaves behind when it dies expires.
//
// Others lack something. SFTP has neither a swap nor a way to sync a folder,
// and its times are whole seconds. WebDAV servers disagree on If-Match, and
// check it before they write instead of while. An object of a NATS object store
// is read from its beginning, and replaced without conditions.
//
// # What to know
//
// Redis keeps everything in memory; a file is in chunks of 1 MiB, so its size is
// bounded by that alone, and reading and writing takes one chunk. A commit
// survives a loss of power, clause W3, on a server with appendonly yes and
// appendfsync always, and no longer if a replica without it takes over. An
// eviction policy other than noeviction evicts checkpoints. A Redis Cluster is
// not supported: its keys live on different machines, and RENAME needs one.
package redisfs
