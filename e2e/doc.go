// Package e2e tests godcp against real servers, which package servers installs
// and runs on 127.0.0.1. It is a module of its own: what it needs is nobody's
// dependency. A server that cannot be had skips its tests aloud; GODCP_REQUIRE,
// names with commas between, makes that a failure.
package e2e
